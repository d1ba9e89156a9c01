"""Comma-separated text, with everything that spreadsheets do to it."""

import pytest

from bam_pipelines.behavior.readers.delimited import read_delimited


def test_names_are_lower_case_and_empty_cells_null():
    records = read_delimited("Subject,RT \na,12\nb,\n", "t.csv")
    assert records.fields.to_dict("records") == [{"subject": "a", "rt": "12"}, {"subject": "b", "rt": None}]
    assert records.origins[["file", "line"]].to_dict("records") == [
        {"file": "t.csv", "line": 2},
        {"file": "t.csv", "line": 3},
    ]
    assert records.rejects.empty


def test_byte_order_mark_carriage_returns_and_empty_lines_do_no_harm():
    records = read_delimited("\ufeffa,b\r\n1,2\r\n\r\n3,4\r\n", "t.csv")
    assert records.fields.to_dict("records") == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]
    assert records.origins["line"].tolist() == [2, 4]


def test_a_quoted_cell_may_hold_commas_and_line_ends():
    records = read_delimited('a,b\n"1,\n2",x\n3,y\n', "t.csv")
    assert records.fields["a"].tolist() == ["1,\n2", "3"]
    assert records.origins["line"].tolist() == [2, 4]


def test_a_row_of_another_length_is_rejected_with_its_line_and_without_its_content():
    records = read_delimited("a,b\n1,2\nPROLIFIC1\n3,4,5\n6,7\n", "t.csv")
    assert records.fields["a"].tolist() == ["1", "6"]
    assert records.rejects.to_dict("records") == [
        {"file": "t.csv", "line": 3, "reason": "found 1 cells, expected 2", "content": ""},
        {"file": "t.csv", "line": 4, "reason": "found 3 cells, expected 2", "content": ""},
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "found no line with the names"),
        ("a,A\n1,2\n", "found column a twice"),
        ("a;b\n1;2\n", "found semicolons between the columns' names, expected commas; save it with commas"),
        ("a\tb\n1\t2\n", "found tabs between the columns' names"),
    ],
)
def test_headers_that_cannot_be_used(text, sentence):
    with pytest.raises(ValueError, match=f"t.csv: {sentence}"):
        read_delimited(text, "t.csv")
