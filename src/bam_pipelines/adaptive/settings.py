"""How a round of the loop is chosen."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge

from bam_pipelines.adaptive.acquisition import Acquisition
from bam_pipelines.compute.checked import CheckedSettings, Count, Positive, Problem, Share, wrong


@dataclass(frozen=True)
class LoopSettings(CheckedSettings):
    """Parameters of a round; conf/base/loop/parameters.yml gives units and ranges.

    Parameters
    ----------
    acquisition
        epig, bald, entropy or random.
    trials_per_round
        Of each person.
    anchor_share, repeat_share
        Of the trials: images drawn at random, and images that the person has answered before.
    samples
        Of what is personal, from its posterior.
    shortlist
        Images whose EPIG is computed exactly: those with the most by linearisation.
    targets
        Target images that EPIG is averaged over, drawn anew for each round.
    coldness
        Power of the score that images are drawn by.
    """

    acquisition: Acquisition
    trials_per_round: Count
    anchor_share: Share
    repeat_share: Share
    samples: Annotated[int, Ge(2)]
    shortlist: Count
    targets: Count
    coldness: Positive

    def conflicts(self) -> Iterable[Problem]:
        """Give shares that leave less than nothing to choose, and too few to choose from."""
        if self.anchor_share + self.repeat_share > 1:
            expected = f"at most 1 together with repeat_share, {self.repeat_share}"
            yield wrong("anchor_share", self.anchor_share, expected)
        if self.shortlist < self.trials_per_round:
            yield wrong("shortlist", self.shortlist, f"at least trials_per_round, {self.trials_per_round}")

    @property
    def anchors(self) -> int:
        """Trials of a round on images drawn at random."""
        return round(self.anchor_share * self.trials_per_round)

    @property
    def repeats(self) -> int:
        """Trials of a round on images answered before."""
        return round(self.repeat_share * self.trials_per_round)
