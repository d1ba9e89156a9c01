"""Residuals in log-odds by hand, and steps that bring linear ones to zero."""

import math
from dataclasses import replace

import pytest
import torch

from bam_pipelines.guidance.boundary import (
    BoundaryGoals,
    BoundaryResiduals,
    boundary_step,
    correct_images,
    log_odds_over_rest,
    residual_gradient,
    target_log_odds,
)
from bam_pipelines.guidance.objectives import Reference

LOGITS = torch.tensor([[1.0, 2.0, 0.5, -1.0], [0.0, 0.0, 0.0, 0.0]])


def test_log_odds_are_those_of_the_softmax():
    p = LOGITS.double().softmax(dim=1)
    both = torch.tensor([[0, 2], [3, 1]])
    rest = log_odds_over_rest(LOGITS, both)
    share = p.gather(1, both).sum(dim=1)
    torch.testing.assert_close(rest.double(), torch.log(share / (1 - share)), atol=1e-6, rtol=0)
    assert rest[1].item() == pytest.approx(0.0, abs=1e-6)  # two of four equal classes
    one = log_odds_over_rest(LOGITS, torch.tensor([[1], [1]]))
    assert one[1].item() == pytest.approx(-math.log(3))
    assert target_log_odds(LOGITS, both).tolist() == [0.5, 0.0]


@pytest.fixture
def judge(linear):
    return linear(torch.ones(1, 16) / 16, 0.0)  # mean brightness


def residuals(networks, judge, strategy, targets, log_odds=2.0, score=0.75):
    goals = BoundaryGoals(log_odds, score, parting=5.0)
    return BoundaryResiduals(networks, judge, torch.tensor(targets), strategy, goals)


def test_residuals_of_uncertainty(half_detectors, judge):
    image = torch.full((1, 1, 4, 4), 0.5)
    image[..., :2] = 1.0  # logits 4, 0, 0: left half bright, right half at half of it
    found = residuals([half_detectors], judge, "uncertainty", [[0, 1]])(image)
    assert half_detectors(image).tolist() == [[4.0, 0.0, 0.0]]
    # log-odds 4; both over the rest: log(e⁴ + 1) > 2; mean brightness .75 is just enough
    torch.testing.assert_close(found, torch.tensor([[4.0, 0.0, 0.0]]))
    found = residuals([half_detectors], judge, "uncertainty", [[1, 2]], score=0.95)(image)
    torch.testing.assert_close(found, torch.tensor([[0.0, 2.0 - math.log(2) + 4.0, 5 * 0.2]]))


def test_residuals_of_controversial(half_detectors, linear, judge):
    image = torch.full((1, 1, 4, 4), 0.5)
    image[..., :2] = 1.0
    other = linear(-half_detectors[1].weight, [4.0, 4.0, 0.0])  # logits -4, 0, 0
    found = residuals([half_detectors, other], judge, "controversial", [[0, 1]])(image)
    # either sees its own target 4 nats above the other; the first sees both e⁴ + 1 times the rest, the second 1 + e⁻⁴
    expected = torch.tensor([[1.0, 1.0, 0.0, 2.0 - math.log(1 + math.exp(-4.0)), 0.0]])
    torch.testing.assert_close(found, expected)
    swapped = residuals([half_detectors, other], judge, "controversial", [[1, 0]])(image)
    torch.testing.assert_close(swapped[:, :2], torch.tensor([[9.0, 9.0]]))


@pytest.mark.parametrize("limit, share", [(10.0, 1.0), (0.05, None)])
def test_one_step_brings_a_linear_residual_to_zero(limit, share):
    weights = torch.arange(1.0, 17.0).reshape(1, 1, 4, 4) / 20
    images = torch.linspace(0, 1, 32).reshape(2, 1, 4, 4)

    def distance(where):
        return (weights * where).sum(dim=(1, 2, 3), keepdim=True).flatten(1) - 3.0

    left, gradient = residual_gradient(images, distance, "here")
    step = boundary_step(left, gradient, limit)
    if share:
        torch.testing.assert_close(distance(images + step), torch.zeros(2, 1), atol=1e-5, rtol=0)
    assert (step.flatten(1).norm(dim=1) <= limit + 1e-6).all()
    # downhill: against the gradient of the square
    assert ((distance(images + step).abs() < left.abs()).all()) and (left.abs() > 0.1).all()


def test_nothing_asked_no_step():
    assert boundary_step(torch.zeros(2, 3), torch.zeros(2, 1, 4, 4), 1.0).abs().sum() == 0


def test_corrections_land_on_the_boundary_within_the_range(half_detectors, linear):
    kind = linear(torch.zeros(1, 16), 1.0)
    images = torch.rand(20, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    images[:, :, 0] = 1.0  # pixels at the edge
    asked = residuals([half_detectors], kind, "uncertainty", [[0, 1]] * 20, log_odds=-20.0)
    before, after = asked(images)[:, 0].abs(), correct_images(images, asked, 4)
    assert before.max() > 0.5
    assert asked(after)[:, 0].abs().max() < 1e-4
    assert after.min() >= 0 and after.max() <= 1


def test_pixels_that_cannot_move_do_not_use_up_a_step(linear):
    # only the first pixel matters to the judge and it is white already: the others have to do it
    weights = torch.full((1, 16), 0.1)
    weights[0, 0] = 5.0
    judge, blind = linear(weights, -5.0), linear(torch.zeros(3, 16), 0.0)
    images = torch.full((1, 1, 4, 4), 0.2)
    images[0, 0, 0, 0] = 1.0
    asked = residuals([blind], judge, "uncertainty", [[0, 1]], log_odds=-20.0, score=0.35)
    # the score is 15 · 0.1 · 0.2 = .3; each other pixel has to rise by .05 / 1.5, a step of norm .129
    torch.testing.assert_close(correct_images(images, asked, 1).flatten()[1:], torch.full((15,), 0.2 + 0.05 / 1.5))


def test_what_is_not_finite_is_named(linear):
    broken = linear(torch.full((3, 16), torch.nan), 0.0)
    asked = residuals([broken], linear(torch.zeros(1, 16), 1.0), "uncertainty", [[0, 1]] * 2)
    with pytest.raises(FloatingPointError, match="a residual of guidance is not finite at correction 0 of image 0"):
        correct_images(torch.zeros(2, 1, 4, 4), asked, 1)


def test_a_network_in_training_mode_cannot_guide(half_detectors, judge):
    half_detectors.train()
    with pytest.raises(ValueError, match="is in training mode"):
        residuals([half_detectors], judge, "uncertainty", [[0, 1]])
    half_detectors.eval()
    with pytest.raises(ValueError, match="controversial takes 2 classifier"):
        residuals([half_detectors], judge, "controversial", [[0, 1]])


def test_a_reference_adds_its_term_to_the_merit(half_detectors, judge):
    images = torch.rand(3, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    reference = Reference(torch.full((3, 1, 4, 4), 0.25), weight=50.0)
    plain = residuals([half_detectors], judge, "reference", [[0, 1]] * 3)
    near = replace(plain, reference=reference)
    added = near(images).square().sum(dim=1) / 2 - plain(images).square().sum(dim=1) / 2
    torch.testing.assert_close(added, 50 * ((images - 0.25) ** 2).mean(dim=(1, 2, 3)))
    torch.testing.assert_close(added, reference.term(images))
