"""Headless Chromium, a server on a free port, and a participant who answers what a stimulus's id says."""

import json
import socket
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
import uvicorn

from bam_pipelines.behavior.ingestion import ingest
from bam_pipelines.experiment.server.app import Access, create_app
from bam_pipelines.experiment.server.plan import read_plan
from bam_pipelines.experiment.server.screening import screen_answers
from bam_pipelines.experiment.server.store import AnswerStore
from tests.browsers import WAIT, chromium, press, skip_without_chromium
from tests.experiment.conftest import N_CLASSES

SALT = "a salt for tests"


def pytest_collection_modifyitems(items):
    skip_without_chromium(items, "/experiment/browser/", "THE STUDY'S PAGE")


@pytest.fixture
def open_browser(tmp_path):
    """A function from preferences to a window; what it downloads goes to tmp_path / downloads."""
    with ExitStack() as opened:

        def open_window(**preferences):
            downloads = tmp_path / "downloads"
            downloads.mkdir()
            return opened.enter_context(chromium(downloads, **preferences))

        yield open_window


@pytest.fixture
def browser(open_browser):
    return open_browser()


class Served:
    """A study's server that can be ended and started again on the same port."""

    def __init__(self, study, answers, behavior, token=None):
        self.study, self.answers, self.behavior, self.token = study, answers, behavior, token
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}/"

    def begin(self):
        self.store = AnswerStore(self.answers, read_plan(self.study), 3600)
        access = Access("key", self.token, ("127.0.0.1",))
        app = create_app(self.store, access, screen_answers(self.answers, self.behavior))
        self.server = uvicorn.Server(
            uvicorn.Config(app, port=self.port, log_level="error", timeout_graceful_shutdown=1)
        )
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()
        wait_for(lambda: self.server.started, "the server")

    def end(self):
        self.server.should_exit = True
        self.thread.join()
        self.store.close()


@pytest.fixture
def served(study, tmp_path, settings_of):
    one = Served(study, tmp_path / "answers", settings_of()[1])
    one.begin()
    yield one
    if one.thread.is_alive():
        one.end()


def wait_for(met, what):
    end = time.monotonic() + WAIT
    while not (found := met()):
        assert time.monotonic() < end, f"waited {WAIT} s for {what}"
        time.sleep(0.02)
    return found


def answer_to(stimulus_id):
    """What this participant sees in a stimulus."""
    return int(stimulus_id, 16) % N_CLASSES


_STATE = """
const fresh = (element) => element !== null && !element.dataset.seen;
const page = document.querySelector("button.forward, #jspsych-fullscreen-btn");
if (document.body.dataset.finished) return ["finished"];
if (document.querySelector("[role=alert]")) return ["alert", document.querySelector("[role=alert]").textContent];
if (document.querySelector("#card")) return ["screen"];
if (fresh(page)) { page.dataset.seen = "1"; return ["page", page.closest(".jspsych-content").textContent]; }
const image = document.querySelector(".stimulus img");
if (fresh(image) && image.complete) { image.dataset.seen = "1"; return ["trial", image.getAttribute("src")]; }
return null;
"""


def state(driver):
    """Wait for something to do, and say what: a page, a trial and its image, an alert, or the end."""
    return wait_for(lambda: driver.execute_script(_STATE), "the page")


def by_keys(driver, stimulus_id):
    press(driver, str(answer_to(stimulus_id)))


def by_buttons(driver, stimulus_id):
    driver.find_elements("css selector", ".answers button")[answer_to(stimulus_id)].click()


def measure(driver):
    """Say that a card is a pixel wider than drawn at first, and that the eyes are 60 cm away."""
    assert not driver.find_element("css selector", "#jspsych-survey-html-form-next").is_enabled()
    press(driver, "\ue014")
    driver.find_element("css selector", "#distance").send_keys("60")
    driver.find_element("css selector", "#jspsych-survey-html-form-next").click()


def take_part(driver, answer=by_keys, stop=lambda found: False):
    """Go through pages by the Enter key and through trials by ``answer`` until the end, or until ``stop`` says so.

    Returns the last state and the ids of the stimuli that were answered.
    """
    answered = []
    while True:
        found = state(driver)
        if found[0] in ("finished", "alert") or stop(found):
            return found, answered
        if found[0] == "page":
            press(driver, "\ue007")
        elif found[0] == "screen":
            measure(driver)
        else:
            stimulus_id = found[1].removeprefix("stimuli/").removesuffix(".png")
            answer(driver, stimulus_id)
            answered.append(stimulus_id)


def downloaded(folder):
    """Wait for the file of answers, and read it."""
    file = wait_for(lambda: next(iter(folder.glob("*.json")), None), "the file of answers")
    return json.loads(file.read_text())


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
