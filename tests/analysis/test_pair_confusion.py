"""Answers by pair of targets, counted by hand."""

import numpy as np
import pandas as pd
import pytest

from bam_pipelines.analysis.pair_confusion import confusion_by_pair, target_shares


def test_answers_are_counted_by_unordered_pair(trials_of, stimuli_of):
    trials = trials_of([("a", "x", 1), ("b", "x", 7), ("c", "x", 2), ("a", "y", 7), ("a", "z", 3), ("b", "x", 1)])
    stimuli = stimuli_of(["x", "y", "z"], [(7, 1), (1, 7), (pd.NA, pd.NA)])
    found = confusion_by_pair(trials, stimuli)
    # b's second showing of x does not count, z has no targets
    assert found.to_numpy().tolist() == [[1, 7, 1, 1, 0.25], [1, 7, 2, 1, 0.25], [1, 7, 7, 2, 0.5]]


def test_shares_on_target_form_a_symmetric_table():
    confusion = pd.DataFrame(
        [(0, 1, 0, 3, 0.75), (0, 1, 2, 1, 0.25), (1, 2, 0, 1, 1.0)],
        columns=["digit_low", "digit_high", "response", "n_answers", "share"],
    )
    expected = [[np.nan, 0.75, np.nan], [0.75, np.nan, 0.0], [np.nan, 0.0, np.nan]]
    np.testing.assert_array_equal(target_shares(confusion, 3), expected)


def test_a_target_that_is_no_class_is_named():
    confusion = pd.DataFrame(
        [(3, 12, 3, 1, 1.0)], columns=["digit_low", "digit_high", "response", "n_answers", "share"]
    )
    with pytest.raises(ValueError, match="stimuli: found target 12, expected below 10, the number of classes"):
        target_shares(confusion, 10)


def test_nobody_answered(trials_of, stimuli_of):
    trials = trials_of([("a", "z", 3)])
    found = confusion_by_pair(trials, stimuli_of(["z"], [(pd.NA, pd.NA)]))
    assert found.empty
    assert np.isnan(target_shares(found, 3)).all()
