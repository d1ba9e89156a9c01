"""Falling curves and where they reach a goal."""

import numpy as np
import pytest

from bam_pipelines.adaptive.curves import falling_curve, trials_to_reach

TRIALS = np.array([0, 20, 40, 60])


def test_neighbours_that_rise_are_averaged():
    assert falling_curve(TRIALS, np.array([1.0, 0.5, 0.7, 0.2])).tolist() == pytest.approx([1.0, 0.6, 0.6, 0.2])


@pytest.mark.parametrize(
    ("goal", "expected"),
    [
        (0.8, 10.0),  # half way from 1.0 to 0.6
        (0.6, 20.0),  # where a plateau begins
        (0.3, 55.0),  # three quarters from 0.6 to 0.2
        (0.2, 60.0),
        (0.1, None),
        (1.5, 0.0),
    ],
)
def test_trials_to_reach_a_goal(goal, expected):
    assert trials_to_reach(TRIALS, np.array([1.0, 0.6, 0.6, 0.2]), goal) == pytest.approx(expected)
