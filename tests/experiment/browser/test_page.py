"""Whole sessions through the real page, and back through the reader of the behavior stage."""

import io
import itertools
import json
import math
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from bam_pipelines.behavior.ingestion import ingest
from bam_pipelines.datasets.folder import FolderDataset
from bam_pipelines.experiment.jatos_study import jatos_archive
from tests.browsers import axe_violations, complaints, press, resize
from tests.experiment.browser.conftest import (
    Served,
    answer_to,
    by_buttons,
    downloaded,
    state,
    take_part,
    wait_for,
)
from tests.experiment.conftest import N_CLASSES

SALT = "a salt for tests"
STORED = ("sent", "ended", "lists")


@pytest.fixture
def read_back(plan, settings_of):
    """A function from a folder of answers to what the behavior stage reads there."""

    def read(folder, **changes):
        source = replace(settings_of(**changes)[1].sources["jspsych"], path=str(folder))
        return ingest("jspsych", source, Path("/"), SALT, plan(**changes)[1], 0.0, N_CLASSES)

    return read


def planned(plan, number=1, **changes):
    lists = plan(**changes)[0]
    return lists[lists["list"] == number].reset_index(drop=True)


def check_round_trip(trials, rows, modality):
    """The trials are those that the list plans, in its order, answered as the participant does."""
    assert trials["stimulus_id"].tolist() == rows["stimulus_id"].tolist()
    assert trials["response"].tolist() == [answer_to(name) for name in rows["stimulus_id"]]
    for column in ("phase", "block", "repetition", "is_catch"):
        assert trials[column].astype(object).tolist() == rows[column].astype(object).tolist()
    assert (
        trials["expected_response"][trials["is_catch"]].tolist() == rows["expected_response"][rows["is_catch"]].tolist()
    )
    assert set(trials["response_modality"]) == {modality}
    assert (trials["rt_ms"] > 0).all()
    assert trials["trial_index"].is_monotonic_increasing
    assert trials["started_at_ms"].is_monotonic_increasing


def test_a_session_by_keys_on_the_server(browser, served, read_back, plan):
    browser.get(served.address + "?PROLIFIC_PID=5f0abc77de")
    last, answered = take_part(browser)
    assert last == ["finished"]
    rows = planned(plan)
    assert answered == rows["stimulus_id"].tolist()
    assert complaints(browser) == []
    found = read_back(served.answers)
    check_round_trip(found.trials, rows, "keyboard")
    assert found.sittings["planned_trials"].tolist() == [8]
    assert found.sittings["blur_events"].notna().all() or found.report["rejects"] == 0
    assert "5f0abc77de" not in found.trials.to_csv() + json.dumps(found.report)
    assert served.store.places[0].finished


def test_a_session_by_buttons_from_disk(browser, study, read_back, plan, tmp_path):
    browser.get((study / "index.html").as_uri() + "?list=3")
    assert take_part(browser, by_buttons)[0] == ["finished"]
    assert complaints(browser) == []
    records = downloaded(tmp_path / "downloads")
    assert {record["list"] for record in records if "list" in record} == {3}
    check_round_trip(read_back(tmp_path / "downloads").trials, planned(plan, 3), "button")


def test_classes_that_have_names_say_which_keys_are_theirs(browser, build, read_back, plan, tmp_path):
    folder = tmp_path / "named"
    FolderDataset(filepath=str(folder)).save(build(classes=["T-shirt", "trousers", "<boot>"]))
    browser.get((folder / "index.html").as_uri() + "?list=1")
    take_part(browser, stop=lambda found: found[0] == "trial")
    buttons = browser.find_elements("css selector", ".answers button")
    assert [one.text for one in buttons] == ["1 T-shirt", "2 trousers", "3 <boot>"]
    browser.refresh()

    def by_place(driver, stimulus_id):
        press(driver, str(answer_to(stimulus_id) + 1))

    assert take_part(browser, by_place)[0] == ["finished"]
    assert complaints(browser) == []
    downloaded(tmp_path / "downloads")
    check_round_trip(read_back(tmp_path / "downloads").trials, planned(plan), "keyboard")


def test_a_reload_goes_on_with_the_block_that_was_not_stored(browser, served, read_back, plan):
    rows = planned(plan)
    sixth = f"stimuli/{rows['stimulus_id'][4]}.png"
    browser.get(served.address)
    _, before = take_part(browser, stop=lambda found: found == ["trial", sixth])
    assert len(before) == 4  # two to practise, and half of the first block
    browser.refresh()
    found, after = take_part(browser)
    assert found == ["finished"]
    assert after == rows["stimulus_id"].tolist()[2:]
    trials = read_back(served.answers).trials
    assert trials["session"].tolist() == [1] * 2 + [2] * 8
    assert trials["stimulus_id"].tolist() == rows["stimulus_id"].tolist()


def test_practice_is_announced_to_those_who_have_it_before_them(browser, served, plan, texts):
    third = ["trial", f"stimuli/{planned(plan)['stimulus_id'][2]}.png"]
    read = []

    def reads_on(found):
        read.extend(found[1:])
        return found == third

    browser.get(served.address)
    take_part(browser, stop=reads_on)
    assert [texts["practice_digit"] in text for text in read if "What to do" in text] == [True]
    read.clear()
    browser.refresh()
    take_part(browser, stop=reads_on)
    assert [texts["practice_digit"] in text for text in read if "What to do" in text] == [False]


def test_who_finished_sees_the_end_again_and_the_next_person_begins_anew(browser, served):
    browser.get(served.address)
    assert take_part(browser)[0] == ["finished"]
    browser.refresh()
    assert state(browser) == ["finished"]
    assert len(served.store.places) == 1
    browser.get("about:blank")
    browser.get(served.address)
    assert state(browser)[1].startswith("Which digit do you see?")
    assert [place.list for place in served.store.places] == [1, 2]


def test_a_lost_connection_loses_nothing(browser, served, read_back, plan):
    browser.get(served.address)
    rows = planned(plan)
    last = f"stimuli/{rows['stimulus_id'][5]}.png"
    take_part(browser, stop=lambda found: found == ["trial", last])
    served.end()
    browser.find_elements("css selector", ".answers button")[answer_to(rows["stimulus_id"][5])].click()
    what, text = state(browser)
    assert (what, text) == ("alert", "Your answers could not be sent. Keep this page open; it tries again by itself.")
    served.begin()
    wait_for(lambda: state(browser)[0] == "page", "the break")
    browser.find_element("css selector", "button.forward").click()
    assert take_part(browser)[0] == ["finished"]
    assert read_back(served.answers).trials["stimulus_id"].tolist() == rows["stimulus_id"].tolist()


def test_a_second_tab_is_told_to_go_back(browser, served):
    browser.get(served.address)
    assert state(browser)[0] == "page"
    first = browser.current_window_handle
    browser.switch_to.new_window("tab")
    browser.get(served.address)
    what, text = state(browser)
    assert what == "alert" and text.startswith("The study was opened in another tab")
    browser.switch_to.window(first)
    browser.find_element("css selector", "button.forward").click()
    assert take_part(browser)[0] == ["finished"]


def test_a_browser_that_keeps_nothing_takes_part_all_the_same(open_browser, served, study, tmp_path):
    browser = open_browser(**{"profile.default_content_setting_values.cookies": 2})
    browser.get(served.address)
    assert browser.execute_script("try { return localStorage.length; } catch { return 'none'; }") == "none"
    assert state(browser)[0] == "page"
    # the address leads back to the place
    browser.refresh()
    assert take_part(browser)[0] == ["finished"]
    assert [(place.session, place.finished) for place in served.store.places] == [(2, True)]
    browser.get((study / "index.html").as_uri() + "?list=1")
    assert take_part(browser)[0] == ["finished"]
    assert len([record for record in downloaded(tmp_path / "downloads") if "stimulus_id" in record]) == 10


def test_a_page_whose_scripts_do_not_come_says_what_it_needs(open_browser, study, tmp_path, settings_of, texts):
    served = Served(study, tmp_path / "answers", settings_of()[1], "a-token-of-the-lab")
    served.begin()
    # the cookie would open all files but the page itself
    browser = open_browser(**{"profile.default_content_setting_values.cookies": 2})
    browser.get(served.address + "?access=a-token-of-the-lab")
    assert browser.find_element("css selector", "body").text == texts["browser"]
    served.end()
    (study / "study.js").unlink()
    browser.get((study / "index.html").as_uri())
    words = browser.find_element("css selector", "body")
    assert words.text == ""
    wait_for(lambda: words.text == texts["browser"], "the words")


@pytest.mark.parametrize("where", ["served", "from disk"])
def test_a_full_memory_of_the_browser_stops_nobody(browser, served, study, where):
    script = "Storage.prototype.setItem = () => { throw new Error('QuotaExceededError'); };"
    browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})
    browser.get(served.address if where == "served" else (study / "index.html").as_uri())
    assert take_part(browser)[0] == ["finished"]
    assert len(served.store.places) == (where == "served")


def test_a_window_that_is_too_small_is_waited_for_before_a_place_is_taken(browser, served, texts):
    resize(browser, 844, 250)
    browser.get(served.address)
    assert state(browser) == ["alert", texts["window_small"]]
    assert served.store.places == []
    resize(browser, 390, 844)
    wait_for(lambda: state(browser)[0] == "page", "the welcome")
    browser.find_element("css selector", "button.forward").click()
    assert take_part(browser)[0] == ["finished"]
    assert len(served.store.places) == 1


@pytest.mark.parametrize("width, height", [(360, 640), (844, 390)])
def test_a_telephone_shows_picture_and_all_buttons_without_scrolling(browser, build, tmp_path, width, height):
    folder = tmp_path / "wide"
    FolderDataset(filepath=str(folder)).save(build(scale=46))
    resize(browser, width, height)
    browser.get((folder / "index.html").as_uri() + "?list=1")
    take_part(browser, by_buttons, stop=lambda found: found[0] == "trial")
    boxes = browser.execute_script(
        "return [...document.querySelectorAll('.stimulus img, .answers button')].map((one) => {"
        "const box = one.getBoundingClientRect(); return [box.left, box.top, box.right, box.bottom, box.height]; })"
    )
    assert len(boxes) == 1 + N_CLASSES
    for left, top, right, bottom, tall in boxes:
        assert left >= 0 and top >= 0 and right <= width and bottom <= height
        assert tall >= 44  # what a finger hits


@pytest.mark.parametrize("width, height", [(1280, 800), (390, 844), (844, 390)])
def test_the_cross_stands_where_the_pictures_middle_will_be(browser, build, tmp_path, width, height):
    folder = tmp_path / "slow"
    FolderDataset(filepath=str(folder)).save(build(scale=40, fixation_ms=2000))
    resize(browser, width, height)
    browser.get((folder / "index.html").as_uri() + "?list=1")

    def middle(selector):
        script = f"return document.querySelector('{selector}')?.getBoundingClientRect().toJSON()"
        box = wait_for(lambda: browser.execute_script(script), selector)
        return [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]

    # welcome, consent and instructions
    for _ in range(3):
        assert state(browser)[0] == "page"
        press(browser, "\ue007")
    cross = middle(".cross")
    assert cross == pytest.approx(middle(".stimulus img"), abs=1)


def test_the_experimenters_page_fits_a_telephone(browser, served):
    served.store.start(None, None, served.store.plan.design_id)
    resize(browser, 390, 844)
    browser.get(served.address + "status?key=key")
    # the table is wider, and scrolls by itself
    assert browser.execute_script("return [innerWidth, document.documentElement.scrollWidth]") == [390, 390]
    script = "const one = document.querySelector('.wide'); one.scrollLeft = 1000; return one.scrollLeft > 0;"
    assert browser.execute_script(script)


def test_the_experimenters_page_brings_itself_up_to_date(browser, served):
    served.store.start(None, None, served.store.plan.design_id)
    browser.get(served.address + "status?key=key")
    browser.execute_script("window.stays = true; document.querySelector('.wide').scrollLeft = 30;")
    left = browser.execute_script("return document.querySelector('.wide').scrollLeft")
    served.store.start(None, None, served.store.plan.design_id)
    renew = browser.find_element("css selector", "#renew")
    renew.click()
    renew.click()
    wait_for(lambda: "2 of 4 places taken" in browser.find_element("css selector", "#now").text, "the second place")
    assert browser.execute_script("return [stays, document.querySelector('.wide').scrollLeft]") == [True, left]
    served.end()
    renew.click()
    renew.click()
    silence = browser.find_element("css selector", "#silence")
    wait_for(lambda: silence.text.startswith("The server has not answered since"), "the words")
    assert "2 of 4 places taken" in browser.find_element("css selector", "#now").text


@pytest.mark.parametrize("width, height", [(1280, 800), (390, 844)])
def test_everybody_can_take_part(browser, served, width, height):
    resize(browser, width, height)
    problems = {}

    def look(found):
        # trials are alike
        name = found[1] if found[0] == "page" else found[0]
        if name not in problems:
            problems[name] = axe_violations(browser)
        return False

    browser.get(served.address)
    assert take_part(browser, stop=look)[0] == ["finished"]
    look(["finished"])
    assert len(problems) > 5 and "trial" in problems
    assert {name: found for name, found in problems.items() if found} == {}


def test_everybody_can_measure_their_screen(browser, measuring):
    browser.get(measuring.address)
    take_part(browser, stop=lambda found: found == ["screen"])
    assert axe_violations(browser) == []


@pytest.mark.parametrize("places", [0, 1])
def test_everybody_can_watch(browser, served, places):
    resize(browser, 390, 844)
    for _ in range(places):
        served.store.start(None, None, served.store.plan.design_id)
    browser.get(served.address + "status?key=key")
    assert axe_violations(browser) == []


def test_the_judgment_task_stores_yes_and_no(browser, build, read_back, plan, tmp_path):
    folder = tmp_path / "judgment"
    FolderDataset(filepath=str(folder)).save(build(task="judgment"))
    browser.get((folder / "index.html").as_uri() + "?list=1")

    def judge(driver, stimulus_id):
        press(driver, "fj"[answer_to(stimulus_id) > 0])

    assert take_part(browser, judge)[0] == ["finished"]
    downloaded(tmp_path / "downloads")
    trials = read_back(tmp_path / "downloads", task="judgment").trials
    assert set(trials["task"]) == {"judgment"}
    assert trials["response"].tolist() == [int(answer_to(name) > 0) for name in trials["stimulus_id"]]


def test_a_telephone_shows_yes_and_no_in_one_line_each(browser, build, tmp_path):
    folder = tmp_path / "judgment"
    FolderDataset(filepath=str(folder)).save(build(task="judgment"))
    resize(browser, 390, 844)
    browser.get((folder / "index.html").as_uri() + "?list=1")
    take_part(browser, stop=lambda found: found[0] == "trial")
    heights = [one.size["height"] for one in browser.find_elements("css selector", ".answers button")]
    assert heights == [48, 48]


def test_simulated_by_jspsych_itself(browser, study, read_back, plan, tmp_path):
    script = "window.BAM_SIMULATE = { mode: 'data-only', options: {} };"
    browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})
    browser.get((study / "index.html").as_uri() + "?list=2")
    downloaded(tmp_path / "downloads")
    trials = read_back(tmp_path / "downloads").trials
    assert trials["stimulus_id"].tolist() == planned(plan, 2)["stimulus_id"].tolist()
    assert trials["response"].between(0, N_CLASSES - 1).all()


@pytest.fixture
def measuring(build, tmp_path, settings_of):
    """The server of a study that asks for size and distance."""
    folder = tmp_path / "measured"
    FolderDataset(filepath=str(folder)).save(build(screen_size=True, fullscreen=True))
    one = Served(folder, tmp_path / "answers", settings_of()[1])
    one.begin()
    yield one
    one.end()


def test_size_and_distance_stand_beside_every_trial(browser, measuring, plan, read_back):
    browser.get(measuring.address)
    rows = planned(plan)
    sixth = f"stimuli/{rows['stimulus_id'][5]}.png"
    take_part(browser, stop=lambda found: found == ["trial", sixth])
    # they are asked again, for the screen may be another
    browser.refresh()
    assert take_part(browser)[0] == ["finished"]
    trials = read_back(measuring.answers).trials
    assert trials["session"].nunique() == 2
    assert set(trials["extra_viewing_distance_cm"]) == {"60"}
    # 12 pixels of a card of 321 pixels, 85.6 mm, are 3.2 mm; seen from 600 mm 2 atan(3.2 / 1200) = 0.3056 degrees
    assert trials["extra_image_degrees"].astype(float).tolist() == pytest.approx([0.30558] * len(trials), abs=1e-4)


def test_who_cannot_measure_says_so_and_nothing_is_made_up(browser, measuring):
    browser.get(measuring.address)
    take_part(browser, stop=lambda found: found == ["screen"])
    browser.find_element("css selector", "#distance").send_keys("60")
    browser.find_element("css selector", "#decline").click()
    assert take_part(browser)[0] == ["finished"]
    file = measuring.store.file(measuring.store.places[0])
    records = [json.loads(line) for line in file.read_text().splitlines()]
    found = {(one["viewing_distance_cm"], one["image_degrees"]) for one in records if "stimulus_id" in one}
    assert found == {(None, None)}


def test_a_telephone_measures_the_short_side_of_a_card(browser, measuring):
    resize(browser, 390, 844)
    browser.get(measuring.address)
    take_part(browser, stop=lambda found: found == ["screen"])
    press(browser, "\ue010")  # the widest
    box = browser.execute_script("return document.querySelector('#box').getBoundingClientRect().toJSON()")
    assert box["left"] >= 0 and 330 <= box["right"] <= 390
    assert box["width"] / box["height"] == pytest.approx(54 / 85.6, abs=0.01)
    browser.find_element("css selector", "#distance").send_keys("30")
    browser.find_element("css selector", "#jspsych-survey-html-form-next").click()
    assert take_part(browser, by_buttons)[0] == ["finished"]
    file = measuring.store.file(measuring.store.places[0])
    records = [json.loads(line) for line in file.read_text().splitlines()]
    (degrees,) = {one["image_degrees"] for one in records if "stimulus_id" in one}
    # 12 pixels of a card's 53.98 mm, from 300 mm
    millimetres = 12 * 53.98 / box["width"]
    assert degrees == pytest.approx(math.degrees(2 * math.atan(millimetres / 600)), abs=1e-4)


def test_an_unknown_list_and_a_full_study_are_said(browser, study, served):
    browser.get((study / "index.html").as_uri() + "?list=99")
    assert state(browser)[1].startswith("This link belongs to no place")
    for _ in range(4):
        served.store.start(None, None, served.store.plan.design_id)
    browser.get(served.address)
    assert state(browser)[1].startswith("All places in this study are taken")


def test_the_completion_link_is_followed_once_everything_is_stored(browser, build, plan, settings_of, tmp_path):
    folder, elsewhere = tmp_path / "linked", "http://127.0.0.1:9/done"
    FolderDataset(filepath=str(folder)).save(build(completion_url=elsewhere))
    served = Served(folder, tmp_path / "answers", settings_of()[1])
    served.begin()
    last = f"stimuli/{planned(plan)['stimulus_id'].iloc[-1]}.png"
    browser.get(served.address)
    take_part(browser, stop=lambda found: found == ["trial", last])
    assert not served.store.places[0].finished
    browser.find_element("css selector", ".answers button").click()
    wait_for(lambda: browser.current_url == elsewhere, "the completion link")
    assert served.store.places[0].finished
    served.end()


# what a page sees of JATOS 3: https://www.jatos.org/jatos.js-Reference.html
STUB = """
const kept = (name, value) => localStorage.setItem(name, JSON.stringify(value));
const sent = [];
let refusals = 1;
window.jatos = {
  workerId: 77,
  urlQueryParameters: { PROLIFIC_PID: "5f0abc77de" },
  onLoad: (call) => call(),
  batchSession: {
    get: () => ({ 1: 1, 2: 0, 3: 1, 4: 1 }),
    set: (name, value) => (refusals-- > 0 ? Promise.reject("out of date") : Promise.resolve(kept(name, value))),
  },
  submitResultData: (data) => Promise.resolve(kept("sent", (sent.push(JSON.parse(data)), sent))),
  endStudy: (successful) => kept("ended", [successful, sent.length]),
};
"""


def test_jatos_gets_the_whole_so_far_after_each_block_and_then_the_end(
    browser, build, plan, texts, settings_of, read_back, tmp_path
):
    with zipfile.ZipFile(io.BytesIO(jatos_archive(build(), texts, settings_of()[0]))) as archive:
        archive.extractall(tmp_path)
    (tmp_path / "digits" / "jatos.js").write_text(STUB)
    browser.get((tmp_path / "digits" / "index.html").as_uri())
    assert take_part(browser)[0] == ["finished"]
    sent, ended, lists = (json.loads(browser.execute_script(f"return localStorage['{name}']")) for name in STORED)
    assert ended == [True, 3]
    assert lists == {"1": 1, "2": 1, "3": 1, "4": 1}
    # each time all that was sent before, and more
    assert [one[: len(before)] == before for before, one in itertools.pairwise(sent)] == [True, True]
    results = tmp_path / "results"
    results.mkdir()
    (results / "whole.json").write_text(json.dumps(sent[-1]))
    check_round_trip(read_back(results).trials, planned(plan, 2), "keyboard")
