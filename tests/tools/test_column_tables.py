"""Tables of columns in the documentation."""

import pytest

from bam_pipelines.behavior.schemas import EXCLUSIONS, PAIRS, PARTICIPANTS, REJECTS, SITTINGS, STIMULI, TRIALS
from tools.column_tables import PAGE, column_table, with_tables


@pytest.mark.parametrize("schema", [TRIALS, STIMULI, PARTICIPANTS, PAIRS, REJECTS, EXCLUSIONS, SITTINGS])
def test_every_column_has_a_row_that_says_what_it_means(schema):
    rows = column_table(schema.name).splitlines()[2:]
    assert [row.split("`")[1] for row in rows] == list(schema.kinds)
    assert all(row.count("|") - row.count("\\|") == 5 and not row.endswith("None |") for row in rows)


def test_a_rows_rule_stands_beside_its_column():
    (row,) = [row for row in column_table("pairs").splitlines() if row.startswith("| `participant_2`")]
    assert "text of the form [A-Za-z0-9]+; another participant than participant_1" in row


def test_the_page_has_the_tables_of_the_schemas():
    page = PAGE.read_text(encoding="utf-8")
    assert page.count("<!-- columns: ") == page.count("<!-- end of columns -->") == 7
    # `make format` writes them anew
    assert with_tables(page) == page


def test_a_table_takes_the_place_of_an_older_one():
    page = "a\n<!-- columns: rejects -->\n\nold\n\n<!-- end of columns -->\nb\n"
    assert with_tables(page) == page.replace("old", column_table("rejects"))
