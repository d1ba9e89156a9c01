"""Nodes of stage own_stimuli."""

import logging
from collections.abc import Sequence
from typing import Any

import pandas as pd

from bam_pipelines.behavior.readers.picture_folder import PictureFolder, read_picture_folder
from bam_pipelines.behavior.readers.targets import read_targets
from bam_pipelines.compute.checked import read_settings
from bam_pipelines.images.table import table_pixels
from bam_pipelines.pipelines.own_stimuli.settings import OwnStimuliSettings
from bam_pipelines.pipelines.places import named_path

logger = logging.getLogger(__name__)


def read_stimuli(digits: pd.DataFrame, options: dict[str, Any], classes: Sequence[str]) -> PictureFolder:
    """Read a folder of images, each of the size of the digits, beside which people see them."""
    settings = read_settings(OwnStimuliSettings, "own_stimuli", options)
    folder = named_path(settings.folder)
    targets = None if settings.targets is None else read_targets(named_path(settings.targets), classes)
    _, channels, height, width = table_pixels(digits.head(1)).shape
    found = read_picture_folder(folder, (channels, height, width), targets)
    n_files, n_stimuli = len(found.files), len(found.stimuli)
    logger.info("Read %d images from %s: %d stimuli", n_files, folder, n_stimuli)
    if n_stimuli < n_files:
        logger.info("%d images are equal to others and count once with them; see stimulus_files", n_files - n_stimuli)
    return found
