"""How large a stimulus is in degrees, measured by a card."""

import json
import math

import pytest

from bam_pipelines.datasets.folder import FolderDataset
from tests.browsers import axe_violations, press, resize
from tests.experiment.browser.conftest import Served, by_buttons, planned, take_part


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


def test_the_slider_stays_in_sight_of_the_whole_box(browser, measuring):
    resize(browser, 390, 400)
    browser.get(measuring.address)
    take_part(browser, stop=lambda found: found == ["screen"])
    browser.execute_script("document.querySelector('#box').scrollIntoView({ block: 'end' })")
    script = "return ['#card', '#box'].map((one) => document.querySelector(one).getBoundingClientRect().toJSON())"
    slider, box = browser.execute_script(script)
    assert box["height"] > 370 and box["bottom"] == pytest.approx(400, abs=1)
    assert slider["top"] >= 0
    # nothing lies over it
    middle = [slider["x"] + slider["width"] / 2, slider["y"] + slider["height"] / 2]
    assert browser.execute_script("return document.elementFromPoint(...arguments).id", *middle) == "card"


def test_everybody_can_measure_their_screen(browser, measuring):
    browser.get(measuring.address)
    take_part(browser, stop=lambda found: found == ["screen"])
    assert axe_violations(browser) == []
