"""What the parameters of the experiment stage say, checked once and typed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from bam_pipelines.behavior.checked import check, settings_group

Task = Literal["digit", "judgment"]
Kernel = Literal["nearest", "bilinear", "bicubic", "lanczos"]
_NAME = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True)
class ExperimentSettings:
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
    """

    name: str
    title: str
    task: Task
    language: str
    texts: str
    answers_per_stimulus: int
    trials_per_block: int
    practice_trials: int
    fixation_ms: int
    scale: int
    kernel: Kernel
    fullscreen: bool
    screen_size: bool
    completion_url: str | None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"name is {self.name!r}, expected small letters and digits only.")
        for name, allowed in (("task", get_args(Task)), ("kernel", get_args(Kernel))):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} is {getattr(self, name)!r}, expected {' or '.join(allowed)}.")
        for name in ("answers_per_stimulus", "trials_per_block", "scale"):
            check(self, name, getattr(self, name) >= 1, "at least 1")
        for name in ("practice_trials", "fixation_ms"):
            check(self, name, getattr(self, name) >= 0, "at least 0")
        if self.completion_url is not None and not self.completion_url.startswith(("https://", "http://")):
            raise ValueError(f"completion_url is {self.completion_url!r}, expected a web address or null.")


def experiment_settings(parameters: Mapping[str, Any]) -> ExperimentSettings:
    """Read ``params:experiment`` but ``pairs``; a ValueError names what is missing, unknown or out of range."""
    own = {name: value for name, value in parameters.items() if name != "pairs"}
    return settings_group(ExperimentSettings, "experiment", own)
