"""Columns brought to the type that a table asks for, without losing a value on the way."""

import numpy as np
import pandas as pd

PIXELS = "pixels"  # the kind of a column of flat uint8 images, which pandas has no type for


def coerce_column(values: pd.Series, kind: str | tuple[str, ...]) -> pd.Series:
    """Bring one column to its type, or say which value does not fit.

    ``astype`` would wrap 300 into an int8, cut 1.5 to 1 and make an unknown category null; here each is an error.

    Parameters
    ----------
    values
        The column, any index.
    kind
        ``str``, ``bool``, the name of a pandas integer or float type (nullable when it begins with a capital),
        :data:`PIXELS`, or the tuple of a category's values.

    Returns
    -------
    pandas.Series
        Indexed 0 to N−1.

    Raises
    ------
    ValueError
        ``row R: found F, expected E`` for the first value that does not fit.
    """
    values = values.reset_index(drop=True)
    if isinstance(kind, tuple):
        _require(values.isin(kind), values, "one of " + ", ".join(kind))
        return values.astype(pd.CategoricalDtype(list(kind)))
    if kind == PIXELS:
        return _pixels(values)
    if kind == "str":
        is_text = values.map(lambda value: isinstance(value, str)).astype(bool)
        _require(values.isna() | is_text, values, "text")
        return values.astype("str")
    if kind == "bool":
        _require(values.map(lambda value: isinstance(value, (bool, np.bool_))), values, "True or False")
        return values.astype("bool")
    return _number(values, kind)


def _number(values: pd.Series, kind: str) -> pd.Series:
    numbers = _exact_integers(values) if values.dtype == "object" else pd.to_numeric(values, errors="coerce")
    if numbers.dtype.kind not in "biuf" or values.dtype.kind in "mM":  # complex, or dates, which pandas counts in ns
        numbers = pd.Series(np.nan, index=values.index)
    nullable = kind[0].isupper()
    _require(numbers.notna() | (values.isna() & nullable), values, "a number or null" if nullable else "a number")
    if "int" in kind.lower():
        limits = np.iinfo(kind.lower())
        whole = numbers.isna() | ((numbers % 1 == 0) & (numbers >= limits.min) & (numbers <= limits.max))
        _require(whole.fillna(False), values, f"a whole number from {limits.min} to {limits.max}")
    return numbers.astype(kind)


def _exact_integers(values: pd.Series) -> pd.Series:
    """Read numbers among objects; whole ones beside nulls must not pass through float64, which cuts a seed's digits."""
    if values.dropna().map(_is_int64).all():
        return values.where(values.notna(), pd.NA).astype("Int64")
    return pd.to_numeric(values.mask(values.map(_is_no_number).astype(bool)), errors="coerce")


def _is_no_number(value: object) -> bool:
    # pandas reads bytes as the text of a number, and stops at a whole number that is too large for a float
    return isinstance(value, bytes) or (isinstance(value, int) and abs(value) >= 2**1000)


def _is_int64(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and abs(int(value)) < 2**63


def _pixels(values: pd.Series) -> pd.Series:
    fits = values.map(_is_flat_uint8).astype(bool)
    _require(fits, values, "a flat list of whole numbers from 0 to 255")
    arrays = [np.asarray(image, dtype=np.uint8) for image in values]
    return pd.Series(arrays, index=values.index, dtype="object")


def _is_flat_uint8(image: object) -> bool:
    if not isinstance(image, (list, tuple, np.ndarray)):
        return False
    array = np.asarray(image)
    if array.dtype == np.uint8:
        return array.ndim == 1
    return array.ndim == 1 and array.dtype.kind in "iu" and bool(((array >= 0) & (array <= 255)).all())


def _require(fits: pd.Series, values: pd.Series, expected: str) -> None:
    wrong = ~fits.astype(bool).to_numpy()
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(f"row {row}: found {shown(values.iloc[row])}, expected {expected}")


def shown(value: object) -> str:
    """Return a value as an error message shows it: ``null`` for a missing one, long ones cut."""
    if not isinstance(value, (list, tuple, np.ndarray)) and pd.isna(value):
        return "null"
    text = " ".join(repr(value.item() if isinstance(value, np.generic) else value).split())
    return text if len(text) <= 60 else text[:57] + "..."
