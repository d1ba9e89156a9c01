import numpy as np
import pandas as pd
import pytest

from bam_pipelines.behavior.quality import assess_quality, catch_measures, judged_by_catch, repeat_agreement
from bam_pipelines.behavior.schemas import SITTINGS, validate_trials
from bam_pipelines.behavior.validation import validate


def catches(participant, n_right, n_wrong):
    right = {"participant_id": participant, "phase": "catch", "expected_response": 1, "response": 1}
    return [right] * n_right + [right | {"response": 2}] * n_wrong


@pytest.fixture
def assess(trials_of, settings_of):
    def assess(rows, planned=None, blurs=None, quality=None):
        trials = validate_trials(trials_of(rows))
        counts = trials.groupby("participant_id").size().to_dict() | (planned or {})
        sittings = pd.DataFrame(
            {"participant_id": counts.keys(), "planned_trials": counts.values(), "blur_events": blurs}
        )
        return assess_quality(
            trials, validate(sittings, SITTINGS), settings_of(quality=quality or {}).quality, n_classes=10
        )

    return assess


def test_measures_by_hand(assess):
    rows = [
        *catches("a", 9, 3),
        {"stimulus_id": "1" * 16, "response": 4, "rt_ms": 400},
        {"stimulus_id": "2" * 16, "response": 5, "rt_ms": 600},
        {"stimulus_id": "1" * 16, "response": 4, "repetition": 1, "rt_ms": 900},
        {"stimulus_id": "2" * 16, "response": 6, "repetition": 1, "rt_ms": 1000},
    ]
    person = assess(rows).participants.iloc[0]
    assert person["n_trials"] == 16
    assert person["catch_accuracy"] == 0.75  # 9 of 12
    assert person["lapse"] == pytest.approx(10 / 9 * 0.25)
    assert person["repeat_agreement"] == 0.5  # one of two repeats
    assert person["median_rt_ms"] == 500  # 12 catch trials of 500, then 400, 600, 900, 1000
    assert pd.isna(person["blur_events"])
    assert person["include"] and person["exclude_reason"] == ""


def test_inattentive_people_are_excluded_with_all_trials(assess):
    found = assess([*catches("a", 8, 4), *catches("b", 9, 3)])  # .667 and .75
    assert found.participants.set_index("participant_id")["exclude_reason"].to_dict() == {
        "a": "catch_accuracy",
        "b": "",
    }
    flagged = found.trials.groupby("participant_id")["include"].agg(["all", "any"])
    assert not flagged.loc["a"].any() and flagged.loc["b"].all()
    assert len(found.trials) == 24  # flagged, never deleted
    exclusion = found.exclusions.iloc[0].to_dict()
    assert exclusion | {"row_id": None} == {
        "participant_id": "a",
        "row_id": None,
        "rule": "catch_accuracy",
        "found": pytest.approx(2 / 3),
        "expected": "catch_accuracy of at least 0.75",
    }


def test_few_catch_answers_neither_pass_nor_fail(assess):
    found = assess(catches("a", 0, 9))
    assert found.participants["include"].all()
    assert found.participants["catch_accuracy"].iloc[0] == 0
    unanswered = [row | {"response": None} for row in catches("a", 3, 0)]
    assert assess([*catches("a", 0, 9), *unanswered, *[{}] * 9]).participants["include"].all()


def test_ten_answered_catch_trials_are_enough_to_be_judged(trials_of, settings_of):
    unanswered = [row | {"response": None} for row in catches("a", 3, 0)]
    trials = validate_trials(trials_of([*catches("a", 0, 9), *unanswered, *catches("b", 9, 1)]))
    assert judged_by_catch(trials, settings_of().quality) == {"b"}


def test_response_times_outside_the_window_flag_single_trials(assess):
    times = [149.9, 150.0, 10000.0, 10000.1, None]
    found = assess([{"rt_ms": rt} for rt in times])
    assert found.trials["include"].to_list() == [False, True, True, False, True]
    assert found.trials["exclude_reason"].to_list() == ["rt_window", "", "", "rt_window", ""]
    assert found.exclusions["row_id"].to_list() == ["a-1-0", "a-1-3"]
    assert found.participants["include"].all()


def test_completion_counts_answers_against_the_plan(assess):
    answered, missed = {}, {"response": None, "rt_ms": None}
    assert assess([answered] * 8 + [missed] * 2).participants["include"].all()  # 8 of 10
    found = assess([answered] * 8, planned={"a": 11})  # 8 of 11 = .727
    assert found.participants["exclude_reason"].to_list() == ["completion"]


def test_practice_is_no_part_of_the_plan(assess):
    practised = [{"phase": "practice"}] * 4
    found = assess([{}] * 7 + practised, planned={"a": 10})  # 7 of 10, not 11
    assert found.participants["exclude_reason"].to_list() == ["completion"]


def test_response_times_far_from_expectation_flag_single_trials(assess):
    times = [500, 510, 490, 505, 495, 500, 508, 493, 9000]
    rows = [{"rt_ms": rt, "stimulus_id": f"{index:016x}"} for index, rt in enumerate(times)]
    found = assess(rows, quality={"rt_deviation": 5})
    assert found.trials["exclude_reason"].to_list() == [""] * 8 + ["rt_outlier"]
    assert found.exclusions["found"].iloc[0] > 5
    assert assess(rows).trials["include"].all()


@pytest.mark.parametrize(
    ("answers", "rule"),
    [([3] * 6 + [1, 2], {"longest_run": 5}), ([3, 1] * 4 + [3] * 8, {"response_entropy_bits": 1.0})],
    ids=["a long run", "few classes"],
)
def test_straight_lining_excludes_a_participant(assess, answers, rule):
    rows = [{"response": answer, "trial_index": index} for index, answer in enumerate(answers)]
    assert assess(rows, quality=rule).participants["exclude_reason"].to_list() == ["straight_lining"]
    assert assess(rows).participants["include"].all()


def test_both_signs_of_straight_lining_are_one_rule(assess):
    found = assess([{"response": 3}] * 9, quality={"longest_run": 5, "response_entropy_bits": 1.0})
    assert found.exclusions["rule"].to_list() == ["straight_lining"]


def test_someone_who_contradicts_themselves_on_clear_digits_is_excluded(assess):
    shown = [
        {
            "phase": "catch",
            "expected_response": 1,
            "stimulus_id": f"{index:016x}",
            "response": answer,
            "repetition": time,
        }
        for time, answers in enumerate([[1, 1, 1], [2, 2, 1]])
        for index, answer in enumerate(answers)
    ]
    found = assess(shown, quality={"clear_repeat_agreement": 0.5})
    assert found.participants["exclude_reason"].to_list() == ["clear_repeats"]
    # two repeats are too few where three are asked for
    rules = {"clear_repeat_agreement": 0.5, "minimum_clear_repeats": 4}
    assert assess(shown, quality=rules).participants["include"].all()


def test_too_many_blur_events_exclude_a_participant(assess):
    assert assess([{}], blurs=4, quality={"blur_events": 3}).participants["exclude_reason"].to_list() == ["blur_events"]
    assert assess([{}], blurs=3, quality={"blur_events": 3}).participants["include"].all()
    assert assess([{}], quality={"blur_events": 3}).participants["include"].all()


def test_several_rules_are_joined(assess):
    rows = [*catches("a", 4, 8), *[{"response": None, "rt_ms": None}] * 8, {"rt_ms": 20}]
    found = assess(rows)
    assert found.participants["exclude_reason"].to_list() == ["catch_accuracy;completion"]
    assert found.trials["exclude_reason"].iloc[-1] == "catch_accuracy;completion;rt_window"
    assert found.exclusions["rule"].to_list() == ["catch_accuracy", "completion", "rt_window"]


def test_earlier_flags_are_replaced(assess):
    assert assess([{"include": False, "exclude_reason": "old_rule"}]).trials["include"].all()


def test_lapses_are_not_clipped(trials_of):
    trials = validate_trials(trials_of(catches("a", 0, 4)))
    assert catch_measures(trials, 10) == (4, 0.0, pytest.approx(10 / 9))
    assert catch_measures(trials, 2) == (4, 0.0, pytest.approx(2.0))


def test_what_was_not_measured_is_missing(trials_of):
    trials = validate_trials(trials_of([{}]))
    count, accuracy, lapse = catch_measures(trials, 10)
    assert count == 0 and np.isnan(accuracy) and np.isnan(lapse)
    assert np.isnan(repeat_agreement(trials))


def test_without_a_plan_completion_neither_passes_nor_fails(assess):
    missed = {"response": None, "rt_ms": None}
    assert assess([missed] * 9, planned={"a": None}).participants["include"].all()


def test_how_often_the_window_lost_focus_is_kept(assess):
    assert assess([{}], blurs=3).participants["blur_events"].to_list() == [3]
    assert assess([{}]).participants["blur_events"].isna().all()


def test_a_participant_without_a_sitting_is_an_error(trials_of, settings_of):
    sittings = pd.DataFrame({"participant_id": ["b"], "planned_trials": [3], "blur_events": [None]})
    with pytest.raises(ValueError, match="participant a has trials but no row among the sittings"):
        assess_quality(validate_trials(trials_of([{}])), sittings, settings_of().quality, 10)
