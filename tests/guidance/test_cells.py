"""Which stimuli are asked for: counts and balance."""

from collections import Counter
from itertools import combinations, permutations

import pytest

from bam_pipelines.guidance.cells import (
    Cell,
    balanced_cells,
    controversial_cells,
    uncertainty_cells,
    undirected_cells,
    unguided_cells,
)


def test_all_digit_pairs_of_every_classifier():
    cells = uncertainty_cells(["a", "b"], n_classes=4, pairs_per_classifier=None, quota=3, seed=0)
    # 2 classifiers, 4 · 3 / 2 = 6 unordered pairs
    assert len(cells) == 12
    for name in "ab":
        assert {cell.targets for cell in cells if cell.models == (name,)} == set(combinations(range(4), 2))
    assert {cell.quota for cell in cells} == {3} and {cell.pair_id for cell in cells} == {None}


def test_all_digit_pairs_of_nobody():
    cells = unguided_cells(n_classes=4, n_pairs=None, quota=2, seed=0)
    assert sorted(cell.targets for cell in cells) == sorted(combinations(range(4), 2))
    assert {(cell.models, cell.quota) for cell in cells} == {((), 2)}


def test_all_ordered_digit_pairs_of_every_pair_of_classifiers():
    cells = controversial_cells([("a", "b"), ("a", "c")], n_classes=4, pairs_per_model_pair=None, quota=1, seed=0)
    # 2 pairs of classifiers, 4 · 3 = 12 ordered pairs
    assert len(cells) == 24
    for models in (("a", "b"), ("a", "c")):
        assert {cell.targets for cell in cells if cell.models == models} == set(permutations(range(4), 2))


def test_digit_pairs_are_dealt_evenly():
    cells = uncertainty_cells(["a", "b", "c", "d", "e"], n_classes=5, pairs_per_classifier=3, quota=1, seed=1)
    # 5 · 3 = 15 cells over 10 pairs: five pairs twice, five once
    assert sorted(Counter(cell.targets for cell in cells).values()) == [1] * 5 + [2] * 5
    # no classifier has a pair twice
    assert len({(cell.models, cell.targets) for cell in cells}) == 15
    assert set(Counter(cell.models for cell in cells).values()) == {3}


def test_both_directions_of_every_pair_are_asked_of_two_people():
    cells = balanced_cells(("P1", "P2"), n_classes=10, n_pairs=7, quota=2, seed=0, pair_id="P1-P2")
    assert len(cells) == 14
    assert {cell.targets for cell in cells} == {cell.targets[::-1] for cell in cells}
    assert len({frozenset(cell.targets) for cell in cells}) == 7
    assert {(cell.models, cell.quota, cell.pair_id) for cell in cells} == {(("P1", "P2"), 2, "P1-P2")}


def test_digit_pairs_are_dealt_to_pairs_of_people_in_turn():
    hands = [balanced_cells(("P1", "P2"), 10, 5, 1, seed=3, pair_id=f"pair {place}", place=place) for place in range(9)]
    dealt = [frozenset(cell.targets) for hand in hands for cell in hand]
    # 9 pairs of people with 5 digit pairs each: each of the 45 once, in both directions
    assert Counter(dealt) == dict.fromkeys(map(frozenset, combinations(range(10), 2)), 2)
    again = balanced_cells(("P1", "P3"), 10, 5, 1, seed=3, pair_id="another", place=9)
    assert [cell.targets for cell in again] == [cell.targets for cell in hands[0]]


def test_the_seed_shuffles_the_deck():
    decks = [[cell.targets for cell in uncertainty_cells(["a"], 10, 5, 1, seed)] for seed in (0, 0, 1)]
    assert decks[0] == decks[1] != decks[2]


def test_no_digit_pairs_are_no_cells():
    assert uncertainty_cells(["a"], n_classes=4, pairs_per_classifier=0, quota=1, seed=0) == []


@pytest.mark.parametrize("size", [-1, 7])
def test_an_impossible_number_of_digit_pairs_is_refused(size):
    with pytest.raises(ValueError, match=f"{size} digit pairs asked for, expected 0 to 6"):
        uncertainty_cells(["a"], n_classes=4, pairs_per_classifier=size, quota=1, seed=0)
    with pytest.raises(ValueError, match=f"{size} digit pairs asked for, expected 0 to 6"):
        balanced_cells(("P1", "P2"), 4, size, 1, seed=0, pair_id="P1-P2")


def test_a_key_names_people_models_and_digits():
    assert Cell(("a", "b"), (3, 8), 2, "a-b").key == ("a-b", "a", "b", 3, 8)


@pytest.mark.parametrize("models", [("GroupNet",), ()])
def test_undirected_cells_have_the_digit_pairs_of_directed_ones(models):
    directed = balanced_cells(("P1", "P2"), 10, 7, 1, seed=5, pair_id="P1-P2", place=3)
    undirected = undirected_cells(models, 10, 7, 2, seed=5, pair_id="P1-P2", place=3)
    assert len(undirected) == 7
    assert {frozenset(cell.targets) for cell in undirected} == {frozenset(cell.targets) for cell in directed}
    assert {(cell.models, cell.quota, cell.pair_id) for cell in undirected} == {(models, 2, "P1-P2")}
