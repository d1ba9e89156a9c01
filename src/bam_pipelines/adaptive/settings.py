"""How a round of the loop is chosen."""

from dataclasses import dataclass

from bam_pipelines.adaptive.acquisition import ACQUISITIONS


@dataclass(frozen=True)
class LoopSettings:
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

    acquisition: str
    trials_per_round: int
    anchor_share: float
    repeat_share: float
    samples: int
    shortlist: int
    targets: int
    coldness: float

    def __post_init__(self) -> None:
        if self.acquisition not in ACQUISITIONS:
            raise ValueError(f"acquisition is {self.acquisition!r}, expected one of {', '.join(ACQUISITIONS)}.")
        for name, least in (("trials_per_round", 1), ("samples", 2), ("targets", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} is {getattr(self, name)}, expected at least {least}.")
        for name in ("anchor_share", "repeat_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}, expected from 0 to 1.")
        if self.anchor_share + self.repeat_share > 1:
            raise ValueError(
                f"anchor_share is {self.anchor_share} and repeat_share {self.repeat_share}, expected at most 1 "
                "together."
            )
        if self.shortlist < self.trials_per_round:
            raise ValueError(f"shortlist is {self.shortlist}, expected at least trials_per_round.")
        if not self.coldness > 0:
            raise ValueError(f"coldness is {self.coldness}, expected above 0.")

    @property
    def anchors(self) -> int:
        """Trials of a round on images drawn at random."""
        return round(self.anchor_share * self.trials_per_round)

    @property
    def repeats(self) -> int:
        """Trials of a round on images answered before."""
        return round(self.repeat_share * self.trials_per_round)
