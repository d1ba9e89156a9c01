"""What a round hands to the next one."""

import pandas as pd
import pytest

from bam_pipelines.adaptive.state import answers_name, loop_state, require_same_answers

PLAN = pd.DataFrame(
    {
        "participant_id": ["a", "a"],
        "round": [1, 2],
        "stimulus_id": ["0" * 16, "1" * 16],
        "reason": ["acquisition", "repeat"],
        "score": [0.1, None],
    }
)


def test_a_loop_that_has_not_begun():
    state = loop_state(None)
    assert (state.planned_round, state.answered_round) == (0, 0)
    assert [len(table) for table in state.tables().values()] == [0, 0, 0]


def test_a_planned_round_is_not_an_answered_one():
    state = loop_state(None).with_rows(plan=PLAN)
    assert (state.planned_round, state.answered_round) == (2, 0)
    answered = state.with_rows(trials=pd.DataFrame({"round": [3, 4]}))
    assert answered.answered_round == 2
    assert len(state.trials) == 0


def test_kept_tables_are_taken_up_again():
    state = loop_state(None).with_rows(plan=PLAN)
    again = loop_state(state.tables())
    assert again.plan.equals(state.plan)
    assert again.with_rows(plan=PLAN.assign(round=3)).plan["round"].tolist() == [1, 2, 3, 3]


def test_a_loop_of_other_answers_is_not_gone_on_with():
    trials = pd.DataFrame(
        {"participant_id": ["b", "a"], "session": 1, "trial_index": 0, "stimulus_id": "0" * 16, "response": [1, 2]}
    )
    state = loop_state(None)
    require_same_answers(state, trials)
    begun = state.with_rows(metrics=pd.DataFrame({"first_answers": [answers_name(trials)]}))
    require_same_answers(begun, trials.iloc[::-1])
    with pytest.raises(ValueError, match="began with other answers of the first round"):
        require_same_answers(begun, trials.assign(response=[1, 1]))
