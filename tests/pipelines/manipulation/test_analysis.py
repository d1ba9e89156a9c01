"""What pairs answered in both rounds."""

import pandas as pd
import pytest

from bam_pipelines.pipelines.manipulation.nodes import analyse_pairs, judge_pairs_stimuli


def answers(stimuli, round_number, choices):
    """What s001 and s002 chose on each stimulus."""
    rows = [
        {"participant_id": person, "stimulus_id": name, "response": choice}
        for name, both in zip(stimuli["stimulus_id"], choices, strict=True)
        for person, choice in zip(("s001", "s002"), both, strict=True)
    ]
    phase = "main" if round_number == 1 else "manipulation"
    trials = pd.DataFrame(rows).assign(
        task="digit", phase=phase, include=True, round=round_number, session=round_number
    )
    return trials.assign(trial_index=range(len(trials))).astype({"response": "Int8"})


def test_both_rounds_are_compared_pair_by_pair(customised, pairs):
    made = customised[0].iloc[:4].reset_index(drop=True)
    targets = made[["target_1", "target_2"]].astype(int).to_numpy().tolist()
    second = made.iloc[:2]
    first = made.iloc[2:].assign(pair_id=None, source="base")
    both_shown = pd.concat([first, second.iloc[:1].assign(target_1=None, target_2=None)]).iloc[:2]
    tables = {
        "first_trials": answers(first, 1, [targets[2][::-1], [targets[3][0]] * 2]),  # opposite; the same target twice
        "second_trials": answers(second, 2, [targets[0], targets[1]]),  # each the own target
        "first_stimuli": both_shown,
        "second_stimuli": pd.concat([second, both_shown.iloc[:1]]),  # a stimulus may be listed in both rounds
    }
    outcomes, summary, rates, estimates = analyse_pairs(pairs, 0, 100, **tables)
    assert outcomes.groupby("round")["outcome"].agg(list).to_dict().keys() == {1, 2}
    assert sorted(outcomes.query("round == 1")["outcome"]) == ["bias", "success"]
    assert outcomes.query("round == 1 and outcome == 'success'")["direction"].to_list() == ["opposite"]
    assert outcomes.query("round == 2")["direction"].to_list() == ["targeted", "targeted"]
    sources = summary["sources"]
    assert (sources["base"]["n"], sources["individual"]["n"]) == (2, 2)
    assert sources["base"]["net_directed_success"]["value"] == -0.5
    assert sources["individual"]["net_directed_success"]["value"] == 1.0
    assert summary["difference"]["net_directed_success"]["value"] == 1.5
    assert set(rates["level"]) == {"source", "pair", "digit_pair", "dose"}
    assert set(estimates["source"]) == {"base", "individual"}
    assert summary["stable_disagreement"]["individual"]["n"] == 0 and summary["left_out"] == {}


def test_a_person_who_missed_a_round_costs_one_pair(customised, pairs):
    made = customised[0].iloc[:2].reset_index(drop=True)
    targets = made[["target_1", "target_2"]].astype(int).to_numpy().tolist()
    first = made.iloc[:1].assign(pair_id=None, source="base")
    tables = {
        "first_trials": answers(first, 1, [targets[0]]),
        "second_trials": answers(made.iloc[1:], 2, targets[1:]),
        "first_stimuli": first,
        "second_stimuli": made.iloc[1:],
    }
    alone = pairs.assign(pair_id="s001xs009", participant_2="s009")
    outcomes, summary, *_ = analyse_pairs(pd.concat([pairs, alone]), 0, 100, **tables)
    assert set(outcomes["pair_id"]) == {"s001xs002"}
    assert summary["left_out"] == {"s001xs009": "s009 has no answer in round 1."}


def test_the_independent_judge_sees_what_was_shown_in_the_second_round(customised, tiny_judge, compute, options):
    made = customised[0]
    shown = made.iloc[:3].reset_index(drop=True)
    outcomes = shown[["stimulus_id", "source", "pair_id", "target_1", "target_2"]].assign(
        round=[1, 2, 2], source=["base", "individual", "swapped"], participant_1="s001", participant_2="s002"
    )
    found = judge_pairs_stimuli(outcomes, made, tiny_judge, options, compute)
    assert found["sources"] == {
        name: {"n": 1, "accepted": 1.0, "score": pytest.approx(1.0)} for name in ("individual", "swapped")
    }


def test_unguided_stimuli_of_the_first_round_are_no_control(customised, pairs):
    made = customised[0].iloc[:3].reset_index(drop=True)
    targets = made[["target_1", "target_2"]].astype(int).to_numpy().tolist()
    first = made.iloc[:1].assign(pair_id=None, source="none")
    control = made.iloc[2:].assign(source="none")
    tables = {
        "first_trials": answers(first, 1, [targets[0]]),
        "second_trials": answers(made.iloc[1:], 2, targets[1:]),
        "first_stimuli": first,
        "second_stimuli": pd.concat([made.iloc[1:2], control]),
    }
    outcomes, summary, *_ = analyse_pairs(pairs, 0, 100, **tables)
    assert set(outcomes["round"]) == {2}
    assert summary["sources"]["none"]["n"] == 1
    assert summary["contrasts"]["none"]["net_directed_success"]["value"] == 0
