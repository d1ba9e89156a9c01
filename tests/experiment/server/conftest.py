"""A study's plan, records that answer its blocks, and a store."""

import json

import pytest

from bam_pipelines.experiment.server.plan import read_plan
from bam_pipelines.experiment.server.store import AnswerStore


@pytest.fixture
def study_plan(study):
    return read_plan(study)


@pytest.fixture
def answers(study):
    """A function from a list and a block to records as the page sends them."""

    def of(number, block, response=1):
        script = (study / "lists" / f"{number}.js").read_text()
        found = json.loads(script.split(" = ", 1)[1].rstrip().removesuffix(";"))
        trials = next(one["trials"] for one in found["blocks"] if one["number"] == block)
        shared = {"trial_type": "html-multi-response", "response_source": "keyboard", "block": block, "task": "digit"}
        return [
            {"trial_index": 100 * block + index, "rt": 600, "keyboard_response": str(response), **shared, **trial}
            for index, trial in enumerate(trials)
        ]

    return of


@pytest.fixture
def open_store(tmp_path, study_plan):
    """A function that opens the store on the same folder, the one before closed."""
    opened = []

    def again():
        while opened:
            opened.pop().close()
        opened.append(AnswerStore(tmp_path / "answers", study_plan, 3600))
        return opened[-1]

    yield again
    while opened:
        opened.pop().close()


@pytest.fixture
def store(open_store):
    return open_store()
