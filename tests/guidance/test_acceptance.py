"""Acceptance against tables by hand; an image's pixels are the log-probabilities that the networks see."""

import numpy as np
import pytest
import torch
from torch import nn

from bam_pipelines.guidance.acceptance import AcceptanceRule, assess


class Table(nn.Module):
    """A network that looks its outputs up: image i holds the number i in its first pixel."""

    def __init__(self, outputs):
        super().__init__()
        self.outputs = torch.tensor(outputs)

    def forward(self, images):
        return self.outputs[images[:, 0, 0, 0].long()]


def numbered_images(n):
    return torch.arange(n, dtype=torch.float32)[:, None, None, None].expand(n, 1, 2, 2)


def logarithms(probabilities):
    return np.log(np.array(probabilities)).astype(np.float32).tolist()


def assessed(targets, classifiers, scores, rule):
    judge = Table([[score] for score in scores])
    networks = [Table(logarithms(table)) for table in classifiers]
    return assess(numbered_images(len(targets)), torch.tensor(targets), networks, judge, rule)


def test_uncertainty_by_probability():
    table = [
        [0.45, 0.45, 0.10],  # both above .4
        [0.55, 0.35, 0.10],  # one below
        [0.45, 0.45, 0.10],  # targets are 0 and 2: .10
        [0.45, 0.45, 0.10],  # judge too low
        [0.45, 0.45, 0.10],  # judge at the threshold, not above
    ]
    targets = [[0, 1], [0, 1], [0, 2], [1, 0], [0, 1]]
    found = assessed(targets, [table], [0.9, 0.9, 0.9, 0.4, 0.5], AcceptanceRule("uncertainty", 0.4, None, 0.5))
    assert found.accepted.tolist() == [True, False, False, False, False]
    np.testing.assert_allclose(found.judge_scores, [0.9, 0.9, 0.9, 0.4, 0.5], atol=1e-6)
    np.testing.assert_allclose(
        found.probabilities, [[0.45, 0.45], [0.55, 0.35], [0.45, 0.10], [0.45, 0.45], [0.45, 0.45]], atol=1e-6
    )


def test_controversial_by_probability():
    first = [[0.95, 0.03, 0.02], [0.85, 0.10, 0.05], [0.95, 0.03, 0.02], [0.03, 0.95, 0.02], [0.95, 0.03, 0.02]]
    second = [[0.03, 0.95, 0.02], [0.03, 0.95, 0.02], [0.10, 0.85, 0.05], [0.95, 0.03, 0.02], [0.95, 0.03, 0.02]]
    # agreed; p1 .85 ≤ .9; p2 .85 ≤ .9; each sees the other's target; the second sees the first's target
    rule = AcceptanceRule("controversial", 0.9, None, 0.5)
    found = assessed([[0, 1]] * 5, [first, second], [1.0] * 5, rule)
    assert found.accepted.tolist() == [True, False, False, False, False]
    # p1(o1), p1(o2), p2(o1), p2(o2)
    np.testing.assert_allclose(found.probabilities[0], [0.95, 0.03, 0.03, 0.95], atol=1e-6)


def test_controversial_by_margin():
    first = [[0.6, 0.3, 0.1], [0.6, 0.3, 0.1], [0.45, 0.4, 0.15], [0.3, 0.1, 0.6], [0.6, 0.3, 0.1]]
    second = [[0.2, 0.7, 0.1], [0.4, 0.5, 0.1], [0.2, 0.7, 0.1], [0.2, 0.7, 0.1], [0.2, 0.7, 0.1]]
    # log(.6/.3) = .693 and log(.7/.2) = 1.25; second: log(.5/.4) = .22 < .5; first: log(.45/.4) = .12 < .5;
    # the first's top class is no target though log(.3/.1) = 1.1; the judge refuses
    rule = AcceptanceRule("controversial", None, 0.5, 0.5)
    found = assessed([[0, 1]] * 5, [first, second], [1.0, 1.0, 1.0, 1.0, 0.0], rule)
    assert found.accepted.tolist() == [True, False, False, False, False]


def test_a_margin_of_exactly_what_is_asked_suffices():
    judge = Table([[1.0]])
    networks = [Table([[2.0, 1.5, 0.0]]), Table([[1.5, 2.0, 0.0]])]
    rules = [AcceptanceRule("controversial", None, margin, 0.5) for margin in (0.5, 0.5001)]
    accepted = [assess(numbered_images(1), torch.tensor([[0, 1]]), networks, judge, rule).accepted for rule in rules]
    assert [found.item() for found in accepted] == [True, False]


def test_what_came_no_nearer_is_accepted_where_the_rule_is_not_strict():
    targets = [[0, 1], [0, 1]]
    one, two = [[0.3, 0.5, 0.2], [0.9, 0.05, 0.05]], [[0.3, 0.5, 0.2], [0.05, 0.9, 0.05]]
    strict, loose = (AcceptanceRule("controversial", None, 0.5, 0.5, strict) for strict in (True, False))
    assert assessed(targets, [one, two], [0.9, 0.9], strict).accepted.tolist() == [False, True]
    assert assessed(targets, [one, two], [0.9, 0.9], loose).accepted.tolist() == [True, True]
    # the judge is asked all the same
    assert assessed(targets, [one, two], [0.9, 0.4], loose).accepted.tolist() == [True, False]


@pytest.mark.parametrize(("probability", "margin"), [(None, None), (0.9, 0.5)])
def test_a_rule_has_a_probability_or_a_margin(probability, margin):
    with pytest.raises(ValueError, match=f"probability {probability} and margin {margin}, expected exactly one"):
        AcceptanceRule("controversial", probability, margin, 0.5)


def test_uncertainty_knows_no_margin():
    with pytest.raises(ValueError, match="acceptance by margin is for controversial stimuli"):
        AcceptanceRule("uncertainty", None, 0.5, 0.5)


@pytest.mark.parametrize(
    ("strategy", "probability", "highest"),
    [
        ("uncertainty", 0.5, 0.5),
        ("uncertainty", 0.0, 0.5),
        ("reference", 0.5, 0.5),
        ("controversial", 1.0, 1.0),
        ("controversial", -0.1, 1.0),
    ],
)
def test_a_probability_that_no_image_or_every_image_reaches(strategy, probability, highest):
    sentence = f"acceptance of {strategy} has probability {probability}, expected above 0, below {highest}"
    with pytest.raises(ValueError, match=sentence):
        AcceptanceRule(strategy, probability, None, 0.5)


@pytest.mark.parametrize(
    ("strategy", "probability"), [("uncertainty", 0.499), ("reference", 0.001), ("controversial", 0.999)]
)
def test_probabilities_within_the_range(strategy, probability):
    assert AcceptanceRule(strategy, probability, None, 0.5).required_probability == probability
