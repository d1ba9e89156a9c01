"""Where answers come from decides which nodes the stage has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class AnswerSource:
    """A choice of nodes.

    Parameters
    ----------
    simulated
        Whether people are.
    own_stimuli
        Whether answers name stimuli of this project, whose images need not be read.
    """

    simulated: bool = True
    own_stimuli: bool = True


SIMULATED = AnswerSource()


def answer_source(parameters: Mapping[str, Any]) -> AnswerSource:
    """Read the choice from ``params:behavior``."""
    source = parameters["source"]
    if source not in ("jspsych", "jatos"):
        return AnswerSource(source == "simulated", own_stimuli=source == "simulated")
    return AnswerSource(simulated=False, own_stimuli=parameters["sources"][source]["images"] is None)
