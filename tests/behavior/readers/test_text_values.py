"""Text to values, table by table."""

import pandas as pd
import pytest

from bam_pipelines.behavior.readers.text_values import parse_boolean, parse_class, parse_number, parse_whole


def check(parsed, expected):
    values, bad = parsed
    found = [("bad" if wrong else None if pd.isna(value) else value) for value, wrong in zip(values, bad, strict=True)]
    assert found == expected


def texts(*values):
    return pd.Series(values, dtype="str")


def test_whole_numbers():
    given = texts("7", "7.0", "-1", "7.5", "x", None, "1e3", "9007199254740993", "")
    check(parse_whole(given), [7, 7, -1, "bad", "bad", None, "bad", "bad", "bad"])


def test_numbers():
    check(
        parse_number(texts("412.5", " 7 ", "-3", "1e3", "nan", "inf", None, "12ms")),
        [412.5, 7, -3, 1000, "bad", "bad", None, "bad"],
    )


def test_booleans():
    given = texts("True", "1", "Yes", " y", "1.0", "FALSE", "no", "0", None, "maybe")
    check(parse_boolean(given), [True] * 5 + [False] * 3 + [None, "bad"])


def test_classes_by_number_or_name():
    check(
        parse_class(texts("7", "7.0", "Dog", "cat ", "-1", "bird", None), {"cat": 0, "dog": 1}),
        [7, 7, 1, 0, "bad", "bad", None],
    )


@pytest.mark.parametrize("parse", [parse_whole, parse_number, parse_boolean])
def test_nothing_is_not_bad(parse):
    values, bad = parse(texts(None, None))
    assert values.isna().all()
    assert not bad.any()
