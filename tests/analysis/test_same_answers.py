"""Results of other answers are told from those of the answers at hand."""

import pandas as pd
import pytest

from bam_pipelines.analysis.pairs import pair_outcomes
from bam_pipelines.analysis.same_answers import are_choices_of, are_entropies_of

ANSWERS = [("a", "s", 3), ("b", "s", 8), ("a", "t", 1), ("b", "t", 1)]


@pytest.fixture
def trials(trials_of):
    return trials_of(ANSWERS)


@pytest.fixture
def entropies():
    one = pd.DataFrame({"stimulus_id": ["s", "t"], "human_entropy": [1.0, 0.0]})
    return pd.concat([one.assign(level=level) for level in ("base", "group")])


@pytest.fixture
def outcomes(trials, stimuli_of):
    pairs = pd.DataFrame({"pair_id": ["ab"], "participant_1": ["a"], "participant_2": ["b"]})
    return pair_outcomes(trials, stimuli_of(["s", "t"], [(3, 8), (1, 7)]), pairs)


def test_entropies_are_those_of_the_same_answers(entropies, trials):
    assert are_entropies_of(entropies, trials, 10)


@pytest.mark.parametrize("answers", [ANSWERS[:3], [*ANSWERS[:3], ("b", "t", 2)], [*ANSWERS, ("a", "u", 1)]])
def test_other_answers_have_other_entropies(entropies, trials_of, answers):
    other = trials_of(answers)
    # with b's answer to t alone missing, entropies and stimuli are the same: nothing shows it
    assert are_entropies_of(entropies, other, 10) is (answers == ANSWERS[:3])


def test_stimuli_or_models_that_do_not_agree_are_others(entropies, trials):
    assert not are_entropies_of(entropies[entropies["stimulus_id"] == "s"], trials, 10)
    mixed = entropies.assign(human_entropy=entropies["human_entropy"].mask(entropies["level"] == "base", 0.5))
    assert not are_entropies_of(mixed, trials, 10)


def test_choices_are_those_of_the_same_answers(outcomes, trials, trials_of):
    assert are_choices_of(outcomes, trials)
    assert not are_choices_of(outcomes, trials_of([*ANSWERS[:3], ("b", "t", 7)]))
    assert not are_choices_of(outcomes, trials_of(ANSWERS[:3]))
    assert not are_choices_of(outcomes, trials_of([("x" + person, *rest) for person, *rest in ANSWERS]))


def test_without_a_first_round_the_people_decide(outcomes, trials, trials_of):
    second = outcomes.assign(round=2)
    assert are_choices_of(second, trials)
    assert not are_choices_of(second, trials_of([("c", "s", 3)]))
