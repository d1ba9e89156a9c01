import pytest

from bam_pipelines.behavior.clear_digits import choose_clear_digits
from bam_pipelines.behavior.schemas import validate_stimuli


def test_only_digits_that_the_observer_names_rightly(observer, digits):
    wrong = digits.copy()
    wrong.loc[:9, "label"] = (wrong.loc[:9, "label"] + 1) % 3
    chosen = choose_clear_digits(wrong, observer, 50, 1.0, seed=0, round_number=1)
    assert sorted(chosen["stimulus_id"]) == sorted(wrong["stimulus_id"][10:])
    table = validate_stimuli(chosen.drop(columns="label"))
    assert (table["strategy"] == "natural").all() and (table["method"] == "none").all()
    assert table[["target_1", "model_1", "p1_target_1", "seed"]].isna().all(axis=None)


def test_only_the_digits_that_the_observer_is_surest_of(observer, digits):
    # Logits are 12 * brightness + (0, .25, -.25): class 1 is the surest, then 0, then 2; 20 digits of each.
    assert set(choose_clear_digits(digits, observer, 20, 1 / 3, 0, 1)["label"]) == {1}
    assert set(choose_clear_digits(digits, observer, 40, 2 / 3, 0, 1)["label"]) == {0, 1}


def test_rounds_get_different_digits(observer, digits):
    first, second = (choose_clear_digits(digits, observer, 30, 1.0, 0, number)["stimulus_id"] for number in (1, 2))
    assert not set(first) & set(second)


def test_the_order_of_the_digits_does_not_matter(observer, digits):
    chosen = choose_clear_digits(digits, observer, 10, 1.0, 0, 1)
    assert chosen.equals(choose_clear_digits(digits.iloc[::-1], observer, 10, 1.0, 0, 1))


def test_too_few_clear_digits_are_an_error(observer, digits):
    with pytest.raises(
        ValueError, match=r"60 of 60 digits are clear to the observer, expected at least 80 for 2 round\(s\)"
    ):
        choose_clear_digits(digits, observer, 40, 1.0, 0, 2)
