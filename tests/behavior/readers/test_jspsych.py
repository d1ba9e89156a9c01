"""jsPsych's records, plugin by plugin, as version 8 writes them."""

import json

import pandas as pd

from bam_pipelines.behavior.readers.jspsych import ANSWER, MODALITY, read_jspsych


def read(*rows, file="d.json"):
    return read_jspsych(json.dumps(list(rows)), file)


def trial(**fields):
    return {"trial_type": "image-keyboard-response", "trial_index": 0, "stimulus": "img/a.png", "rt": 400} | fields


def answers(sitting):
    fields = sitting.records.fields
    return [
        (None if pd.isna(answer) else answer, how) for answer, how in zip(fields[ANSWER], fields[MODALITY], strict=True)
    ]


def test_a_key_is_a_text_and_a_button_an_index():
    sitting = read(
        trial(response="7"),
        trial(trial_type="image-button-response", response=3),
        trial(
            trial_type="html-keyboard-response",
            stimulus='<p><img class="x" src="img/b.png" width=3></p>',
            response=None,
        ),
    )
    assert answers(sitting) == [("7", "keyboard"), ("3", "button"), (None, "keyboard")]
    assert sitting.records.fields["stimulus"].tolist() == ["img/a.png", "img/a.png", "img/b.png"]


def test_where_key_or_button_answers_the_source_decides():
    multi = {"trial_type": "html-multi-response", "button_response": 4, "keyboard_response": "9"}
    sitting = read(
        trial(**multi, response_source="button"),
        trial(**multi, response_source="keyboard"),
        trial(**multi | {"button_response": None, "keyboard_response": None}, response_source=None),
    )
    assert answers(sitting) == [("4", "button"), ("9", "keyboard"), (None, "unknown")]


def test_a_key_that_csv_wrote_as_json():
    text = 'trial_type,trial_index,stimulus,rt,response\nimage-keyboard-response,3,a.png,400,"""7"""\n'
    sitting = read_jspsych(text, "d.csv")
    assert answers(sitting) == [("7", "keyboard")]


def test_other_records_are_counted_and_left_out():
    sitting = read(
        {"trial_type": "instructions", "trial_index": 0, "rt": 9000},
        {"trial_type": "html-keyboard-response", "trial_index": 1, "stimulus": "+", "response": None},
        trial(trial_index=2, response="1"),
        {
            "trial_type": "html-multi-response",
            "trial_index": 3,
            "stimulus": "<canvas>",
            "stimulus_id": "00",
            "response": "2",
        },
    )
    assert sitting.others == 2
    assert sitting.records.fields["trial_index"].tolist() == ["2", "3"]


def test_the_interaction_log_is_counted_and_is_no_trial():
    log = [
        {"event": "blur", "trial": 3, "time": 1},
        {"event": "focus", "trial": 3, "time": 2},
        {"event": "blur", "trial": 4, "time": 3},
    ]
    sitting = read(*log)
    assert (sitting.blurs, len(sitting.records), sitting.others) == (2, 0, 0)
    assert read(trial(response="1")).blurs is None


def test_a_file_without_records():
    sitting = read_jspsych("[]", "d.json")
    assert (len(sitting.records), sitting.blurs, sitting.others) == (0, None, 0)


def test_an_empty_file_is_a_reject():
    for text in ("", "\ufeff \r\n"):
        sitting = read_jspsych(text, "d.json")
        assert len(sitting.records) == 0 and sitting.blurs is None
        assert sitting.records.rejects[["file", "line", "reason"]].to_numpy().tolist() == [
            ["d.json", 1, "found an empty file, expected records"]
        ]
