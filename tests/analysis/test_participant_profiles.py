import numpy as np
import pytest

from bam_pipelines.analysis.ceilings import agreement_with_others
from bam_pipelines.analysis.participant_profiles import (
    Beside,
    beside_others,
    confusion_with_others,
    lone_answers,
    median_estimate,
)

# s: a and b say 3, c says 8; t: a says 1, b and c say 7; u: a alone
ANSWERS = [("a", "s", 3), ("b", "s", 3), ("c", "s", 8), ("a", "t", 1), ("b", "t", 7), ("c", "t", 7), ("a", "u", 2)]


@pytest.fixture
def beside(trials_of):
    return beside_others(trials_of(ANSWERS), ["a", "b", "c", "nobody"], 10)


def test_own_answers_stand_beside_those_of_others(beside):
    a = beside["a"]
    assert a.answers["stimulus_id"].tolist() == ["s", "t"]
    assert np.argwhere(a.own).tolist() == [[0, 3], [1, 1]]
    assert a.others[0, [3, 8]].tolist() == [1, 1] and a.others[1, 7] == 2 and a.others.sum() == 4
    assert beside["nobody"].answers.empty


def test_confusion_halves_what_is_equally_frequent(beside):
    counts = confusion_with_others(beside["a"])
    assert (counts[3, 3], counts[8, 3], counts[7, 1], counts.sum()) == (0.5, 0.5, 1, 2)


def test_the_diagonal_is_the_agreement_with_others(trials_of):
    draw = np.random.default_rng(0)
    answers = [(person, f"i{image}", int(draw.integers(4))) for person in "abcde" for image in range(30)]
    trials = trials_of([answer for answer in answers if draw.random() < 0.8])
    own = beside_others(trials, list("abcde"), 4)
    agreed = sum(np.trace(confusion_with_others(one)) for one in own.values())
    n = sum(len(one.answers) for one in own.values())
    assert agreed / n == pytest.approx(agreement_with_others(trials, 4, 0, 20)["lower"]["value"])


def test_answers_that_nobody_else_gave(beside):
    found = {name: own.answers["stimulus_id"].iloc[lone_answers(own)].tolist() for name, own in beside.items()}
    assert found == {"a": ["t"], "b": [], "c": ["s"], "nobody": []}


def test_lone_answers_begin_where_others_agree_most(trials_of):
    answers = trials_of([("a", name, 0) for name in "wxyz"])
    # a single other who answered something else says little: w is left out
    others = np.array([[0, 1, 0], [0, 2, 1], [0, 3, 0], [0, 4, 0]])
    own = Beside(answers, np.eye(3, dtype=bool)[[0] * 4], others)
    assert answers["stimulus_id"].iloc[lone_answers(own)].tolist() == ["z", "y", "x"]


def test_medians_lie_between_order_statistics():
    # of ten values the second and the ninth: P(at most one of ten below the median) = 11 / 1024 on either side
    assert median_estimate(np.arange(10.0)[::-1]) == {"value": 4.5, "low": 1.0, "high": 8.0}
    assert median_estimate(np.arange(5.0)) == {"value": 2.0, "low": None, "high": None}
    assert median_estimate(np.array([])) == {"value": None, "low": None, "high": None}


def test_the_medians_interval_covers():
    draw = np.random.default_rng(1)
    found = [median_estimate(draw.exponential(1, 25)) for _ in range(2000)]
    assert 0.95 <= np.mean([one["low"] <= np.log(2) <= one["high"] for one in found]) < 0.975
