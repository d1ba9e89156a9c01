import numpy as np
import pandas as pd

from bam_pipelines.analysis.crossed_counts import connected_groups, crossed_counts


def test_every_answer_is_in_one_cell(pair_table_of):
    table = pd.concat(
        [
            pair_table_of(("ab", "individual", (3, 8), {"targeted": 2}), ("ab", "individual", (8, 3), {"opposite": 1})),
            pair_table_of(("cd", "individual", (1, 7), {"bias": 4}), margin=0.5),
            pair_table_of(("cd", "none", (7, 1), {"failure": 5})),
        ]
    )
    crossed = crossed_counts(table)
    assert (crossed.sources, crossed.pairs) == (("individual", "none"), ("ab", "cd"))
    assert crossed.digit_pairs == ((1, 7), (3, 8)) and crossed.margins[1:] == (0.5,)
    expected = np.zeros((2, 2, 2, 2, 2, 4), dtype=int)
    expected[0, 0, 1, 0, 0, 0] = 2  # individual, ab, 3-8, no margin, 3 first, targeted
    expected[0, 0, 1, 0, 1, 1] = 1
    expected[0, 1, 0, 1, 0, 2] = 4
    expected[1, 1, 0, 0, 1, 3] = 5
    np.testing.assert_array_equal(crossed.counts, expected)


def test_margins_match_where_both_sources_have_them(pair_table_of):
    made = pair_table_of(("ab", "individual", {"targeted": 1}), ("ab", "swapped", {"targeted": 1}), margin=0.5)
    more = pair_table_of(("ab", "individual", {"targeted": 1}), margin=1.0)
    crossed = crossed_counts(pd.concat([made, more, pair_table_of(("ab", "none", {"bias": 1}))]))
    ours, theirs = crossed.matched("individual", "swapped")
    assert ours.sum(axis=-1).ravel().tolist() == [0, 1, 1] and theirs.sum(axis=-1).ravel().tolist() == [0, 1, 0]
    ours, theirs = crossed.matched("individual", "none")
    assert ours.sum(axis=-1).ravel().tolist() == [2] and theirs.sum(axis=-1).ravel().tolist() == [1]


def test_pairs_that_share_people_through_others_are_one_group():
    one, two = pd.Series(["a", "x", "b", "c"]), pd.Series(["b", "y", "c", "d"])
    assert connected_groups(one, two).tolist() == [0, 1, 0, 0]
