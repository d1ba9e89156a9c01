"""Nodes of stage own_stimuli."""

from pathlib import Path
from typing import Any

import pandas as pd

from bam_pipelines.behavior.readers.images import stimuli_of_folder
from bam_pipelines.compute.checked import read_settings
from bam_pipelines.images.table import table_pixels
from bam_pipelines.pipelines.own_stimuli.settings import OwnStimuliSettings


def read_stimuli(digits: pd.DataFrame, options: dict[str, Any]) -> pd.DataFrame:
    """Read a folder of images, each of the size of the digits, beside which people see them."""
    settings = read_settings(OwnStimuliSettings, "own_stimuli", options)
    _, channels, height, width = table_pixels(digits.head(1)).shape
    return stimuli_of_folder(Path(settings.folder), (channels, height, width))
