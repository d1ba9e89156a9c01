"""Who is paired with whom."""

import numpy as np
import pandas as pd
import pytest

from bam_pipelines.alignment.pairs import all_pairs, different_pairs, given_pairs, group_pairs, swapped_people

PEOPLE = [f"s{number:03d}" for number in range(1, 21)]


def test_the_papers_six_groups_of_three_give_eighteen_pairs():
    pairs = group_pairs(PEOPLE, n_groups=6, group_size=3, seed=0)
    assert len(pairs) == 18  # 6 · 3 · 2 / 2
    assert pairs["group"].value_counts().to_dict() == dict.fromkeys(range(6), 3)
    members = [set(block["participant_1"]) | set(block["participant_2"]) for _, block in pairs.groupby("group")]
    assert [len(group) for group in members] == [3] * 6
    assert len(set().union(*members)) == 18  # disjoint
    assert set().union(*members) <= set(PEOPLE)


def test_a_pair_is_named_after_its_members_in_order():
    pairs = group_pairs(PEOPLE, n_groups=6, group_size=3, seed=0)
    assert (pairs["participant_1"] < pairs["participant_2"]).all()
    assert (pairs["pair_id"] == pairs["participant_1"] + "x" + pairs["participant_2"]).all()
    assert pairs["pair_id"].is_unique


def test_the_seed_decides_and_the_order_of_the_list_does_not():
    first, again, other = (group_pairs(PEOPLE, 2, 3, seed) for seed in (0, 0, 1))
    assert first.equals(again)
    assert not first.equals(other)
    assert first.equals(group_pairs(PEOPLE[::-1], 2, 3, seed=0))


def test_too_few_participants_are_refused():
    with pytest.raises(ValueError, match="7 groups of 3 need 21 participants with an individual model, but 20"):
        group_pairs(PEOPLE, n_groups=7, group_size=3, seed=0)


@pytest.mark.parametrize(("n_groups", "group_size"), [(0, 3), (1, 1)])
def test_groups_that_make_no_pair_are_refused(n_groups, group_size):
    with pytest.raises(ValueError, match=f"{n_groups} groups of {group_size} asked for, expected at least 1 group of"):
        group_pairs(PEOPLE, n_groups, group_size, seed=0)


def test_a_participant_listed_twice_is_refused():
    with pytest.raises(ValueError, match="a participant stands there twice"):
        group_pairs([*PEOPLE, "s001"], 1, 3, seed=0)


def named_pairs(*two):
    return pd.DataFrame([(f"{a}x{b}", a, b) for a, b in two], columns=["pair_id", "participant_1", "participant_2"])


def test_swapped_people_are_another_pair_that_shares_nobody():
    pairs = named_pairs("ab", "ac", "bc", "de", "df", "ef")
    swapped = swapped_people(pairs, "abcdef", seed=0)
    assert swapped["axb"] == ("d", "e")  # the next one that shares nobody
    assert swapped["dxe"] == ("a", "b")
    for pair_id, others in swapped.items():
        assert not set(pair_id.split("x")) & set(others)


def test_without_such_a_pair_two_others_are_drawn():
    pairs = named_pairs("ab", "ac", "bc")
    swapped = swapped_people(pairs, "abcdefgh", seed=0)
    assert set(swapped) == set(pairs["pair_id"])
    for pair_id, others in swapped.items():
        assert len(set(others)) == 2 and not set(pair_id.split("x")) & set(others)
    assert swapped == swapped_people(pairs, "hgfedcba", seed=0)
    assert swapped != swapped_people(pairs, "abcdefgh", seed=1)


def test_too_few_others_are_an_error():
    with pytest.raises(ValueError, match="pair axb: swapped controls need the models of two other .* but 1 have one"):
        swapped_people(named_pairs("ab"), "abc", seed=0)


def distances_between(places):
    places = np.asarray(places, dtype=float)
    return np.abs(places[:, None] - places[None])


def test_those_who_differ_most_are_grouped_first():
    people = ["a", "b", "c", "d", "e", "f"]
    far = distances_between([0, 1, 10, 2, 9, 5])
    pairs = different_pairs(people, far, n_groups=2, group_size=2)
    assert pairs[["participant_1", "participant_2", "group"]].values.tolist() == [["a", "c", 0], ["b", "e", 1]]
    # c stands 5 away from the line: a and c differ by 15, and from them d by (12 + 7) / 2, more than b, e and f
    aside = distances_between([0, 3, 10, 12, 9, 5])
    aside[2] += 5
    aside[:, 2] += 5
    triad = different_pairs(people, aside, n_groups=1, group_size=3)
    assert set(triad["participant_1"]) | set(triad["participant_2"]) == {"a", "c", "d"}


def test_groups_of_those_who_differ_are_disjoint():
    draw = np.random.default_rng(0)
    pairs = different_pairs(PEOPLE, distances_between(draw.normal(size=20)), n_groups=6, group_size=3)
    members = [set(block["participant_1"]) | set(block["participant_2"]) for _, block in pairs.groupby("group")]
    assert [len(group) for group in members] == [3] * 6
    assert len(set().union(*members)) == 18


def test_all_pairs_are_one_group():
    pairs = all_pairs(["s3", "s1", "s2"])
    assert pairs["pair_id"].tolist() == ["s1xs2", "s1xs3", "s2xs3"]
    assert set(pairs["group"]) == {0}


def test_given_pairs_keep_their_order_and_share_a_group_where_they_share_people():
    pairs = given_pairs([["s3", "s1"], ["s4", "s5"], ["s1", "s2"]], ["s1", "s2", "s3", "s4", "s5"])
    assert pairs["pair_id"].tolist() == ["s3xs1", "s4xs5", "s1xs2"]
    one, two, three = pairs["group"]
    assert one == three != two


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([], "manipulation.pairs is empty"),
        ([["s1", "s1"]], "pairs s1 with itself"),
        ([["s1", "s9"]], "names s9, who has no individual model"),
        ([["s1", "s2"], ["s2", "s1"]], "names s1 and s2 twice"),
        ([["s1", "s2", "s3"]], "expected two participant ids"),
        (["s1s2"], "expected two participant ids"),
    ],
)
def test_bad_pairs_are_refused(pairs, message):
    with pytest.raises(ValueError, match=message):
        given_pairs(pairs, ["s1", "s2", "s3"])
