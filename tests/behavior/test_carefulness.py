"""Measures of carefulness, by hand."""

import numpy as np
import pandas as pd
import pytest

from bam_pipelines.behavior.carefulness import (
    _medians_of_others,
    clear_repeats,
    longest_run,
    repeat_counts,
    response_entropy,
    rt_deviations,
)
from bam_pipelines.behavior.schemas import validate_trials


@pytest.mark.parametrize(
    ("answers", "expected"), [([1, 1, 2, 2, 2, 1], 3), ([1, None, 1, 1], 3), ([4], 1), ([None], 0), ([1, 2, 1], 1)]
)
def test_longest_run(answers, expected):
    assert longest_run(pd.Series(answers, dtype="Int8")) == expected


def test_medians_of_others_agree_with_a_slow_oracle():
    draw = np.random.default_rng(0)
    values = pd.Series(draw.integers(0, 30, 400) / 7, index=draw.permutation(400))  # ties, and an index of its own
    values[draw.random(400) < 0.1] = np.nan
    groups = pd.Series(draw.integers(0, 60, 400).astype(str), index=values.index, dtype="str")
    expected = pd.Series(np.nan, index=values.index)
    for name in groups.unique():
        given = values[(groups == name) & values.notna()]
        for place in given.index if len(given) > 3 else []:
            expected[place] = np.median(given.drop(place))
    assert expected.isna().sum() > values.isna().sum()  # some groups are too small
    assert np.array_equal(_medians_of_others(values, groups), expected, equal_nan=True)
    assert _medians_of_others(values[:0], groups[:0]).empty


@pytest.mark.parametrize(("answers", "expected"), [([1, 1, 2, 2], 1.0), ([3, 3, None], 0.0), ([0, 1, 2, 3], 2.0)])
def test_response_entropy(answers, expected):
    assert response_entropy(pd.Series(answers, dtype="Int8")) == pytest.approx(expected)


def test_without_answers_there_is_no_entropy():
    assert np.isnan(response_entropy(pd.Series([None], dtype="Int8")))


def test_clear_repeats_are_those_of_catch_trials(trials_of):
    clear = {"phase": "catch", "expected_response": 3, "stimulus_id": "1" * 16}
    open_ = {"stimulus_id": "2" * 16}
    rows = [clear | {"response": 3}, clear | {"response": 3, "repetition": 1}, clear | {"response": 5, "repetition": 2}]
    rows += [open_ | {"response": 1}, open_ | {"response": 2, "repetition": 1}]
    trials = validate_trials(trials_of(rows))
    assert clear_repeats(trials) == (2, 0.5)
    assert repeat_counts(trials[~trials["is_catch"]]) == (1, 0.0)
    assert clear_repeats(trials.iloc[:1])[0] == 0


def test_a_stimulus_of_two_tasks_is_two_and_the_earliest_showing_the_first(trials_of):
    shown = {"stimulus_id": "2" * 16}
    digit = [shown | {"response": 1}, shown | {"response": 1, "repetition": 1}]
    judged = [one | {"task": "judgment", "response": 0} for one in digit]
    later = [shown | {"response": 2, "session": 2}, shown | {"response": 2, "repetition": 1, "session": 2}]
    trials = validate_trials(trials_of([*digit, *judged, *later]))
    assert repeat_counts(trials) == (3, 2 / 3)


def timed(times, images):
    """Response times of participants by images; everyone sees all images."""
    people, shown = np.indices(np.shape(times)).reshape(2, -1)
    return pd.DataFrame(
        {
            "participant_id": [f"p{person}" for person in people],
            "stimulus_id": np.array(images)[shown],
            "rt_ms": pd.array(np.ravel(times), dtype="Float64"),
        }
    )


def test_deviations_by_hand():
    # the others' median is 1000; what is left of one person's logarithms: 0, ln 2, −ln 2, ln 4, 0
    times = [[1000, 2000, 500, 4000, 1000], [1000] * 5, [1000] * 5, [1000] * 5]
    found = rt_deviations(timed(times, list("abcde")))[:5]
    unit = 1.4826 * np.log(2)  # the median of 0, ln 2, ln 2, ln 4, 0
    np.testing.assert_allclose(found, np.log([1, 2, 0.5, 4, 1]) / unit)


def test_a_hard_image_is_held_against_nobody():
    draw = np.random.default_rng(0)
    times = np.exp(draw.normal(6.5, 0.2, (6, 40)))
    times[:, 7] *= 20  # everyone takes long
    times[2, 3] *= 20  # one is distracted
    found = rt_deviations(timed(times, [f"i{image}" for image in range(40)])).to_numpy().reshape(6, 40)
    assert found[2, 3] > 6
    assert np.abs(np.delete(found, 3, axis=1)).max() < 6


@pytest.mark.parametrize("people", [1, 2, 3])
def test_an_image_with_few_times_says_nothing_about_itself(people):
    """With one's own time as the median of an image, nothing would be left to compare."""
    draw = np.random.default_rng(0)
    times = np.exp(draw.normal(6.5, 0.2, (people, 40)))
    times[0, 3] *= 20
    found = rt_deviations(timed(times, [f"i{image}" for image in range(40)]))
    assert found[3] > 6


def test_of_normal_times_as_few_are_far_as_in_a_normal_distribution():
    times = np.exp(np.random.default_rng(1).normal(6.5, 0.3, (8, 500)))
    found = rt_deviations(timed(times, [f"i{image}" for image in range(500)]))
    assert (found.abs() > 3).mean() == pytest.approx(0.0027, abs=0.002)


def test_times_that_do_not_vary_have_no_deviation():
    assert rt_deviations(timed([[500] * 4], list("abcd"))).isna().all()
