"""Records to trials, by tables written by hand."""

import pandas as pd
import pytest

from bam_pipelines.behavior.pseudonyms import Pseudonyms
from bam_pipelines.behavior.readers.columns import ColumnMap
from bam_pipelines.behavior.readers.delimited import read_delimited
from bam_pipelines.behavior.readers.trials import read_trials

COLUMNS = {"participant": ["person"], "stimulus": ["image"], "response": ["answer"], "trial_index": ["n"], "rt": ["rt"]}
SALT = "a secret of the test"


def read(text, n_classes=10, salt=SALT, **changes):
    columns = COLUMNS | changes.pop("columns", {})
    return read_trials(read_delimited(text, "t.csv"), ColumnMap(columns, **changes), Pseudonyms(salt), n_classes)


def pseudonym(person):
    return Pseudonyms(SALT).of(person)


def test_a_plain_table():
    reading = read("person,n,image,answer,rt,device\nann,0,a.png,7.0,412,phone\nann,1,b.png,3,,\n")
    first, second = reading.trials.to_dict("records")
    assert first["participant_id"] == pseudonym("ann") != "ann"
    assert (first["response"], first["rt_ms"], first["extra_device"]) == (7, 412, "phone")
    assert (first["session"], first["round"], first["task"], first["phase"]) == (1, 1, "digit", "main")
    assert second["response"] == 3
    assert pd.isna(second["rt_ms"]) and pd.isna(second["extra_device"])
    assert reading.rejects.empty


def test_times_in_seconds_and_texts_that_mean_no_answer():
    reading = read(
        "person,image,answer,rt\na,x,na,0.5\na,y,NA,0.25\n", rt_unit="s", missing=["na"], columns={"trial_index": []}
    )
    assert reading.trials["response"].isna().all()
    assert reading.trials["rt_ms"].tolist() == [500, 250]
    assert reading.trials["trial_index"].tolist() == [0, 1]


def test_names_of_classes():
    reading = read("person,n,image,answer\na,0,x,Dog\na,1,y,cat\n", 2, class_names=["cat", "dog"])
    assert reading.trials["response"].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("ann,0,a.png,12,400", "response '12', expected 0 to 9"),
        ("ann,0,a.png,seven,400", "response 'seven', expected 0 to 9"),
        ("ann,0,a.png,7,-12", "rt '-12', expected a number above 0"),
        ("ann,0,a.png,7,fast", "rt 'fast', expected a number above 0"),
        ("ann,zero,a.png,7,400", "trial_index 'zero', expected a whole number from 0 to 2147483647"),
        ("ann,0,,7,400", "no stimulus, expected one"),
        (",0,a.png,7,400", "no participant, expected one"),
    ],
)
def test_a_bad_row_is_rejected_with_its_line_and_content_but_without_the_id(row, reason):
    reading = read(f"person,n,image,answer,rt\nbob,0,a.png,1,300\n{row}\n")
    assert len(reading.trials) == 1
    (reject,) = reading.rejects.to_dict("records")
    assert (reject["file"], reject["line"], reject["reason"]) == ("t.csv", 3, reason)
    assert "ann" not in reject["content"]
    if "a.png" in row:
        assert '"image": "a.png"' in reject["content"]


def test_equal_duplicates_are_dropped_and_counted():
    reading = read("person,n,image,answer,rt\na,0,x,1,300\na,0,x,1,300\na,1,x,1,300\n")
    assert reading.duplicates == 1
    assert reading.trials["trial_index"].tolist() == [0, 1]
    assert reading.trials["repetition"].tolist() == [0, 1]


def test_duplicates_that_differ_are_an_error():
    with pytest.raises(
        ValueError,
        match=r"t.csv, line 3: participant p\w+, session 1, trial 0 stands in t.csv, line 2 too, with another response",
    ):
        read("person,n,image,answer,rt\na,0,x,1,300\na,0,x,2,300\n")


def test_trial_index_in_some_records_only():
    with pytest.raises(ValueError, match="t.csv, line 3: found no trial_index where other records have one"):
        read("person,n,image,answer,rt\na,0,x,1,300\na,,x,2,300\n")


def test_gaps_in_trial_index_stay():
    reading = read("person,n,image,answer,rt\na,4,x,1,300\na,9,y,2,300\n")
    assert reading.trials["trial_index"].tolist() == [4, 9]


def test_rows_come_in_the_order_of_presentation():
    reading = read("person,n,image,answer,rt\na,9,x,1,300\na,4,x,2,300\n")
    assert reading.trials[["trial_index", "response", "repetition"]].to_numpy().tolist() == [[4, 2, 0], [9, 1, 1]]


def test_catch_trials():
    text = "person,n,image,answer,rt,is_catch,truth\na,0,x,1,300,Yes,1\na,1,y,2,300,no,2\n"
    trials = read(text, columns={"catch": ["is_catch"], "expected": ["truth"]}).trials
    assert trials["phase"].tolist() == ["catch", "main"]
    assert trials["is_catch"].tolist() == [True, False]
    # an ambiguous image has no true label, whatever the source says
    assert trials["expected_response"].isna().tolist() == [False, True]


def test_judgments_are_no_or_yes():
    text = "person,n,image,answer,rt,task\na,0,x,1,300,judgment\na,1,x,2,300,judgment\na,2,x,2,300,digit\n"
    reading = read(text, columns={"task": ["task"]})
    assert reading.trials["trial_index"].tolist() == [0, 2]
    assert reading.trials["repetition"].tolist() == [0, 0]
    assert reading.rejects["line"].tolist() == [3]


def test_a_required_column_that_is_absent():
    with pytest.raises(
        ValueError, match=r"t.csv: found no column for the response, looked for answer; the columns are person, image"
    ):
        read("person,image\na,x\n")


def test_the_first_field_that_a_record_fills_counts():
    text = "prolific_pid,person,n,image,answer,rt\nq1,,0,x,1,300\nq2,bob,0,x,1,300\n"
    trials = read(text, columns={"participant": ["person", "prolific_pid"]}).trials
    assert set(trials["participant_id"]) == {pseudonym("q1"), pseudonym("bob")}
    assert not [name for name in trials.columns if "prolific" in name]


def test_fields_that_may_name_a_person_are_dropped_and_named():
    text = "person,n,image,answer,rt,worker,note,email\nann,0,x,1,300,W1,ann,a@b.c\nbob,0,x,1,300,W2,fine,\n"
    reading = read(text, private=["Worker", "email"])
    assert reading.dropped == ("worker", "note", "email")
    assert not [name for name in reading.trials.columns if name.startswith("extra_")]


def test_a_number_that_happens_to_be_someones_short_id_stays():
    text = "person,n,image,answer,rt,level\n1,0,x,1,300,2\n2,0,x,1,300,2\n"
    assert read(text).trials["extra_level"].tolist() == ["2", "2"]
    assert read(text.replace("300,2", "300,")).dropped == ()


def test_a_long_id_anywhere_drops_its_field():
    text = "person,n,image,answer,rt,seen\nPROLIFIC77,0,x,1,300,\nPROLIFIC78,0,x,1,300,PROLIFIC77\n"
    assert read(text).dropped == ("seen",)


def test_ids_within_a_remark_are_hidden():
    text = "person,n,image,answer,rt,note\nPROLIFIC77,0,x,1,300,I am PROLIFIC77!\n123,1,x,1,300,room 123 of ann\n"
    notes = read(text).trials["extra_note"]
    assert set(notes) == {f"I am {pseudonym('PROLIFIC77')}!", "room 123 of ann"}


def test_no_outside_id_is_left_anywhere():
    text = "person,n,image,answer,rt,note\nPROLIFIC77,0,x,1,300,ok\nPROLIFIC77,1,x,99,300,ok\n"
    records = read_delimited(text, "PROLIFIC77.csv")
    reading = read_trials(records, ColumnMap(COLUMNS), Pseudonyms(SALT), 10)
    for table in (reading.trials, reading.rejects):
        assert "PROLIFIC77" not in table.to_csv()
    assert reading.rejects["file"].tolist() == [f"{pseudonym('PROLIFIC77')}.csv"]


def test_published_pseudonyms_are_kept():
    assert read("person,n,image,answer,rt\n12,0,x,1,300\n", salt=None).trials["participant_id"].tolist() == ["12"]


def test_a_map_with_an_unknown_name():
    with pytest.raises(ValueError, match=r"columns\.answer is unknown, expected participant, "):
        ColumnMap({"answer": ["x"]})
    with pytest.raises(ValueError, match="rt_unit is 'min', expected ms or s"):
        ColumnMap(COLUMNS, rt_unit="min")
