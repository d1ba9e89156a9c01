"""What the manipulation stage is asked for; conf/base/manipulation/parameters.yml explains each parameter."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Ge, Len

from bam_pipelines.compute.checked import (
    Count,
    NotNegative,
    Problem,
    Resamples,
    read_settings,
    wrong,
)
from bam_pipelines.compute.expectations import Meaning
from bam_pipelines.guidance.acceptance import SharedProbability
from bam_pipelines.guidance.methods import MethodSettings
from bam_pipelines.networks.classifiers import ClassifierName

# what a study may compare customised stimuli with; the last two are meant for nobody's direction
Control = Literal["swapped", "bias_only", "group", "none"]
_Pairing = Literal["random", "different", "all"]
_TwoPeople = Annotated[Sequence[str], Len(2, 2)]


@dataclass(frozen=True)
class ManipulationSettings(MethodSettings):
    """All parameters of the stage.

    Parameters
    ----------
    classifier
        Whose individual models guide.
    pairs, n_groups, group_size
        Who is paired, and disjoint groups of participants with ``random`` and ``different``.
    digit_pairs, quota
        Unordered digit pairs, and stimuli for each direction.
    controls, group_probability
        What customised stimuli are compared with, and the probability of both digits to GroupNet.
    margins
        Least log-odds, nats, of each model's own target over the other's.
    judge_threshold
        What the judge's score must be above.
    max_proposals, candidates, batch_size
        Images sampled for a wanted stimulus at most, accepted ones to choose from, and images a shard.
    resamples, gallery_size
        Of bootstrap and randomisation test, and stimuli shown at most.
    """

    classifier: ClassifierName
    pairs: Annotated[
        _Pairing | Annotated[Sequence[_TwoPeople], Len(1)],
        Meaning("random, different, all or a list of pairs of participant ids"),
    ]
    n_groups: Count
    group_size: Annotated[int, Ge(2)]
    digit_pairs: Count
    quota: Count
    controls: Sequence[Control]
    group_probability: SharedProbability
    margins: Annotated[Sequence[NotNegative], Len(1)]
    judge_threshold: float
    max_proposals: Count
    candidates: Count
    batch_size: Count
    resamples: Resamples
    gallery_size: Count

    def conflicts(self) -> Iterable[Problem]:
        """Give more candidates than are proposed."""
        if self.candidates > self.max_proposals:
            yield wrong("candidates", self.candidates, f"at most max_proposals, {self.max_proposals}")


def manipulation_settings(parameters: Mapping[str, Any]) -> ManipulationSettings:
    """Read ``params:manipulation``; a SettingsError names everything that is wrong."""
    return read_settings(ManipulationSettings, "manipulation", parameters)
