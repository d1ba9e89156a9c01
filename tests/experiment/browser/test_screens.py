"""The page on telephones and in small windows."""

import pytest

from bam_pipelines.datasets.folder import FolderDataset
from tests.browsers import axe_violations, darkness_of_sides, press, resize
from tests.experiment.browser.conftest import by_buttons, state, take_part, wait_for
from tests.experiment.conftest import N_CLASSES


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


def test_every_page_opens_at_its_top(browser, build, tmp_path):
    folder = tmp_path / "low"
    FolderDataset(filepath=str(folder)).save(build(screen_size=True))
    resize(browser, 844, 300)
    browser.get((folder / "index.html").as_uri() + "?list=1")
    opened = []

    def look(found):
        if found[0] in ("page", "screen"):
            opened.append(browser.execute_script("return [scrollY, document.documentElement.scrollHeight > 300]"))
        return found[0] == "trial"

    take_part(browser, stop=look)
    # welcome, consent, screen and instructions; what is longer than the window begins above its button
    assert len(opened) == 4 and [at for at, _ in opened] == [0] * 4
    assert sum(longer for _, longer in opened) >= 3


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
    # the table is wider, and scrolls by itself; a shadow says so
    assert browser.execute_script("return [innerWidth, document.documentElement.scrollWidth]") == [390, 390]
    left, right = darkness_of_sides(browser, ".wide")
    assert left < 0.1 < right
    script = "const one = document.querySelector('.wide'); one.scrollLeft = 1000; return one.scrollLeft > 0;"
    assert browser.execute_script(script)
    left, right = darkness_of_sides(browser, ".wide")
    assert right < 0.1 < left


def test_a_telephone_shows_yes_and_no_in_one_line_each(browser, build, tmp_path):
    folder = tmp_path / "judgment"
    FolderDataset(filepath=str(folder)).save(build(task="judgment"))
    resize(browser, 390, 844)
    browser.get((folder / "index.html").as_uri() + "?list=1")
    take_part(browser, stop=lambda found: found[0] == "trial")
    heights = [one.size["height"] for one in browser.find_elements("css selector", ".answers button")]
    assert heights == [48, 48]


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


@pytest.mark.parametrize("places", [0, 1])
def test_everybody_can_watch(browser, served, places):
    resize(browser, 390, 844)
    for _ in range(places):
        served.store.start(None, None, served.store.plan.design_id)
    browser.get(served.address + "status?key=key")
    assert axe_violations(browser) == []
