"""What is known of the loop between two rounds: what was planned, what was answered, how well people are predicted."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from bam_pipelines.behavior.schemas import TRIALS, empty_table

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
        n_held_out, log_loss (nats, mean over held-out trials).
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
