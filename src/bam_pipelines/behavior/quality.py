"""Quality rules: participants and trials are flagged with the rule that they break, never deleted."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from bam_pipelines.behavior.schemas import EXCLUSIONS, validate_participants, validate_trials
from bam_pipelines.behavior.settings import QualityRules
from bam_pipelines.behavior.validation import validate


class Assessment(NamedTuple):
    """What the rules found.

    Parameters
    ----------
    trials
        Trial table with include and exclude_reason set.
    participants
        Participant table.
    exclusions
        participant_id, row_id (null where a whole participant is excluded), rule, found, expected.
    """

    trials: pd.DataFrame
    participants: pd.DataFrame
    exclusions: pd.DataFrame


def assess_quality(trials: pd.DataFrame, sittings: pd.DataFrame, rules: QualityRules, n_classes: int) -> Assessment:
    """Apply the rules.

    ``catch_accuracy`` and ``completion`` exclude a participant with all their trials, ``rt_window`` one trial. A rule
    whose measure is missing, or that rests on fewer than ``minimum_catch_answered`` catch answers, does not apply.

    Parameters
    ----------
    trials
        Trial table; its include and exclude_reason are replaced.
    sittings
        participant_id, planned_trials (answered or not), blur_events; each null where nobody knows.
    rules
        Thresholds.
    n_classes
        Number of classes K.

    Returns
    -------
    Assessment
        Flagged trials, participants, and one row for each rule broken.

    Raises
    ------
    ValueError
        If a participant has no row among the sittings.
    """
    people = _measures(trials, sittings, n_classes)
    exclusions = pd.concat([_broken_by_people(people, rules), _broken_by_trials(trials, rules)], ignore_index=True)
    of_people = exclusions[exclusions["row_id"].isna()].groupby("participant_id")["rule"].agg(";".join)
    of_trials = exclusions[exclusions["row_id"].notna()].groupby("row_id")["rule"].agg(";".join)
    reasons = _joined(_looked_up(trials["participant_id"], of_people), _looked_up(trials["row_id"], of_trials))
    people_reasons = _looked_up(people["participant_id"], of_people)
    participants = people.drop(columns=["completion", "n_catch"]).assign(
        include=people_reasons == "", exclude_reason=people_reasons
    )
    return Assessment(
        validate_trials(trials.assign(include=reasons == "", exclude_reason=reasons), n_classes),
        validate_participants(participants),
        validate(exclusions, EXCLUSIONS),
    )


def catch_measures(trials: pd.DataFrame, n_classes: int) -> tuple[int, float, float]:
    """Return answered catch trials, their accuracy and the lapse (K / (K − 1)) · error; NaN without any.

    A lapse answers at random and is right once in K, so errors are (K − 1) / K of the lapses. The estimate is not
    clipped: it exceeds 1 when someone is wrong more often than chance.
    """
    asked = trials["is_catch"] & trials["response"].notna() & trials["expected_response"].notna()
    answered = trials[asked]
    if answered.empty:
        return 0, float("nan"), float("nan")
    accuracy = float((answered["response"] == answered["expected_response"]).mean())
    return len(answered), accuracy, n_classes / (n_classes - 1) * (1 - accuracy)


def repeat_agreement(trials: pd.DataFrame) -> float:
    """Return the share of answered repeats with the answer of the first showing; NaN without any.

    Parameters
    ----------
    trials
        One participant's trials of one round.
    """
    answered = trials[trials["response"].notna() & ~trials["is_catch"]]
    first = answered[answered["repetition"] == 0].set_index("stimulus_id")["response"]
    repeats = answered[(answered["repetition"] > 0) & answered["stimulus_id"].isin(first.index)]
    if repeats.empty:
        return float("nan")
    return float((repeats["response"].to_numpy() == first.loc[repeats["stimulus_id"]].to_numpy()).mean())


def _measures(trials: pd.DataFrame, sittings: pd.DataFrame, n_classes: int) -> pd.DataFrame:
    rows = []
    known = sittings.set_index("participant_id")
    for participant, own in trials.groupby("participant_id", sort=True):
        if participant not in known.index:
            raise ValueError(f"participant {participant} has trials but no row among the sittings, expected one.")
        planned, blurs = known.loc[participant, ["planned_trials", "blur_events"]]
        n_catch, accuracy, lapse = catch_measures(own, n_classes)
        rows.append(
            {
                "participant_id": participant,
                "n_trials": len(own),
                "catch_accuracy": accuracy,
                "lapse": lapse,
                "repeat_agreement": repeat_agreement(own),
                "median_rt_ms": float(own["rt_ms"].median()) if own["rt_ms"].notna().any() else np.nan,
                "blur_events": blurs,
                "completion": np.nan if pd.isna(planned) else int(own["response"].notna().sum()) / int(planned),
                "n_catch": n_catch,
            }
        )
    return pd.DataFrame(rows)


def _broken_by_people(people: pd.DataFrame, rules: QualityRules) -> pd.DataFrame:
    inattentive = (people["n_catch"] >= rules.minimum_catch_answered) & (
        people["catch_accuracy"] < rules.catch_accuracy
    )
    return pd.concat(
        [
            _exclusions(people[inattentive], "catch_accuracy", "catch_accuracy", f"at least {rules.catch_accuracy}"),
            _exclusions(
                people[people["completion"] < rules.completion],
                "completion",
                "completion",
                f"at least {rules.completion}",
            ),
        ]
    )


def _broken_by_trials(trials: pd.DataFrame, rules: QualityRules) -> pd.DataFrame:
    inside = trials["rt_ms"].between(rules.shortest_rt_ms, rules.longest_rt_ms)
    expected = f"{rules.shortest_rt_ms} to {rules.longest_rt_ms} ms"
    return _exclusions(trials[trials["rt_ms"].notna() & ~inside.fillna(True)], "rt_window", "rt_ms", expected)


def _exclusions(rows: pd.DataFrame, rule: str, measure: str, expected: str) -> pd.DataFrame:
    row_ids = rows["row_id"] if "row_id" in rows else pd.Series(None, index=rows.index, dtype="str")
    return pd.DataFrame(
        {
            "participant_id": rows["participant_id"].astype("str"),
            "row_id": row_ids.astype("str"),
            "rule": pd.Series(rule, index=rows.index, dtype="str"),
            "found": rows[measure].astype("Float64"),
            "expected": pd.Series(expected, index=rows.index, dtype="str"),
        }
    )


def _looked_up(keys: pd.Series, reasons: pd.Series) -> pd.Series:
    known = reasons.to_dict()
    return pd.Series([known.get(key, "") for key in keys], index=keys.index, dtype="str")


def _joined(first: pd.Series, second: pd.Series) -> pd.Series:
    both = zip(first, second, strict=True)
    return pd.Series([";".join(filter(None, reasons)) for reasons in both], index=first.index, dtype="str")
