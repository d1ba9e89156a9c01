"""JSON in the shapes in which experiments keep results."""

import json

import pytest

from bam_pipelines.behavior.readers.json_text import read_json

ROWS = [{"rt": 412.5, "response": "7", "ok": True, "none": None}, {"rt": 300, "view": [1, {"a": 2}]}]
FIELDS = [
    {"rt": "412.5", "response": "7", "ok": "true", "none": None, "view": None},
    {"rt": "300", "response": None, "ok": None, "none": None, "view": '[1, {"a": 2}]'},
]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ROWS),
        json.dumps(ROWS, indent=2),
        "\ufeff" + json.dumps(ROWS).replace(", {", ",\r\n{"),
        "".join(json.dumps([row]) for row in ROWS),
        "\n\n".join(json.dumps([row]) for row in ROWS),
        "\n".join(json.dumps(row) for row in ROWS) + "\n",
    ],
    ids=["array", "indented", "bom and crlf", "concatenated", "arrays by line", "objects by line"],
)
def test_all_shapes_hold_the_same(text):
    records = read_json(text, "d.json")
    assert records.fields.to_dict("records") == FIELDS
    assert records.rejects.empty


def test_names_are_lower_case():
    assert read_json('{"RT": 1, " Response ": 2}', "d.json").fields.columns.tolist() == ["rt", "response"]


def test_lines_are_those_where_records_begin():
    assert read_json('[\n{"a": 1},\n\n{"a":\n2}, {"a": 3}]', "d.json").origins["line"].tolist() == [2, 4, 5]


def test_a_record_that_is_cut_off_is_rejected_and_what_stood_before_it_kept():
    records = read_json('[{"a": 1},\n{"a": 2},\n{"id": "PROLIFIC1", "a"', "d.json")
    assert records.fields["a"].tolist() == ["1", "2"]
    (reject,) = records.rejects.to_dict("records")
    assert (reject["file"], reject["line"], reject["content"]) == ("d.json", 3, "")
    assert reject["reason"].startswith("found text that is cut off")


def test_reading_goes_on_behind_a_broken_line():
    records = read_json('{"a": 1}\n{"a": \n{"a": 3}\n', "d.json")
    assert records.fields["a"].tolist() == ["1", "3"]
    assert records.rejects["line"].tolist() == [2]


def test_an_array_that_ends_early_is_reported():
    records = read_json('[{"a": 1},\n{"a": 2},\n', "d.json")
    assert records.fields["a"].tolist() == ["1", "2"]
    assert records.rejects["reason"].tolist() == ["the file ends inside an array: what followed is lost"]


def test_values_that_are_no_objects_are_rejected():
    records = read_json('[{"a": 1}, 5, "x", null]', "d.json")
    assert len(records) == 1
    assert records.rejects["reason"].tolist() == ["found a value that is no object"] * 3
