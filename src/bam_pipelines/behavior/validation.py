"""A table against its pandera schema, with errors that say in one sentence what is wrong where."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa

from bam_pipelines.behavior.coercion import PIXELS, coerce_column, shown
from bam_pipelines.compute.faults import InputError

Kind = str | tuple[str, ...]


@dataclass(frozen=True)
class TableSchema:
    """One table's columns, in order, and what its rows must fulfil.

    Parameters
    ----------
    name
        What error messages call the table.
    kinds
        Column name to kind, see :func:`bam_pipelines.behavior.coercion.coerce_column`; the order is the table's.
    schema
        The pandera schema that a coerced table must pass.
    extra_columns
        Whether columns of the source are kept, named ``extra_*`` and put last.
    """

    name: str
    kinds: dict[str, Kind]
    schema: pa.DataFrameSchema
    extra_columns: bool = False


def build_schema(
    name: str,
    columns: dict[str, tuple[Kind, list[pa.Check]]],
    nullable: set[str] | None = None,
    rows: list[pa.Check] | None = None,
    extra_columns: bool = False,
    descriptions: Mapping[str, str] | None = None,
) -> TableSchema:
    """Build a table's schema.

    Parameters
    ----------
    name
        What error messages call the table.
    columns
        Column name to kind and checks, in the table's order.
    nullable
        Text columns that may be null; for numbers the kind says it (``Int8`` may, ``int8`` may not).
    rows
        Checks across columns, made with :func:`row_check`.
    extra_columns
        Whether ``extra_*`` columns are kept.
    descriptions
        What each column means, for tables that are shared.

    Raises
    ------
    ValueError
        If descriptions are given and not for exactly the columns.
    """
    if descriptions is not None and set(descriptions) != set(columns):
        raise ValueError(f"{name}: columns {sorted(set(descriptions) ^ set(columns))} lack a description or a column.")
    may_be_null = (nullable or set()) | {
        column for column, (kind, _) in columns.items() if isinstance(kind, str) and kind[0].isupper()
    }
    pandera_columns = {
        column: pa.Column(
            _dtype(kind), checks, nullable=column in may_be_null, description=(descriptions or {}).get(column)
        )
        for column, (kind, checks) in columns.items()
    }
    kinds = {column: kind for column, (kind, _) in columns.items()}
    schema = pa.DataFrameSchema(pandera_columns, checks=rows or [], name=name)
    return TableSchema(name, kinds, schema, extra_columns)


def column_check(expected: str, fulfils: Callable[[pd.Series], pd.Series]) -> pa.Check:
    """Return a check of one column's values that are not null; ``expected`` completes "expected ..."."""
    return pa.Check(fulfils, error=expected)


def at_least(low: float) -> pa.Check:
    """Return a check that no value of a column is below ``low``."""
    return column_check(f"at least {low}", lambda values: values >= low)


def matching(pattern: str) -> pa.Check:
    """Return a check that a regular expression matches each of a column's texts as a whole."""
    return column_check(f"text of the form {pattern}", lambda values: values.str.fullmatch(pattern))


def row_check(column: str, expected: str, fulfils: Callable[[pd.DataFrame], pd.Series]) -> pa.Check:
    """Return a check across columns, reported for ``column``."""
    return pa.Check(lambda table: fulfils(table).astype(bool), name=column, error=expected, ignore_na=False)


def validate(table: pd.DataFrame, expected: TableSchema) -> pd.DataFrame:
    """Check a table and bring it into its form.

    Parameters
    ----------
    table
        Any column order and index; not changed.
    expected
        What it must fulfil.

    Returns
    -------
    pandas.DataFrame
        A new table: columns in order with their types, ``extra_*`` columns last, indexed 0 to N−1.

    Raises
    ------
    ValueError
        One sentence that names table, column, row (from 0), found and expected.
    """
    extra = _extra_columns(table, expected)
    columns: dict[str, pd.Series] = {}
    for column, kind in expected.kinds.items():
        try:
            columns[column] = coerce_column(table[column], kind)
        except ValueError as error:
            raise InputError(f"{expected.name}: column {column}, {error}.") from None
    columns |= {column: table[column].reset_index(drop=True) for column in extra}
    result = pd.DataFrame(columns)
    try:
        expected.schema.validate(result, lazy=True)
    except pa.errors.SchemaErrors as errors:
        raise InputError(_sentence(expected.name, result, errors.schema_errors[0])) from None
    return result


def _extra_columns(table: pd.DataFrame, expected: TableSchema) -> list[str]:
    missing = [column for column in expected.kinds if column not in table.columns]
    if missing:
        raise InputError(f"{expected.name}: column {missing[0]} is missing; expected {', '.join(expected.kinds)}.")
    extra = [str(column) for column in table.columns if column not in expected.kinds]
    unknown = [column for column in extra if not (expected.extra_columns and column.startswith("extra_"))]
    if unknown:
        remedy = f"rename it to extra_{unknown[0]} to keep it" if expected.extra_columns else "drop it"
        raise InputError(f"{expected.name}: column {unknown[0]} is unknown; {remedy}.")
    return extra


def _sentence(name: str, table: pd.DataFrame, error: pa.errors.SchemaError) -> str:
    check = error.check
    if not isinstance(check, pa.Check):  # pandera's own: a null where none may be
        column = str(error.schema.name)
        row = int(table[column].isna().to_numpy().argmax())
        return f"{name}: column {column}, row {row}: found null, expected a value."
    across = isinstance(error.schema, pa.DataFrameSchema)
    column = str(check.name if across else error.schema.name)
    row = int(np.min(_failing_rows(error)))
    return f"{name}: column {column}, row {row}: found {shown(table[column].iloc[row])}, expected {check.error}."


def _failing_rows(error: pa.errors.SchemaError) -> np.ndarray:
    return np.asarray(pd.DataFrame(error.failure_cases)["index"].to_numpy(dtype=np.int64))


def _dtype(kind: Kind) -> Any:  # noqa: ANN401  pandera takes classes, instances and names
    if isinstance(kind, tuple):
        return pd.CategoricalDtype(list(kind))
    if kind == "str":
        return pd.StringDtype(na_value=np.nan)
    return "object" if kind == PIXELS else kind
