"""Texts of every shape, and texts made to break a reader: records come back, or one sentence names the file."""

import csv
import io
import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bam_pipelines.behavior.pseudonyms import Pseudonyms
from bam_pipelines.behavior.readers.delimited import read_delimited
from bam_pipelines.behavior.readers.json_text import read_json
from bam_pipelines.behavior.readers.jspsych import read_jspsych
from bam_pipelines.behavior.readers.texts import decode
from bam_pipelines.compute.faults import InputError
from benchmarks.fuzz.outcomes import NAMED, time_limit
from benchmarks.fuzz.structures import FILE, csv_texts, json_texts

FIELDS = ["participant", "rt", "stimulus", "note"]
# what every file can say: no half characters, and a cell is read without the blanks around it
CELLS = st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8).map(
    lambda text: text.strip() or None
)
ROWS = st.lists(st.fixed_dictionaries(dict.fromkeys(FIELDS, CELLS)), min_size=1, max_size=4)
SHAPES = {
    "array": lambda rows: json.dumps(rows),
    "indented": lambda rows: json.dumps(rows, indent=2, ensure_ascii=False),
    "lines": lambda rows: "\r\n".join(map(json.dumps, rows)),
    "concatenated": lambda rows: "".join(json.dumps([row]) for row in rows),
    "byte-order mark": lambda rows: "\ufeff" + json.dumps(rows),
}


def written(rows, names, line_end):
    content = io.StringIO(newline="")
    writer = csv.DictWriter(content, names, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    return content.getvalue()


def named_or_read(read, made):
    try:
        return read(made, FILE)
    except NAMED as error:
        assert type(error) is InputError and FILE in str(error)
        return None


@given(ROWS, st.sampled_from(sorted(SHAPES)))
def test_json_of_every_shape_comes_back(rows, shape):
    records = read_json(decode(SHAPES[shape](rows).encode(), FILE), FILE)
    assert records.rejects.empty
    assert records.fields[FIELDS].to_dict("records") == rows


@given(ROWS, st.permutations(FIELDS), st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from(["utf-8", "utf-8-sig"]))
def test_csv_comes_back_whatever_the_order_of_its_columns(rows, names, line_end, encoding):
    records = read_delimited(decode(written(rows, names, line_end).encode(encoding), FILE), FILE)
    assert records.rejects.empty
    assert records.fields[FIELDS].to_dict("records") == rows


@given(json_texts() | csv_texts())
def test_made_texts_are_read_or_named(text):
    for read in (read_json, read_jspsych, read_delimited):
        named_or_read(read, text)


@given(json_texts())
def test_what_json_gives_can_be_written(text):
    records = read_json(text, FILE)
    for table in (records.fields, records.rejects):
        assert table.astype("str").to_csv().encode()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "latin-1"])
def test_another_encoding_is_named(encoding):
    with pytest.raises(ValueError, match="answers.csv: cannot be read as text in UTF-8 .*save it"):
        decode('participant,note\n1,"né"\n'.encode(encoding), "answers.csv")


@pytest.mark.parametrize(
    ("begin", "found"),
    [(b"PK\x03\x04", "an archive, or a workbook such as Excel's"), (b"\xd0\xcf\x11\xe0", "a workbook of an old Excel")],
)
def test_a_workbook_is_named(begin, found):
    with pytest.raises(ValueError, match=rf"^t.csv: cannot be read as text in UTF-8 \(it is {found}\); save .* as CSV"):
        decode(begin + b"a,b\n", "t.csv")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": ' * 100_000, "found values nested too deeply"),
        ('{"a": ' + "[" * 5000 + "]" * 5000 + "}", "found values nested too deeply"),
        ('{"a": ' + "9" * 5000 + "}", "found a number with too many digits"),
        ('{"a": "\\ud800"}', "found half a character (an unpaired surrogate), which is no text"),
        ('{"a": 1, "a": 2}', "found field 'a' twice, expected each name once"),
        ('{"RT": 1, "rt ": 2}', "found two fields whose names differ in capitals or blanks alone, expected each once"),
    ],
)  # fmt: skip
def test_records_that_cannot_be_kept_are_rejected_and_those_behind_them_read(text, reason):
    records = read_json(text + '\n{"b": 3}', FILE)
    assert records.rejects["reason"].iloc[0] == reason
    assert records.fields["b"].tolist() == ["3"]


def test_broken_records_within_each_other_are_refused_in_time():
    with time_limit(5), pytest.raises(ValueError, match="made.file: too much of it is broken JSON"):
        read_json('{"a":\n' * 100_000, FILE)


def test_many_broken_lines_are_rejected_in_time_with_their_lines():
    with time_limit(20):
        records = read_json('{"a":1\n' * 10_000 + '{"b": 2}\n', FILE)
    assert records.rejects["line"].tolist() == list(range(1, 10_001))
    assert records.origins["line"].tolist() == [10_001]


@pytest.mark.parametrize(
    "stimulus", ["<img " * 100_000, "<img " + "src " * 100_000, "<img src" + " " * 300_000, "<img src='x " * 50_000]
)
def test_a_stimulus_of_unfinished_tags_is_read_in_time(stimulus):
    with time_limit(5):
        assert len(read_jspsych(json.dumps([{"stimulus": stimulus}]), FILE).records) == 1


def test_blank_lines_behind_a_broken_record_are_passed_in_time():
    with time_limit(5):
        assert len(read_json('{"a"' + "\n" * 300_000, FILE).rejects) == 1


def test_a_table_as_wide_as_it_is_long_is_refused():
    with pytest.raises(ValueError, match="made.file: found 3000 records with 3000 different fields, expected at most"):
        read_json("\n".join(f'{{"field {number}": 1}}' for number in range(3000)), FILE)
    with time_limit(10), pytest.raises(ValueError, match="made.file: found 0 records with 100000 different fields"):
        read_delimited(",".join(f"c{number}" for number in range(100_000)), FILE)


def test_an_open_quotation_mark_is_named_with_its_line():
    with pytest.raises(ValueError, match="made.file, line 3: cannot be read .*is a quotation mark left open"):
        read_delimited('a,b\n1,2\n3,"' + "x" * 200_000, FILE)


def test_an_answer_in_quotes_that_holds_half_a_character_stays_as_it_is():
    records = read_jspsych('[{"stimulus": "a.png", "response": "\\"\\\\ud800\\""}]', FILE).records
    assert records.fields["bam_answer"].tolist() == ['"\\ud800"']


@pytest.mark.parametrize(
    "others", [["x" * 500_000], [f"{number:024x}" for number in range(1500)]], ids=["long", "many"]
)
def test_ids_that_make_no_pattern_are_hidden_all_the_same(others):
    texts = pd.Series(["seen by 5f3c2a9b", "nobody", None], dtype="str")
    hidden = Pseudonyms("a secret of the test").hide_in_texts(texts, [*others, "5f3c2a9b"])
    assert hidden[0].startswith("seen by p") and "5f3c2a9b" not in hidden[0]
    assert hidden[1] == "nobody"
