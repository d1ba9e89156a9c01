"""Columns of text to numbers, classes and booleans; what does not fit is named, never guessed."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

_WHOLE = r"[+-]?\d+(\.0*)?"
_TRUE = ("true", "1", "1.0", "yes", "y", "t")
_FALSE = ("false", "0", "0.0", "no", "n", "f")

Parsed = tuple[pd.Series, pd.Series]


def parse_whole(texts: pd.Series) -> Parsed:
    """Read whole numbers, ``7`` or ``7.0``.

    Parameters
    ----------
    texts
        Text or None.

    Returns
    -------
    values
        Int64, null where there is no text or it does not fit.
    bad
        bool, True where a text does not fit.
    """
    written = texts.notna()
    fits = texts.str.fullmatch(_WHOLE).fillna(False).astype(bool)
    numbers = pd.to_numeric(texts.where(fits), errors="coerce")
    small = numbers.abs() < 2**53  # beyond it a float is no exact whole number
    return numbers.where(small).astype("Int64"), written & ~(fits & small.fillna(False))


def parse_number(texts: pd.Series) -> Parsed:
    """Read finite numbers; see :func:`parse_whole`. Values are Float64."""
    numbers = pd.to_numeric(texts.str.strip(), errors="coerce").astype("float64")
    bad = texts.notna() & ~np.isfinite(numbers)
    return numbers.where(~bad).astype("Float64"), bad


def parse_boolean(texts: pd.Series) -> Parsed:
    """Read ``True``, ``1``, ``yes``, ``y`` or ``t`` and their opposites in any case. Values are boolean."""
    lower = texts.str.strip().str.lower()
    values = pd.Series(pd.NA, index=texts.index, dtype="boolean")
    values[lower.isin(_TRUE)] = True
    values[lower.isin(_FALSE)] = False
    return values, texts.notna() & values.isna()


def parse_class(texts: pd.Series, names: Mapping[str, int]) -> Parsed:
    """Read classes, numbers from 0 or ``names`` in any case; see :func:`parse_whole`."""
    named = texts.str.strip().str.lower().map(dict(names)).astype("Int64")
    numbers, bad = parse_whole(texts)
    values = named.fillna(numbers)
    bad = (bad & named.isna()) | (values < 0).fillna(False)
    return values.where(~bad), bad.astype(bool)
