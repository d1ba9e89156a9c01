import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from bam_pipelines.analysis.source_naturalness import source_naturalness


def shown(rows, people=None):
    """A table of stimuli; without others, the two of a pair are its two letters."""
    table = pd.DataFrame(rows, columns=["source", "pair_id", "target_1", "target_2"])
    two = table["pair_id"].map(lambda name: (people or {}).get(name, tuple(name)))
    return table.assign(participant_1=two.str[0], participant_2=two.str[1])


def test_sources_are_compared_within_pair_and_digit_pair():
    rows = [("individual", "ab", 3, 8), ("swapped", "ab", 8, 3), ("individual", "cd", 3, 8), ("none", "xy", 3, 8)]
    found = source_naturalness(shown(rows), np.array([0.9, 0.4, 0.1, 0.8]), 0.5)
    assert found["sources"]["individual"] == {"n": 2, "accepted": 0.5, "score": pytest.approx(0.5)}
    # only ab saw both sources, and 3 and 8 in either order are one digit pair
    assert found["contrasts"]["swapped"]["score"]["value"] == pytest.approx(0.5)
    assert found["contrasts"]["swapped"]["accepted"] == {"value": 1, "low": None, "high": None}
    assert found["contrasts"]["swapped"]["strata_used"] == 1
    assert found["contrasts"]["none"] == {"strata_used": 0} | dict.fromkeys(
        ("accepted", "score"), {"value": None, "low": None, "high": None}
    )


def test_of_pairs_without_people_in_common_the_interval_is_students():
    draw = np.random.default_rng(0)
    differences = draw.normal(0.2, 0.3, 90)
    rows = [(source, f"p{place}", 3, 8) for source in ("individual", "swapped") for place in range(90)]
    people = {f"p{place}": (f"a{place}", f"b{place}") for place in range(90)}
    scores = np.concatenate([0.5 + differences, np.full(90, 0.5)])
    found = source_naturalness(shown(rows, people), scores, 0.5)["contrasts"]["swapped"]["score"]
    reach = t.ppf(0.975, 89) * differences.std(ddof=1) / np.sqrt(90)
    assert found["low"] == pytest.approx(differences.mean() - reach)
    assert found["high"] == pytest.approx(differences.mean() + reach)


def test_the_interval_covers_where_pairs_and_digit_pairs_differ():
    draw, covered = np.random.default_rng(1), 0
    pairs = [(f"g{group}p{place}", f"g{group}{one}", f"g{group}{two}")
             for group in range(6) for place, (one, two) in enumerate(("ab", "ac", "bc"))]  # fmt: skip
    people = {name: two for name, *two in pairs}
    rows = [(source, name, low, low + 1) for source in ("individual", "none") for name in people for low in range(9)]
    table = shown(rows, people)
    for _ in range(60):
        of_pairs, of_digits = np.repeat(draw.normal(0, 0.1, 6), 3), draw.normal(0, 0.1, 9)
        ours = (of_pairs[:, None] + of_digits + draw.normal(0, 0.2, (18, 9))).ravel()
        found = source_naturalness(table, np.concatenate([ours, draw.normal(0, 0.2, 162)]), 0.5)
        ends = found["contrasts"]["none"]["score"]
        covered += ends["low"] <= 0 <= ends["high"]
    assert covered >= 51  # of 95 % 51 or fewer of 60 come about once in 300 times; cells alone cover about half


def test_people_in_one_group_say_nothing_of_others():
    rows = [(source, name, 3, 8) for source in ("individual", "none") for name in ("ab", "bc")]
    found = source_naturalness(shown(rows), np.array([0.9, 0.4, 0.1, 0.8]), 0.5)["contrasts"]["none"]["score"]
    assert found == {"value": pytest.approx(0.2), "low": None, "high": None}


def test_a_score_must_be_above_the_threshold():
    rows = [("individual", "ab", 3, 8), ("individual", "ab", 3, 8)]
    found = source_naturalness(shown(rows), np.array([0.5, 0.6]), 0.5)
    assert found["sources"]["individual"]["accepted"] == 0.5
