"""What is known of the loop between two rounds: what was planned, what was answered, how well people are predicted."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from bam_pipelines.behavior.schemas import TRIALS, empty_table
from bam_pipelines.compute.faults import InputError
from bam_pipelines.compute.fingerprint import fingerprint

# the first round, and the second one with customised stimuli, come before the loop's
ROUNDS_BEFORE = 2

_PLAN = {"participant_id": "str", "round": "int64", "stimulus_id": "str", "reason": "str", "score": "float64"}
_METRICS = {
    "participant_id": "str",
    "round": "int64",
    "acquisition": "str",
    "n_trials": "int64",
    "n_held_out": "int64",
    "log_loss": "float64",
    "first_answers": "str",
}


@dataclass(frozen=True)
class LoopState:
    """Everything that a round hands to the next one.

    Parameters
    ----------
    plan
        One row a planned trial: participant_id, round (of the loop, from 1), stimulus_id, reason (acquisition, anchor
        or repeat), score (nats; null where nothing was scored).
    trials
        Trial table of the loop; round and session are 2 more than the loop's round.
    metrics
        One row a participant and round, 0 being before the loop: acquisition, n_trials (answered and learned from),
        n_held_out, log_loss (nats, mean over held-out trials), first_answers (see :func:`answers_name`).
    """

    plan: pd.DataFrame
    trials: pd.DataFrame
    metrics: pd.DataFrame

    @property
    def planned_round(self) -> int:
        """Return the last round that was planned; 0 before the first."""
        return int(self.plan["round"].max()) if len(self.plan) else 0

    @property
    def answered_round(self) -> int:
        """Return the last round that was answered; 0 before the first."""
        return int(self.trials["round"].max()) - ROUNDS_BEFORE if len(self.trials) else 0

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables by name, to be kept."""
        return {"plan": self.plan, "trials": self.trials, "metrics": self.metrics}

    def with_rows(self, **more: pd.DataFrame) -> "LoopState":
        """Return the state with rows added to some tables."""
        return LoopState(**{name: _joined(table, more.get(name)) for name, table in self.tables().items()})


def answers_name(trials: pd.DataFrame) -> str:
    """Name the first round's answers by their content."""
    ordered = trials.sort_values(["participant_id", "session", "trial_index"])
    columns = ("participant_id", "stimulus_id", "response")
    return fingerprint(*(ordered[column].astype("str").to_list() for column in columns))


def require_same_answers(state: LoopState, trials: pd.DataFrame) -> None:
    """Check that the loop was begun with these answers of the first round.

    Raises
    ------
    ValueError
        If it was begun with others.
    """
    if len(state.metrics) and set(state.metrics["first_answers"]) != {answers_name(trials)}:
        raise InputError(
            f"the loop's {state.planned_round} rounds so far began with other answers of the first round than the "
            "newest trials; move the folder loop_state away to begin anew."
        )


def loop_state(tables: Mapping[str, pd.DataFrame] | None) -> LoopState:
    """Return the state that was kept as tables, or that of a loop which has not begun."""
    if tables is None:
        plan, metrics = (pd.DataFrame(columns=list(kinds)).astype(kinds) for kinds in (_PLAN, _METRICS))
        return LoopState(plan, empty_table(TRIALS), metrics)
    return LoopState(**{name: tables[name] for name in ("plan", "trials", "metrics")})


def _joined(table: pd.DataFrame, more: pd.DataFrame | None) -> pd.DataFrame:
    if more is None:
        return table
    return more.reset_index(drop=True) if table.empty else pd.concat([table, more], ignore_index=True)
