"""Tables of every shape against the schemas, and answers in another order: what is said does not depend on either."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bam_pipelines.behavior.coercion import coerce_column
from bam_pipelines.behavior.judgments import judgment_shares
from bam_pipelines.behavior.pseudonyms import Pseudonyms
from bam_pipelines.behavior.readers.columns import ColumnMap
from bam_pipelines.behavior.readers.delimited import read_delimited
from bam_pipelines.behavior.readers.trials import read_trials
from bam_pipelines.behavior.validation import validate
from bam_pipelines.compute.faults import InputError
from benchmarks.fuzz import samples
from benchmarks.fuzz.structures import schema_tables

MAPPING = ColumnMap({what: [what] for what in ("participant", "stimulus", "response", "trial_index", "session")})
ROWS = [f"p{row % 3},{row % 5}.png,{row % 10},{row // 3},1,note {row}" for row in range(12)]
NAMES = ["participant", "stimulus", "response", "trial_index", "session", "note"]


def read(text):
    return read_trials(read_delimited(text, "t.csv"), MAPPING, Pseudonyms("a secret of the test"), 10)


@given(schema_tables())
def test_a_table_fits_or_is_named_and_fits_again_in_any_order(made):
    schema, table = made
    try:
        found = validate(table, schema)
    except ValueError as error:
        assert type(error) is InputError
        assert str(error).startswith(f"{schema.name}: column ")
        return
    again = validate(found[found.columns[::-1]], schema)
    pd.testing.assert_frame_equal(again[found.columns], found, check_exact=True)
    assert list(found.columns)[: len(schema.kinds)] == list(schema.kinds)


@settings(max_examples=4)
@given(st.permutations(range(len(ROWS))), st.permutations(range(len(NAMES))))
def test_trials_do_not_depend_on_the_order_of_rows_and_columns(rows, columns):
    cells = [line.split(",") for line in [",".join(NAMES), *(ROWS[row] for row in rows)]]
    shuffled = read("\n".join(",".join(line[column] for column in columns) for line in cells)).trials
    expected = read("\n".join([",".join(NAMES), *ROWS])).trials
    pd.testing.assert_frame_equal(shuffled.drop(columns="line"), expected.drop(columns="line"))


@pytest.mark.parametrize(
    ("column", "value", "highest"),
    [("session", 2**15, 2**15 - 1), ("trial_index", 2**31, 2**31 - 1), ("session", "9" * 40, 2**15 - 1)],
)
def test_a_number_that_no_column_holds_is_a_reject_with_its_line(column, value, highest):
    row = {"participant": "ann", "stimulus": "a.png", "response": "1", "trial_index": "0", "session": "1", "note": ""}
    rows = [row, row | {column: str(value)}]
    text = "\n".join([",".join(NAMES), *(",".join(one[name] for name in NAMES) for one in rows)])
    (reject,) = read(text).rejects.to_dict("records")
    assert reject["line"] == 3
    assert reject["reason"].endswith(f"to {highest}")
    assert reject["reason"].startswith(f"{column} '{value}', expected a whole number from")


def test_columns_whose_names_differ_in_signs_alone_are_all_kept():
    names = ["participant", "stimulus", "response", "trial_index", "session", "a b", "a-b", "a_b", "%", "stimulus!"]
    cells = ["p", "x.png", "1", "0", "1", "one", "two", "three", "four", "five"]
    kept = read(",".join(names) + "\n" + ",".join(cells)).trials.filter(like="extra_").iloc[0].to_dict()
    assert kept == {
        "extra_a_b": "three", "extra_a_b_2": "one", "extra_a_b_3": "two", "extra_column": "four",
        "extra_stimulus_2": "five",
    }  # fmt: skip


@pytest.mark.parametrize("values", [[1 + 2j, 1], [pd.Timestamp(0)], [b"1"], [[1]], [10**400], [2**63]])
def test_what_is_no_number_is_named(values):
    with pytest.raises(ValueError, match="row 0: found .*, expected a "):
        coerce_column(pd.Series(values), "Int64")


def test_judgments_do_not_depend_on_the_order_of_answers_and_images():
    trials, stimuli = samples.trial_table(), samples.stimulus_table()
    expected = judgment_shares(trials, stimuli)
    pd.testing.assert_frame_equal(judgment_shares(trials[::-1], stimuli[::-1]), expected)
    assert expected["n_answers"].sum() == 3
    assert np.isfinite(expected["share_digit"]).all()
