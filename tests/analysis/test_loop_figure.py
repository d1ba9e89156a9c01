"""The loop's learning curve."""

import numpy as np
import pandas as pd
import pytest

from bam_pipelines.analysis.figures import figure_loop


@pytest.fixture
def metrics():
    return pd.DataFrame(
        {
            "participant_id": ["a", "b"] * 3,
            "round": np.repeat([0, 1, 2], 2),
            "acquisition": "epig",
            "n_trials": [10, 12, 30, 32, 50, 52],
            "log_loss": [2.0, 1.0, 1.0, 0.5, 0.8, 0.2],
        }
    )


def test_the_mean_and_its_change_are_drawn_by_trials(metrics):
    left, right = figure_loop(metrics, simulated=True).axes
    mean, change = left.lines[-1].get_xydata(), right.lines[-2].get_xydata()
    assert mean.tolist() == [[11, 1.5], [31, 0.75], [51, 0.5]]
    assert change == pytest.approx(np.array([[11, 0], [31, -0.75], [51, -1.0]]))
    assert "EPIG" in left.get_title("left")
    # of two people: 12.7 standard errors on either side; round 1: mean of -1 and -0.5, standard error 0.25
    band = right.collections[0].get_paths()[0].vertices[:, 1]
    assert band.min() == pytest.approx(-0.75 - 12.706 * 0.25, abs=0.01)


def test_simulated_people_are_said_and_one_alone_has_no_interval(metrics):
    assert "simulated" in figure_loop(metrics, simulated=True).get_suptitle()
    figure = figure_loop(metrics[metrics["participant_id"] == "a"], simulated=False)
    assert "simulated" not in figure.get_suptitle()
    assert not figure.axes[0].collections
