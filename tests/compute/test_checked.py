"""Settings are what their annotations say, and every problem of nested ones is named."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

import pytest
from annotated_types import Ge, Gt, Interval, Le, Len, Lt, MultipleOf

from bam_pipelines.compute.checked import (
    NO_PARAMETER,
    CheckedSettings,
    Count,
    FromList,
    Positive,
    Problem,
    SettingsError,
    read_settings,
    unknown,
    wrong,
)
from bam_pipelines.compute.expectations import Meaning, shown, words


@dataclass(frozen=True)
class Inner(CheckedSettings):
    count: Count
    rate: Positive | None

    def conflicts(self) -> Iterable[Problem]:
        if self.rate is not None and self.rate > self.count:
            yield wrong("rate", self.rate, "at most count")


@dataclass(frozen=True)
class Outer(CheckedSettings):
    inner: Inner
    each: Mapping[Literal["a", "b"], Inner]
    shares: Mapping[Literal["a", "b"], float]
    pair: Annotated[tuple[float, float], FromList]
    hidden: int = field(default=7, metadata=NO_PARAMETER)


GOOD = {"count": 2, "rate": 1.5}
WHOLE = {"inner": GOOD, "each": {"a": GOOD, "b": {"count": 1, "rate": None}}, "shares": {"a": 1}, "pair": [0, 1]}


def told(parameters, name="stage"):
    with pytest.raises(SettingsError) as refused:
        read_settings(Outer, name, parameters)
    return [str(problem) for problem in refused.value.problems]


def test_settings_are_built_as_deep_as_they_go():
    found = read_settings(Outer, "stage", WHOLE)
    assert found == Outer(
        Inner(2, 1.5), {"a": Inner(2, 1.5), "b": Inner(1, None)}, {"a": 1}, (0, 1), hidden=7
    )  # the list became a tuple


def test_settings_are_checked_wherever_they_are_made():
    with pytest.raises(SettingsError, match=r"^count is 0, expected an integer of at least 1\.\nrate is 'x', expected"):
        Inner(0, "x")
    with pytest.raises(SettingsError, match=r"^rate is 3\.0, expected at most count\.$"):
        Inner(2, 3.0)
    with pytest.raises(ValueError, match=r"inner is 3, expected a mapping of count, rate"):
        Outer(3, {}, {}, (0, 1))


@pytest.mark.parametrize("count", [True, 1.0, "1", None, 0, [1], {"x": 1}])
def test_what_is_no_count(count):
    (problem,) = told(WHOLE | {"inner": GOOD | {"count": count}})
    assert problem == f"stage.inner.count is {shown(count)}, expected an integer of at least 1."


def test_all_problems_are_told_in_the_order_of_the_fields():
    parameters = {
        "innr": 1,
        "inner": {"count": 0, "rat": 2, "rate": -1},
        "each": {"a": {"count": 1, "rate": 2}, "c": GOOD},
        "shares": {"a": "x", "d": 1},
        "pair": [0, 1, 2],
        "hidden": 8,
    }
    assert told(parameters) == [
        "stage.innr is unknown; did you mean stage.inner?",
        "stage.hidden is unknown; expected one of inner, each, shares, pair.",
        "stage.inner.rat is unknown; did you mean stage.inner.rate?",
        "stage.inner.count is 0, expected an integer of at least 1.",
        "stage.inner.rate is -1, expected a number above 0, or null.",
        "stage.each.c is unknown; expected one of a, b.",
        "stage.each.b is missing, expected a mapping of count, rate.",
        "stage.each.a.rate is 2, expected at most count.",
        "stage.shares.d is unknown; expected one of a, b.",
        "stage.shares.a is 'x', expected a number.",
        "stage.pair is [0, 1, 2], expected a list of 2 numbers.",
    ]


def test_what_is_no_mapping():
    assert told(None) == ["stage is null, expected a mapping of inner, each, shares, pair."]
    assert told(WHOLE | {"each": 3}, "") == ["each is 3, expected a mapping of a, b."]


def test_names_of_all_parameters_have_no_prefix():
    assert str(unknown("sed", ["seed"])) == "sed is unknown; did you mean seed?"


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        (bool, "true or false"),
        (str | None, "text, or null"),
        (Annotated[float, Interval(ge=0, le=1)], "a number from 0 to 1"),
        (Annotated[float, Interval(ge=0, lt=1)], "a number from 0 to below 1"),
        (Annotated[float, Interval(gt=0, le=1)], "a number above 0 and at most 1"),
        (Annotated[float, Gt(0), Lt(0.5)], "a number above 0 and below 0.5"),
        (Annotated[int, Le(45)], "an integer of at most 45"),
        (Annotated[int, Ge(1), MultipleOf(4)], "a positive multiple of 4"),
        (Literal["a"], "a"),
        (Sequence[Annotated[int, Ge(2)]], "a list of integers of at least 2"),
        (Annotated[Sequence[Sequence[str]], Len(1)], "a non-empty list of lists of texts"),
        (Annotated[Sequence[str], Len(2, 2)], "a list of 2 texts"),
        (Annotated[str, Meaning("a web address")] | None, "a web address, or null"),
        (Mapping[str, int], "a mapping"),
    ],
)
def test_annotations_in_words(hint, expected):
    assert words(hint) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "null"), (True, "true"), ("a", "'a'"), ({}, "an empty mapping"), ({"a": 1, 2: 3}, "a mapping of a, 2")],
)
def test_values_are_shown_as_they_are_written(value, expected):
    assert shown(value) == expected
    assert shown("x" * 100) == "'" + "x" * 59 + " …"
