"""What the parameters of the experiment stage say, checked once and typed."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import StringConstraints

from bam_pipelines.compute.checked import (
    CheckedSettings,
    Count,
    Positive,
    Problem,
    Share,
    WholeNumber,
    read_settings,
    wrong,
)
from bam_pipelines.compute.expectations import Meaning

Task = Literal["digit", "judgment"]
Kernel = Literal["nearest", "bilinear", "bicubic", "lanczos"]
# whose stimuli a pair may be shown: customised ones, or controls
PairSource = Literal["individual", "swapped", "bias_only", "group", "none"]
_ROUNDING = 1e-9


@dataclass(frozen=True)
class PairDesign(CheckedSettings):
    """What each pair is shown.

    Parameters
    ----------
    images_per_pair
        Different stimuli, at least 1.
    shares
        Share of them by stimulus source (``individual`` is customised, the others are controls), each above 0, together
        1.
    repeat_share, repeat_gap
        Share of each source's stimuli that both members see twice, and trials between, at least.
    most_trials
        Most trials of a person, repeats and catch trials among them.
    """

    images_per_pair: Count
    shares: Mapping[PairSource, Positive]
    repeat_share: Share
    repeat_gap: Count
    most_trials: Count

    def conflicts(self) -> Iterable[Problem]:
        """Give shares that do not add up, and sources of which no stimulus would be shown."""
        if not math.isclose(sum(self.shares.values()), 1):
            yield Problem("shares", f"are {sum(self.shares.values()):g} together, expected 1.")
            return
        nothing = [source for source, count in self.quotas().items() if count < 1]
        if nothing:
            expected = f"enough that source {nothing[0]} with its share of {self.shares[nothing[0]]:g} has a stimulus"
            yield wrong("images_per_pair", self.images_per_pair, expected)

    def quotas(self) -> dict[PairSource, int]:
        """Return the number of a pair's stimuli by source; those with the largest remainders are rounded up."""
        exact = {source: share * self.images_per_pair for source, share in self.shares.items()}
        counts: dict[PairSource, int] = {source: math.floor(share + _ROUNDING) for source, share in exact.items()}
        largest = sorted(counts, key=lambda source: counts[source] - exact[source])
        for source in largest[: self.images_per_pair - sum(counts.values())]:
            counts[source] += 1
        return counts


@dataclass(frozen=True)
class ExperimentSettings(CheckedSettings):
    """What a study looks like.

    Parameters
    ----------
    name
        Of the study: small letters and digits, part of file names.
    title
        What its page is called in the browser.
    task
        ``digit``: which digit is it; ``judgment``: does it look like a digit.
    language, texts
        A folder in the folder ``texts``, seen from the project's root: ``en`` and ``zh`` come with the project.
    answers_per_stimulus
        Planned answers to each stimulus, at least 1.
    trials_per_block
        Most trials between two breaks, at least 1. A block is saved as a whole.
    practice_trials
        Clear digits with feedback at the beginning, at least 0.
    fixation_ms
        Time before each stimulus, ms, at least 0.
    scale, kernel
        By which whole factor images are enlarged, at least 1, and how.
    fullscreen
        Whether the study fills the screen.
    screen_size
        Whether people measure their screen and say how far from it they sit, for the stimuli's size in degrees.
    completion_url
        Where the page leads when everything is saved, or None.
    pairs
        What pairs are shown in a second round.
    """

    name: Annotated[str, StringConstraints(pattern="^[a-z0-9]+$"), Meaning("small letters and digits only")]
    title: str
    task: Task
    language: str
    texts: str
    answers_per_stimulus: Count
    trials_per_block: Count
    practice_trials: WholeNumber
    fixation_ms: WholeNumber
    scale: Count
    kernel: Kernel
    fullscreen: bool
    screen_size: bool
    completion_url: Annotated[str, StringConstraints(pattern="^https?://"), Meaning("a web address")] | None
    pairs: PairDesign


def experiment_settings(parameters: Mapping[str, Any]) -> ExperimentSettings:
    """Read ``params:experiment``; a SettingsError names everything that is wrong."""
    return read_settings(ExperimentSettings, "experiment", parameters)
