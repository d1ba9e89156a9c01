"""The report in a browser: filters, participants, keys, paper, no script, narrow windows, accessibility, no calls."""

import json

import numpy as np
import pandas as pd
import pytest

from bam_pipelines.analysis.entropy import plugin_entropy, response_counts
from bam_pipelines.analysis.outcomes import guidance_outcomes
from tests.browsers import axe_violations, chromium, complaints, darkness_of_sides, press, resize

N = 130
SOURCES = "[aria-label='Versions of catalog entries'] table"
TAB, ENTER, RIGHT, DOWN = "\ue004", "\ue007", "\ue014", "\ue015"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("downloads"), watched=True) as driver:
        yield driver


@pytest.fixture
def table(report, trials_of, stimuli_of):
    """130 stimuli beside the others, answered by a, b and c; returns what is known of each stimulus of the report."""
    draw = np.random.default_rng(0)
    names = [f"m{number:03d}" for number in range(N)]
    targets = [[(0, 1), (1, 2), (2, 0)][number % 3] for number in range(N)]
    more = stimuli_of(names, targets).assign(strategy=np.where(np.arange(N) % 5, "uncertainty", "unguided"))
    answers = [(person, name, int(draw.integers(3))) for name in names for person in "abc"]
    given = trials_of(answers, is_catch=False, expected_response=pd.NA, rt_ms=500.0, dataset_id="study1")
    report.trials = pd.concat([report.trials, given.assign(row_id=[f"n{row}" for row in range(3 * N)])])
    for name in ("stimuli", "trial_stimuli"):
        report.results[name] = pd.concat([report.results[name], more], ignore_index=True)
    main = report.trials[report.trials["phase"] == "main"]
    report.results["guidance_outcomes"] = guidance_outcomes(main, report.results["stimuli"], 3)
    counts = response_counts(main, 3)
    bits = pd.Series(plugin_entropy(counts.to_numpy()), index=counts.index)
    known = report.results["stimuli"].set_index("stimulus_id")[["strategy", "target_1", "target_2"]]
    outcomes = report.results["guidance_outcomes"].set_index("stimulus_id")["outcome"]
    second = pd.DataFrame(
        {"target_1": 0, "target_2": 1, "outcome": ["success", "failure"], "entropy": [1.0, 0.0]}, index=["x", "y"]
    ).assign(strategy=["second round: customised", "second round: swapped pair"])
    return pd.concat([known.assign(outcome=outcomes, entropy=bits), second])


@pytest.fixture
def opened(browser, report, table, tmp_path_factory):
    """The page of all these stimuli, from disk; it is the same for every test, and made once."""
    file = tmp_path_factory.getbasetemp() / "report.html"
    if not file.exists():
        file.write_text(report.page(), encoding="utf-8")
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.get(file.as_uri())
    from selenium.webdriver.support.ui import WebDriverWait

    # on a busy machine a page has been seen before its script had run
    WebDriverWait(browser, 20).until(lambda driver: len(visible(driver, ".person")) == 1)
    return browser


def choose(driver, select, value):
    from selenium.webdriver.support.ui import Select

    Select(driver.find_element("id", select)).select_by_value(value)


def visible(driver, selector="#cards .card"):
    # what is folded has rectangles all the same
    seen = "one.checkVisibility() && one.getClientRects().length > 0"
    script = f"return [...document.querySelectorAll(arguments[0])].filter((one) => {seen})"
    return driver.execute_script(script, selector)


def found(driver):
    return driver.find_element("id", "found").text


def slide(driver, slider, value):
    event = "new Event('input', { bubbles: true })"
    script = f"const one = document.getElementById(arguments[0]); one.value = arguments[1]; one.dispatchEvent({event});"
    driver.execute_script(script, slider, value)


def has(table, *targets):
    return np.all([(table["target_1"] == one) | (table["target_2"] == one) for one in targets], axis=0)


def test_filters_leave_what_the_table_has(opened, table):
    assert found(opened) == f"{len(table)} of {len(table)} stimuli fit, 60 of them are shown"
    assert len(visible(opened)) == 60
    fits = has(table, 1, 2)
    choose(opened, "targets", "1 2")
    assert found(opened).startswith(f"{fits.sum()} of ") and len(visible(opened)) == fits.sum()
    assert {card.get_attribute("data-targets") for card in visible(opened)} == {"1 2"}
    fits &= table["outcome"] == "success"
    success = opened.find_element("css selector", "#outcome option[value=success]")
    assert success.text == f"success ({(table['outcome'] == 'success').sum()})"
    choose(opened, "outcome", "success")
    assert len(visible(opened)) == fits.sum() > 0
    fits &= table["strategy"] == "unguided"
    choose(opened, "kind", "unguided")
    assert len(visible(opened)) == fits.sum() > 0
    opened.find_element("id", "clear").click()
    assert len(visible(opened)) == 60
    choose(opened, "targets", "0")
    assert found(opened).startswith(f"{has(table, 0).sum()} of ")
    choose(opened, "kind", "second round: customised")
    assert [card.get_attribute("data-answers") for card in visible(opened)] == ["a:1 c:0"]


def test_the_sliders_leave_a_range_of_entropies(opened, table):
    slide(opened, "least", 0.9)
    assert found(opened).startswith(f"{(table['entropy'] >= 0.9).sum()} of ")
    slide(opened, "most", 1.0)
    assert found(opened).startswith(f"{table['entropy'].between(0.9, 1.0).sum()} of ")
    # the lower one takes the upper one along
    slide(opened, "least", 1.5)
    assert opened.find_element("css selector", "output[for=most]").text == "1.5"
    assert found(opened).startswith(f"{table['entropy'].between(1.5, 1.5).sum()} of ")
    # without a range, stimuli that nobody answered are there too
    opened.find_element("id", "clear").click()
    assert table["entropy"].isna().sum() == 1 and found(opened).startswith(f"{len(table)} of ")


def test_a_participants_answers_stand_on_the_cards(opened, report):
    own = report.trials[(report.trials["participant_id"] == "d") & report.trials["response"].notna()]
    choose(opened, "answered", "d")
    assert len(visible(opened)) == len(own) == 2
    # d said dog to s and emu to t
    texts = {card.find_element("css selector", ".own").text for card in visible(opened)}
    assert texts == {"d: dog", "d: emu"}


def test_keys_are_enough(opened, table):
    opened.execute_script("document.getElementById('targets').focus()")
    press(opened, TAB, TAB)
    assert opened.switch_to.active_element.get_attribute("id") == "outcome"
    press(opened, DOWN)
    assert found(opened).startswith(f"{(table['outcome'] == 'success').sum()} of ")
    press(opened, TAB, TAB, *RIGHT * 3)
    slider = opened.switch_to.active_element
    assert (slider.get_attribute("id"), slider.get_attribute("aria-valuetext")) == ("least", "from 0.3 bits")
    press(opened, TAB, TAB, ENTER)
    assert found(opened).startswith(f"{len(table)} of ")
    opened.find_element("id", "more").send_keys(ENTER)
    assert len(visible(opened)) == 120
    opened.find_element("id", "more").send_keys(ENTER)
    assert len(visible(opened)) == len(table)
    # the button is gone, and the next key goes on from here
    assert opened.switch_to.active_element.get_attribute("id") == "found"


def test_one_participant_is_shown_with_their_numbers(opened):
    (section,) = visible(opened, ".person")
    assert section.get_attribute("id") == "participant-a"
    choose(opened, "person", "b")
    (section,) = visible(opened, ".person")
    assert section.find_element("css selector", "h3").text == "Participant b: excluded"
    assert f"trials\n{3 + N}" in section.text and "catch accuracy the participant 0.5 at least 0.75" in section.text
    opened.find_element("css selector", "#overview a[href='#participant-d']").send_keys(ENTER)
    (section,) = visible(opened, ".person")
    assert "emu\nof all answers: dog ×3, emu ×1" in section.text
    top = opened.execute_script("return arguments[0].getBoundingClientRect().top", section)
    assert 0 <= top < 500
    opened.find_element("css selector", "#participant-d .see").send_keys(ENTER)
    assert found(opened).startswith("2 of ") and len(visible(opened)) == 2
    choose(opened, "person", "")
    assert len(visible(opened, ".person")) == 4


def test_a_link_leads_to_a_participant(opened):
    opened.get(opened.current_url + "#participant-c")
    (section,) = visible(opened, ".person")
    assert section.get_attribute("id") == "participant-c"


def test_paper_shows_everything_and_no_controls(opened, table):
    choose(opened, "outcome", "success")
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    opened.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    assert len(visible(opened)) == (table["outcome"] == "success").sum()
    assert len(visible(opened, ".person")) == 4
    assert visible(opened, ".controls, nav, button") == []
    assert len(visible(opened, SOURCES)) == 1
    headings = "return Math.max(...[...document.querySelectorAll('thead')].map((one) => one.offsetWidth))"
    resize(opened, 700, 900)  # about what A4 has between its margins
    assert opened.execute_script(headings) <= 700
    assert found(opened) == f"{(table['outcome'] == 'success').sum()} of {len(table)} stimuli fit"
    assert len(visible(opened, "details table")) == len(opened.find_elements("css selector", "details table")) > 3
    opened.execute_script("window.dispatchEvent(new Event('afterprint'))")
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert opened.find_elements("css selector", "details:not([open])") != [] and visible(opened, SOURCES) == []


def test_without_its_script_everything_can_be_read(opened, table):
    opened.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    opened.refresh()
    try:
        shown = [one for one in opened.find_elements("css selector", "#cards .card, .person") if one.is_displayed()]
        assert len(shown) == len(table) + 4
        assert not opened.find_element("id", "filters").is_displayed()
    finally:
        opened.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.parametrize("width", [1400, 900, 400])
def test_the_page_fits_its_window(opened, width):
    resize(opened, width, 900)
    opened.refresh()
    assert opened.execute_script("return [innerWidth, document.documentElement.scrollWidth]") == [width, width]


def box(driver, selector):
    return driver.execute_script(
        "return document.querySelector(arguments[0]).getBoundingClientRect().toJSON()", selector
    )


@pytest.mark.parametrize("width", [1400, 400])
def test_the_menu_stays_and_hides_no_heading(opened, width):
    resize(opened, width, 900)
    for link in opened.find_elements("css selector", "nav a")[1:4]:
        link.send_keys(ENTER)
        menu, heading = box(opened, "nav"), box(opened, link.get_attribute("hash"))
        assert menu["top"] == 0 and menu["height"] < 60 and menu["bottom"] <= heading["top"] < 100


def test_a_telephone_shows_figures_in_a_size_to_be_read_and_low_headings_of_tables(opened):
    resize(opened, 400, 900)
    image, frame = box(opened, ".plate img"), box(opened, ".plate .scroll")
    assert image["width"] == 640 and frame["right"] <= 400
    heights = [heading.size["height"] for heading in visible(opened, "thead")]
    # three lines and the space around them
    assert len(heights) > 5 and max(heights) < 16 * (3 * 1.55 + 1)


def test_a_telephone_shows_the_values_of_long_lists_of_metrics(opened):
    resize(opened, 400, 900)
    opened.execute_script("for (const part of document.querySelectorAll('#metrics ~ details')) part.open = true")
    frames = [table.find_element("xpath", "..") for table in visible(opened, "#metrics ~ details table")]
    assert len(frames) > 3
    assert [one.get_property("scrollWidth") for one in frames] == [one.get_property("clientWidth") for one in frames]


def test_a_shadow_lies_where_a_table_goes_on(opened):
    resize(opened, 400, 900)
    left, right = darkness_of_sides(opened, "#overview .scroll")
    assert left < 0.1 < right
    opened.execute_script("document.querySelector('#overview .scroll').scrollLeft = 10000")
    left, right = darkness_of_sides(opened, "#overview .scroll")
    assert right < 0.1 < left
    resize(opened, 1400, 900)
    assert max(darkness_of_sides(opened, "#overview .scroll")) < 0.1


@pytest.mark.parametrize("width, scheme", [(1400, "light"), (400, "dark")])
def test_everybody_can_use_it(opened, width, scheme):
    resize(opened, width, 900)
    opened.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    opened.refresh()
    choose(opened, "answered", "a")
    choose(opened, "person", "")
    assert axe_violations(opened) == []
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_nothing_is_asked_of_anybody(opened):
    opened.get_log("performance")
    opened.refresh()
    choose(opened, "outcome", "bias")
    opened.find_element("css selector", "#participant-a .see").send_keys(ENTER)
    entries = [json.loads(entry["message"])["message"] for entry in opened.get_log("performance")]
    asked = [one["params"]["request"]["url"] for one in entries if one["method"] == "Network.requestWillBeSent"]
    assert [url for url in asked if not url.startswith(("data:", opened.current_url.split("#")[0]))] == []
    assert any(url.startswith("file:") for url in asked)
    assert complaints(opened) == []
