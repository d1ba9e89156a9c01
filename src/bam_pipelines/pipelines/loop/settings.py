"""What the loop stage is asked for; conf/base/loop/parameters.yml explains each parameter."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bam_pipelines.adaptive.settings import LoopSettings
from bam_pipelines.compute.checked import read_settings
from bam_pipelines.networks.classifiers import ClassifierName


@dataclass(frozen=True)
class LoopStageSettings(LoopSettings):
    """How a round is chosen, and whose GroupNet it begins with."""

    classifier: ClassifierName


def loop_settings(parameters: Mapping[str, Any]) -> LoopStageSettings:
    """Read ``params:loop``; a SettingsError names everything that is wrong."""
    return read_settings(LoopStageSettings, "loop", parameters)
