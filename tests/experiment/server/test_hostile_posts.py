"""Posts, logs and studies of every shape: stored, or refused by name, and never an error of the server."""

import json

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from bam_pipelines.experiment.server.app import Access, create_app
from bam_pipelines.experiment.server.plan import read_plan
from bam_pipelines.experiment.server.store import LOG, AnswerStore
from benchmarks.fuzz.structures import nested

KEYS = ("token", "session", "block", "records", "outside_id", "design_id", "list", "stimulus_id")


@pytest.fixture
def post(store):
    """A function that posts to a call of the server, errors of the server let through."""
    client = TestClient(create_app(store, Access("key", None, ("testserver",)), None))
    headers = {"Content-Type": "application/json"}
    return lambda call, body: client.post(f"/api/{call}", content=body, headers=headers).status_code


def dumped(value):
    try:
        return json.dumps(value)
    except ValueError:  # a whole number that Python does not write
        return '{"records": ' + "9" * 5000 + "}"


@settings(max_examples=15)
@given(st.sampled_from(["start", "blocks", "finish"]), st.dictionaries(st.sampled_from(KEYS), nested) | nested)
def test_whatever_is_posted_is_refused_by_name(post, call, body):
    assert post(call, dumped(body).encode()) in (403, 409, 415, 422)


@settings(max_examples=15)
@given(nested, st.text(st.characters(), max_size=5))
def test_whatever_a_record_holds_beside_its_stimulus_is_stored_or_refused(store, post, answers, value, name):
    place, token = store.start(None, "ann", store.plan.design_id)
    first = sorted(store.plan.blocks[place.list])[0]
    records = answers(place.list, first)
    if name != "stimulus_id":
        records[0][name] = value
    body = {"token": token, "session": place.session, "block": first, "records": records}
    stored = post("blocks", dumped(body).encode())
    # once stored, other answers to the same block are refused
    assert stored in (200, 409, 422)
    lines = store.file(place).read_bytes().splitlines() if store.file(place).exists() else []
    assert all(isinstance(json.loads(line), dict) for line in lines)


def test_nothing_that_is_nested_without_an_end_gets_in(post):
    assert post("blocks", b'{"records": ' + b"[" * 100_000) == 422
    assert post("blocks", b'{"token": "\\ud800"}') == 422


@pytest.mark.parametrize(
    "line",
    ["5", '"event"', "[]", "null", '{"event": "place"}', '{"a":' * 5000, "\udcff", '{"event": "block"}', "[[1]]"],
)
def test_a_line_of_the_log_that_is_something_else_is_named(open_store, tmp_path, line):
    open_store().start(None, "ann", open_store().plan.design_id)
    log = tmp_path / "answers" / LOG
    with log.open("ab") as file:
        file.write(line.encode(errors="surrogateescape") + b"\n")
    with pytest.raises(ValueError, match=r"server\.log, line 4: cannot be read; the answers beside it are whole"):
        open_store()


@pytest.mark.parametrize("design", ["5", "[]", '{"n_lists": "many"}', '{"a":' * 5000, '{"n_lists": 1e400}', "\udcff"])
def test_a_design_that_is_something_else_is_named(study, design):
    (study / "design.json").write_bytes(design.encode(errors="surrogateescape"))
    with pytest.raises(ValueError, match="holds no study that can be read .*kedro run --pipelines experiment"):
        read_plan(study)


def test_an_unreadable_log_leaves_the_folder_to_others(study_plan, tmp_path):
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers" / LOG).write_text("5\n")
    with pytest.raises(ValueError, match="line 1: cannot be read"):
        AnswerStore(tmp_path / "answers", study_plan, 3600)
    (tmp_path / "answers" / LOG).unlink()
    AnswerStore(tmp_path / "answers", study_plan, 3600).close()
