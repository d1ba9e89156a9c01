"""What the sampling stage is asked for; conf/base/sampling/parameters.yml explains each parameter."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bam_pipelines.compute.checked import CheckedSettings, Count, NotNegative, WholeNumber, read_settings
from bam_pipelines.guidance.acceptance import OwnProbability, SharedProbability
from bam_pipelines.guidance.methods import MethodSettings


@dataclass(frozen=True)
class CellSettings(CheckedSettings):
    """Which cells of one strategy are asked for.

    Parameters
    ----------
    digit_pairs
        For each classifier or pair of classifiers; None for all that there are.
    quota
        Stimuli a cell.
    """

    digit_pairs: WholeNumber | None
    quota: Count


@dataclass(frozen=True)
class SharedCells(CellSettings):
    """Cells of a classifier that wavers: least probability of both targets."""

    probability: SharedProbability


@dataclass(frozen=True)
class ReferenceCells(SharedCells):
    """The same near a digit: weight of the mean squared difference from it in guidance."""

    weight: NotNegative


@dataclass(frozen=True)
class OwnCells(CellSettings):
    """Cells of two classifiers that differ: least probability of each one's own target."""

    probability: OwnProbability


@dataclass(frozen=True)
class SamplingSettings(MethodSettings):
    """All parameters of the stage.

    Parameters
    ----------
    judge_threshold
        What the judge's score must be above.
    max_proposals, batch_size
        Images sampled for a wanted stimulus at most, and images a shard.
    uncertainty, controversial, reference, unguided
        Cells by strategy.
    gallery_size
        Stimuli shown at most.
    """

    judge_threshold: float
    max_proposals: Count
    batch_size: Count
    uncertainty: SharedCells
    controversial: OwnCells
    reference: ReferenceCells
    unguided: CellSettings
    gallery_size: Count


def sampling_settings(parameters: Mapping[str, Any]) -> SamplingSettings:
    """Read ``params:sampling``; a SettingsError names everything that is wrong."""
    return read_settings(SamplingSettings, "sampling", parameters)
