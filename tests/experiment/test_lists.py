import math

import pandas as pd
import pytest


def test_every_stimulus_gets_its_planned_answers_and_at_most_one_more(plan, stimuli):
    # 8 stimuli with 2 answers each, 5 a list: 16 / 5 gives 4 lists, which show 20
    lists, _ = plan()
    assert sorted(lists["list"].unique()) == [1, 2, 3, 4]
    shown = lists[(lists["phase"] == "main") & (lists["repetition"] == 0)]["stimulus_id"].value_counts()
    assert set(shown.index) == set(stimuli["stimulus_id"])
    assert shown.min() >= 2 and shown.max() <= 3
    assert shown.sum() == 20


def test_a_list_begins_with_practice_and_goes_on_in_blocks_of_nearly_equal_length(plan, clear_of, settings_of):
    lists, _ = plan()
    practice = clear_of(settings_of()[0]).practice
    for _, rows in lists.groupby("list"):
        # 5 stimuli, 1 repeat, 2 catch trials
        assert rows["block"].tolist() == [0, 0, 1, 1, 1, 1, 2, 2, 2, 2]
        assert rows["stimulus_id"].tolist()[:2] == practice["stimulus_id"].tolist()
        assert (rows["phase"] == "practice").tolist() == [True] * 2 + [False] * 8


@pytest.mark.parametrize("most", [1, 3, 5, 8, 100])
def test_no_block_is_longer_than_asked(plan, most):
    sizes = plan(trials_per_block=most)[0].query("block > 0").groupby(["list", "block"]).size()
    assert sizes.max() <= most
    assert sizes.max() - sizes.min() <= 1
    assert len(sizes) == 4 * math.ceil(8 / most)


@pytest.mark.parametrize("task", ["digit", "judgment"])
def test_only_clear_images_have_an_answer_that_is_expected(plan, clear_of, settings_of, task):
    lists, _ = plan(task=task)
    clear = pd.concat(clear_of(settings_of(task=task)[0])).set_index("stimulus_id")["expected"]
    known = lists["phase"].isin(["practice", "catch"])
    assert lists["expected_response"][~known].isna().all()
    assert lists["expected_response"][known].tolist() == clear[lists["stimulus_id"][known]].tolist()
    assert (lists["is_catch"] == (lists["phase"] == "catch")).all()


def test_lists_do_not_depend_on_how_many_there_are(plan):
    few, many = plan()[0], plan(answers_per_stimulus=4)[0]
    assert len(many) > len(few)
    assert many[many["list"] <= 4].equals(few)
