"""Whole sessions through the real page, and back through the reader of the behavior stage."""

import json

import pytest

from bam_pipelines.datasets.folder import FolderDataset
from tests.browsers import complaints, press
from tests.experiment.browser.conftest import (
    Served,
    answer_to,
    by_buttons,
    check_round_trip,
    downloaded,
    planned,
    state,
    take_part,
    wait_for,
)
from tests.experiment.conftest import N_CLASSES


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


def test_simulated_by_jspsych_itself(browser, study, read_back, plan, tmp_path):
    script = "window.BAM_SIMULATE = { mode: 'data-only', options: {} };"
    browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})
    browser.get((study / "index.html").as_uri() + "?list=2")
    downloaded(tmp_path / "downloads")
    trials = read_back(tmp_path / "downloads").trials
    assert trials["stimulus_id"].tolist() == planned(plan, 2)["stimulus_id"].tolist()
    assert trials["response"].between(0, N_CLASSES - 1).all()


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
