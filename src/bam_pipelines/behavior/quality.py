"""Quality rules: participants and trials are flagged with the rule that they break, never deleted."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from bam_pipelines.behavior.carefulness import (
    clear_repeats,
    longest_run,
    repeat_counts,
    response_entropy,
    rt_deviations,
)
from bam_pipelines.behavior.schemas import EXCLUSIONS, PARTICIPANTS, validate_participants, validate_trials
from bam_pipelines.behavior.settings import QualityRules
from bam_pipelines.behavior.validation import validate
from bam_pipelines.compute.faults import InputError


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

    ``catch_accuracy``, ``completion``, ``straight_lining``, ``clear_repeats`` and ``blur_events`` exclude a participant
    with all their trials, ``rt_window`` and ``rt_outlier`` one trial. A rule whose threshold is None, whose measure is
    missing, or that rests on fewer answers than its minimum, does not apply.

    Parameters
    ----------
    trials
        Trial table; its include and exclude_reason are replaced.
    sittings
        participant_id, planned_trials (answered or not, without practice), blur_events; each null where nobody knows.
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
    participants = people.assign(include=people_reasons == "", exclude_reason=people_reasons)[list(PARTICIPANTS.kinds)]
    return Assessment(
        validate_trials(trials.assign(include=reasons == "", exclude_reason=reasons), n_classes),
        validate_participants(participants),
        validate(exclusions, EXCLUSIONS),
    )


def judged_by_catch(trials: pd.DataFrame, rules: QualityRules) -> set[str]:
    """Return the participants who answered enough catch trials for the rule ``catch_accuracy`` to apply."""
    answered = _answered_catch(trials).groupby("participant_id").size()
    return set(answered.index[answered >= rules.minimum_catch_answered])


def _answered_catch(trials: pd.DataFrame) -> pd.DataFrame:
    return trials[trials["is_catch"] & trials["response"].notna() & trials["expected_response"].notna()]


def catch_measures(trials: pd.DataFrame, n_classes: int) -> tuple[int, float, float]:
    """Return answered catch trials, their accuracy and the lapse (K / (K − 1)) · error; NaN without any.

    A lapse answers at random and is right once in K, so errors are (K − 1) / K of the lapses. The estimate is not
    clipped: it exceeds 1 when someone is wrong more often than chance.
    """
    answered = _answered_catch(trials)
    if answered.empty:
        return 0, float("nan"), float("nan")
    accuracy = float((answered["response"] == answered["expected_response"]).mean())
    return len(answered), accuracy, n_classes / (n_classes - 1) * (1 - accuracy)


def repeat_agreement(trials: pd.DataFrame) -> float:
    """Return the share of answered repeats of ambiguous images with the answer of the first showing; NaN without any.

    Parameters
    ----------
    trials
        One participant's trials of one round.
    """
    return repeat_counts(trials[~trials["is_catch"]])[1]


def _measures(trials: pd.DataFrame, sittings: pd.DataFrame, n_classes: int) -> pd.DataFrame:
    rows = []
    known = sittings.set_index("participant_id")
    for participant, own in trials.groupby("participant_id", sort=True):
        if participant not in known.index:
            raise InputError(f"participant {participant} has trials but no row among the sittings, expected one.")
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
                "completion": _completion(own, planned),
                "n_catch": n_catch,
                **_habits(own),
            }
        )
    return pd.DataFrame(rows)


def _completion(own: pd.DataFrame, planned: int | None) -> float:
    """Return the share of planned trials that were answered; NaN where nobody knows how many were planned."""
    answered = int(own["response"][own["phase"] != "practice"].notna().sum())
    return float("nan") if planned is None or pd.isna(planned) else answered / planned


def _habits(own: pd.DataFrame) -> dict[str, float]:
    """Return what the rules alone look at; the participant table does not hold it."""
    digits = own[(own["task"] == "digit") & (own["phase"] != "practice")].sort_values(["session", "trial_index"])
    n_clear, agreement = clear_repeats(own)
    return {
        "longest_run": longest_run(digits["response"]),
        "response_entropy": response_entropy(digits["response"]),
        "n_clear_repeats": n_clear,
        "clear_repeat_agreement": agreement,
    }


def _broken_by_people(people: pd.DataFrame, rules: QualityRules) -> pd.DataFrame:
    asked = people["n_catch"] >= rules.minimum_catch_answered
    repeated = people["n_clear_repeats"] >= rules.minimum_clear_repeats
    found = [
        _below(people[asked], "catch_accuracy", "catch_accuracy", rules.catch_accuracy),
        _below(people, "completion", "completion", rules.completion),
        _above(people, "straight_lining", "longest_run", rules.longest_run),
        _below(people, "straight_lining", "response_entropy", rules.response_entropy_bits),
        _below(people[repeated], "clear_repeats", "clear_repeat_agreement", rules.clear_repeat_agreement),
        _above(people, "blur_events", "blur_events", rules.blur_events),
    ]
    # both measures of straight-lining may be broken: one rule, one row
    return pd.concat(found).drop_duplicates(["participant_id", "rule"])


def _broken_by_trials(trials: pd.DataFrame, rules: QualityRules) -> pd.DataFrame:
    inside = trials["rt_ms"].between(rules.shortest_rt_ms, rules.longest_rt_ms)
    expected = f"{rules.shortest_rt_ms} to {rules.longest_rt_ms} ms"
    window = _exclusions(trials[trials["rt_ms"].notna() & ~inside.fillna(True)], "rt_window", "rt_ms", expected)
    far = trials.assign(deviation=rt_deviations(trials).abs())
    return pd.concat([window, _above(far, "rt_outlier", "deviation", rules.rt_deviation)])


def _below(rows: pd.DataFrame, rule: str, measure: str, least: float | None) -> pd.DataFrame:
    broken = (rows[measure].astype("Float64") < (-np.inf if least is None else least)).fillna(False)
    return _exclusions(rows[broken], rule, measure, f"{measure} of at least {least}")


def _above(rows: pd.DataFrame, rule: str, measure: str, most: float | None) -> pd.DataFrame:
    broken = (rows[measure].astype("Float64") > (np.inf if most is None else most)).fillna(False)
    return _exclusions(rows[broken], rule, measure, f"{measure} of at most {most}")


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
