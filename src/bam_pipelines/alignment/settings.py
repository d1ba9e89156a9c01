"""What the alignment stage is asked for; conf/base/alignment/parameters.yml explains each parameter."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from annotated_types import Ge

from bam_pipelines.alignment.fine_tuning import FineTuning
from bam_pipelines.alignment.hierarchical import HierarchicalSettings
from bam_pipelines.compute.checked import CheckedSettings, Count, Problem, Resamples, read_settings, wrong
from bam_pipelines.networks.classifiers import ClassifierName

# whose samples a fine-tuning mixes
_GROUP_SOURCES = ("everyone's trials", "digits")
_PAPER_SOURCES = ("own trials", *_GROUP_SOURCES)


@dataclass(frozen=True)
class DifferencesSettings(CheckedSettings):
    """How people's differences are described.

    Parameters
    ----------
    classifier
        Whose models are.
    trials
        Training trials a person, points of the learning curve.
    clusters
        Numbers of clusters to try.
    """

    classifier: ClassifierName
    trials: Sequence[Count]
    clusters: Sequence[Annotated[int, Ge(2)]]


@dataclass(frozen=True)
class AlignmentSettings(CheckedSettings):
    """All parameters of the stage.

    Parameters
    ----------
    min_training_trials
        Participants with fewer get no individual model.
    group
        How GroupNet is fine-tuned.
    method
        How individual models are made.
    hierarchical, paper
        By two of these methods.
    resamples
        Bootstrap samples and permutations of gains.
    differences
        How people differ.
    """

    min_training_trials: Count
    group: FineTuning
    method: Literal["hierarchical", "calibrated", "paper", "group"]
    hierarchical: HierarchicalSettings
    paper: FineTuning
    resamples: Resamples
    differences: DifferencesSettings

    def conflicts(self) -> Iterable[Problem]:
        """Give ratios of another number of sources than there are."""
        for level, sources in (("group", _GROUP_SOURCES), ("paper", _PAPER_SOURCES)):
            ratio = getattr(self, level).ratio
            if len(ratio) != len(sources):
                yield wrong(f"{level}.ratio", list(ratio), f"{len(sources)} weights: {', '.join(sources)}")

    @property
    def of_individuals(self) -> HierarchicalSettings:
        """Settings of the hierarchical model, without ways to differ where the method is ``calibrated``."""
        return replace(self.hierarchical, rank=0) if self.method == "calibrated" else self.hierarchical


def alignment_settings(parameters: Mapping[str, Any]) -> AlignmentSettings:
    """Read ``params:alignment``; a SettingsError names everything that is wrong."""
    return read_settings(AlignmentSettings, "alignment", parameters)
