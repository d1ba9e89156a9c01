"""Coverage of a manifold by hand and against a naive double loop."""

import numpy as np
import pytest

from bam_pipelines.analysis.manifold import coverage


def test_by_hand_on_a_line():
    reference = np.array([[0.0], [1.0], [3.0], [10.0]])
    # nearest neighbours are 1, 1, 2 and 7 away: the balls cover [−1, 2], [1, 5] and [3, 17]
    queries = np.array([[-1.5], [-1.0], [1.5], [2.5], [6.0], [17.0], [17.5]])
    # outside, on the edge, inside, inside [1, 5], inside [3, 17], on the edge, outside
    assert coverage(reference, queries, k=1) == pytest.approx(5 / 7)


def test_more_neighbours_are_wider_balls():
    reference = np.array([[0.0], [1.0], [3.0], [10.0]])
    # second neighbours are 3, 2, 3 and 9 away: [−3, 3], [−1, 3], [0, 6], [1, 19]
    assert coverage(reference, np.array([[-3.0], [19.0], [-3.1], [19.1]]), k=2) == 0.5


@pytest.mark.parametrize("k", [1, 3, 9])
def test_agrees_with_a_double_loop(k):
    generator = np.random.default_rng(0)
    reference, queries = generator.normal(size=(10, 2)), generator.normal(size=(60, 2)) * 2
    inside = 0
    for query in queries:
        for index, center in enumerate(reference):
            others = [np.linalg.norm(other - center) for place, other in enumerate(reference) if place != index]
            if np.linalg.norm(query - center) <= sorted(others)[k - 1]:
                inside += 1
                break
    assert coverage(reference, queries, k) == pytest.approx(inside / 60)
    assert 0 < inside < 60


def test_a_manifold_covers_itself_and_nothing_far_away():
    reference = np.random.default_rng(0).normal(size=(20, 3))
    assert coverage(reference, reference, k=3) == 1.0
    assert coverage(reference, reference + 100, k=3) == 0.0


@pytest.mark.parametrize("k", [0, 4])
def test_an_impossible_number_of_neighbours_is_refused(k):
    with pytest.raises(ValueError, match=f"k is {k}, expected 1 to 3"):
        coverage(np.zeros((4, 2)), np.zeros((1, 2)), k)
