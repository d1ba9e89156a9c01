"""Terms of the objective by hand."""

import math

import pytest
import torch
from torch import nn

from bam_pipelines.guidance.objectives import GuidanceObjective, judge_term, target_term, uncertainty_term


def test_uniform_logits():
    # every probability is 1/5: −½ (log 1/5 + log 1/5) = log 5, and −log 1/5 = log 5
    logits, targets = torch.zeros(2, 5), torch.tensor([[0, 1], [4, 2]])
    torch.testing.assert_close(uncertainty_term(logits, targets), torch.full((2,), math.log(5)))
    torch.testing.assert_close(target_term(logits, targets[:, 0]), torch.full((2,), math.log(5)))


def test_hand_values():
    logits = torch.tensor([[0.5, 0.3, 0.2]]).log()
    # −½ (log .5 + log .2) = ½ (.6931472 + 1.6094379) = 1.1512925
    assert uncertainty_term(logits, torch.tensor([[0, 2]])).item() == pytest.approx(1.1512925, abs=1e-6)
    # −log .3 = 1.2039728
    assert target_term(logits, torch.tensor([1])).item() == pytest.approx(1.2039728, abs=1e-6)


def test_uncertainty_is_least_on_the_boundary():
    half = torch.tensor([[40.0, 40.0, 0.0]])
    assert uncertainty_term(half, torch.tensor([[0, 1]])).item() == pytest.approx(math.log(2), abs=1e-6)
    logits = torch.randn(500, 3, generator=torch.Generator().manual_seed(0)) * 5
    assert (uncertainty_term(logits, torch.tensor([[0, 1]]).expand(500, 2)) >= math.log(2) - 1e-6).all()


def test_uncertainty_does_not_ask_which_target_comes_first():
    logits = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    targets = torch.tensor([[0, 1], [1, 2], [2, 0], [0, 2]])
    torch.testing.assert_close(uncertainty_term(logits, targets), uncertainty_term(logits, targets.flip(1)))


def test_saturated_logits_stay_finite():
    logits = torch.tensor([[1e4, 0.0, 0.0]])
    assert uncertainty_term(logits, torch.tensor([[1, 2]])).item() == 1e4


def test_judge_term_by_hand():
    scores = torch.tensor([[-1.0], [0.0], [0.4], [0.5], [1.0], [1.5], [2.0]])
    # (1 − f)² with the floor (1 − .5)² = .25: 4, 1, .36, then flat from .5 to 1.5, then (1 − 2)² = 1
    torch.testing.assert_close(judge_term(scores, 0.5), torch.tensor([4.0, 1.0, 0.36, 0.25, 0.25, 0.25, 1.0]))


def test_judge_term_rests_only_where_the_judge_accepts():
    scores = torch.tensor([[0.69], [0.71]], requires_grad=True)
    judge_term(scores, 0.7).sum().backward()
    # below 0.7 the derivative of (1 − f)² is −2 (1 − .69) = −.62; above it nothing pulls
    torch.testing.assert_close(scores.grad, torch.tensor([[-0.62], [0.0]]))


def test_terms_are_named_and_weighted(linear, half_detectors):
    images = torch.zeros(1, 1, 4, 4)
    images[..., 0, 0] = 1.0
    judge = linear(torch.zeros(1, 16), 0.2)
    uncertainty = GuidanceObjective([half_detectors], judge, torch.tensor([[0, 2]]), "uncertainty", 10.0, 0.5)(images)
    # logits −3, −4, 0: log Σ = log(e^−3 + e^−4 + 1) = log 1.0681027 = .0658839; ½ (3.0658839 + .0658839) = 1.5658839
    assert list(uncertainty) == ["uncertainty", "judge"]
    assert uncertainty["uncertainty"].item() == pytest.approx(1.5658839, abs=1e-5)
    assert uncertainty["judge"].item() == pytest.approx(6.4, abs=1e-5)  # 10 (1 − .2)²
    other = linear(torch.zeros(3, 16))
    both = GuidanceObjective([half_detectors, other], judge, torch.tensor([[0, 2]]), "controversial", 1.0, 0.5)(images)
    assert list(both) == ["controversial_1", "controversial_2", "judge"]
    assert both["controversial_1"].item() == pytest.approx(3.0658839, abs=1e-5)  # the first classifier's first target
    assert both["controversial_2"].item() == pytest.approx(math.log(3), abs=1e-6)


def test_each_classifier_has_its_own_target(half_detectors):
    image = torch.zeros(1, 1, 4, 4)
    image[..., :2] = 1.0  # logits 4, −4, 0
    judge = nn.Sequential(nn.Flatten(), nn.Linear(16, 1)).eval()
    terms = GuidanceObjective([half_detectors] * 2, judge, torch.tensor([[0, 1]]), "controversial", 1.0, 0.5)(image)
    # log(e^4 + e^−4 + 1) = 4.0184793: cross-entropies .0184793 with class 0 and 8.0184793 with class 1
    assert terms["controversial_1"].item() == pytest.approx(0.0184793, abs=1e-5)
    assert terms["controversial_2"].item() == pytest.approx(8.0184793, abs=1e-5)


def test_a_network_in_training_mode_is_refused(half_detectors, linear):
    judge = linear(torch.zeros(1, 16))
    targets = torch.tensor([[0, 1]])
    with pytest.raises(ValueError, match=r"Sequential is in training mode; call eval\(\)"):
        GuidanceObjective([half_detectors], judge.train(), targets, "uncertainty", 10.0, 0.5)
    with pytest.raises(ValueError, match="training mode"):
        GuidanceObjective([half_detectors.train()], judge.eval(), targets, "uncertainty", 10.0, 0.5)


@pytest.mark.parametrize(("strategy", "number", "expected"), [("uncertainty", 2, 1), ("controversial", 1, 2)])
def test_a_wrong_number_of_classifiers_is_refused(strategy, number, expected, half_detectors, linear):
    judge = linear(torch.zeros(1, 16))
    with pytest.raises(ValueError, match=rf"{strategy} takes {expected} classifier\(s\), got {number}"):
        GuidanceObjective([half_detectors] * number, judge, torch.tensor([[0, 1]]), strategy, 10.0, 0.5)


def test_an_unknown_strategy_is_refused(half_detectors, linear):
    with pytest.raises(
        ValueError, match="strategy is 'boredom', expected 'uncertainty', 'controversial' or 'reference'"
    ):
        GuidanceObjective([half_detectors], linear(torch.zeros(1, 16)), torch.tensor([[0, 1]]), "boredom", 10.0, 0.5)
