"""Splits share no digit, keep every class's share, and follow the seed."""

import numpy as np
import pytest

from bam_pipelines.images.splits import random_split, stratified_split


def generator(seed=0):
    return np.random.default_rng(seed)


def test_a_random_split_is_the_start_of_one_permutation():
    order = np.random.default_rng(3).permutation(10)
    split = random_split(10, n_validation=2, n_train=5, generator=generator(3))
    np.testing.assert_array_equal(split["validation"], order[:2])
    np.testing.assert_array_equal(split["train"], np.sort(order[2:7]))


def test_a_random_split_may_use_every_digit():
    split = random_split(10, n_validation=3, n_train=7, generator=generator())
    assert sorted([*split["train"], *split["validation"]]) == list(range(10))


def test_every_class_has_its_share():
    labels = np.repeat([0, 1, 2], [60, 30, 10])
    split = stratified_split(labels, {"validation": 10, "test": 20, "train": 50}, generator())
    # a tenth of each class, then a fifth, then a half
    assert np.bincount(labels[split["validation"]]).tolist() == [6, 3, 1]
    assert np.bincount(labels[split["test"]]).tolist() == [12, 6, 2]
    assert np.bincount(labels[split["train"]]).tolist() == [30, 15, 5]


def test_uneven_sizes_are_off_by_less_than_one():
    labels = np.repeat(np.arange(7), 11)
    split = stratified_split(labels, {"validation": 10, "train": 25}, generator())
    # 10 of 77 digits: 11 * 10 / 77 = 1.43 a class; 25: 3.57
    assert set(np.bincount(labels[split["validation"]], minlength=7)) <= {1, 2}
    assert set(np.bincount(labels[split["train"]], minlength=7)) <= {3, 4}


def test_stratified_splits_are_disjoint_ascending_and_of_the_asked_size():
    labels = np.arange(100) % 10
    split = stratified_split(labels, {"validation": 20, "test": 30, "train": 50}, generator())
    assert {name: len(rows) for name, rows in split.items()} == {"validation": 20, "test": 30, "train": 50}
    assert sorted(np.concatenate(list(split.values()))) == list(range(100))
    assert all((np.diff(rows) > 0).all() for rows in split.values())


def test_the_seed_decides():
    labels = np.arange(100) % 10
    first, again, other = (
        stratified_split(labels, {"validation": 20, "train": 80}, generator(seed))["validation"] for seed in (1, 1, 2)
    )
    assert first.tolist() == again.tolist() != other.tolist()


@pytest.mark.parametrize("n_train", [0, 9])
def test_sizes_that_cannot_be_are_refused(n_train):
    with pytest.raises(ValueError, match=f"2 validation \\+ {n_train} train digits were asked for, .* 10 together"):
        random_split(10, n_validation=2, n_train=n_train, generator=generator())
    with pytest.raises(ValueError, match=f"2 validation \\+ {n_train} train digits were asked for"):
        stratified_split(np.zeros(10, int), {"validation": 2, "train": n_train}, generator())
