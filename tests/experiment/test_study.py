import json
import re

import pandas as pd
import pytest

from bam_pipelines.experiment.study import answer_keys, planned_minutes, study_files
from tests.experiment.conftest import CLASSES


def script_value(script):
    return json.loads(script.split(" = ", 1)[1].rstrip().removesuffix(";"))


def test_scripts_say_what_the_lists_say(build, plan):
    files, (lists, _) = build(), plan()
    for number, rows in lists.groupby("list"):
        found = script_value(files[f"lists/{number}.js"])
        assert found["list"] == number
        trials = [(block["number"], trial) for block in found["blocks"] for trial in block["trials"]]
        for (block, trial), (_, row) in zip(trials, rows.iterrows(), strict=True):
            assert block == row["block"]
            assert trial["stimulus_id"] == row["stimulus_id"]
            assert trial["repetition"] == row["repetition"]
            assert (trial["phase"], trial["is_catch"]) == (row["phase"], row["is_catch"])
            assert (trial["expected_response"] is None) == (row["phase"] == "main")


def test_everything_that_the_page_loads_is_there(build, plan):
    files = build()
    loaded = re.findall(r'(?:src|href)="([^"]+)"', files["index.html"])
    assert [name for name in loaded if name not in files and not name.startswith("data:")] == []
    assert {f"stimuli/{name}.png" for name in plan()[0]["stimulus_id"]} <= set(files)
    # it takes what the others define
    assert loaded[-1] == "study.js"


def test_nothing_outside_is_loaded(build):
    own = [text for name, text in build().items() if isinstance(text, str)]
    assert not any(re.search(r"https?://", text) for text in own)


def test_people_cannot_see_what_a_stimulus_was_made_for(build):
    own = " ".join(text for name, text in build().items() if isinstance(text, str) and name != "study.js")
    assert not re.search(r"target|uncertainty|vgg|strategy", own)


def test_people_are_told_how_long_their_list_takes(build, plan):
    # two to practise and eight more, 30 s, and 4 minutes of pages
    assert planned_minutes(plan()[0]) == 5
    own = " ".join(text for name, text in build().items() if name.startswith("design"))
    assert own.count("It takes about 5 minutes") == 2 and "{minutes}" not in own


@pytest.mark.parametrize("trials, minutes", [(20, 5), (21, 10), (520, 30), (521, 35)])
def test_minutes_are_those_of_the_longest_list(trials, minutes):
    # 20 trials take a minute
    lists = pd.DataFrame({"list": [1] * trials + [2] * 3})
    assert planned_minutes(lists) == minutes


def test_another_design_has_another_id(build):
    ids = [json.loads(build(**changes)["design.json"])["design_id"] for changes in ({}, {}, {"scale": 3})]
    assert ids[0] == ids[1] != ids[2]


def test_the_page_shows_texts_and_does_not_obey_them(build):
    page = build(title="<script>alert(1)</script>")["index.html"]
    assert "<title>&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("classes", "keys"),
    [
        (["0", "1", "2"], "012"),
        (["3", "5", "8"], "358"),
        (["A", "B"], "ab"),
        (["a", "A"], "12"),  # one key for both
        (["cat", "dog", "7"], "123"),
        ([f"c{number}" for number in range(12)], "1234567890ab"),
    ],
)
def test_a_class_has_its_name_as_key_or_its_place(classes, keys):
    assert answer_keys(classes) == list(keys)


def test_the_page_knows_names_and_keys(build):
    design = json.loads(build(classes=["cat", "dog", "<ox>"])["design.json"])
    assert (design["labels"], design["keys"]) == (["cat", "dog", "<ox>"], ["1", "2", "3"])


def test_what_cannot_be_a_study_is_refused(plan, texts, settings_of):
    lists, shown = plan()
    with pytest.raises(ValueError, match="there are 37 classes, expected 2 to 36"):
        study_files(lists, shown, texts, settings_of()[0], [f"c{number}" for number in range(37)])
    with pytest.raises(ValueError, match="which is none of the 8 stimuli"):
        study_files(lists, shown.iloc[:8], texts, settings_of()[0], CLASSES)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"name": "Two words"}, "experiment.name is 'Two words', expected small letters"),
        ({"task": "guess"}, "experiment.task is 'guess', expected digit or judgment"),
        ({"kernel": "cubic"}, "experiment.kernel is 'cubic', expected nearest, bilinear, bicubic or lanczos"),
        ({"scale": 0}, "experiment.scale is 0, expected an integer of at least 1"),
        ({"fixation_ms": -1}, "experiment.fixation_ms is -1, expected an integer of at least 0"),
        ({"completion_url": "javascript:x"}, "experiment.completion_url is 'javascript:x', expected a web address"),
    ],
)
def test_settings_are_checked(settings_of, change, message):
    with pytest.raises(ValueError, match=message):
        settings_of(**change)
