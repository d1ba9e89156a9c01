import html
import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from bam_pipelines.experiment.server.app import LARGEST_POST, Access, create_app
from bam_pipelines.experiment.server.screening import screen_answers

KEY = "experimenter"


@pytest.fixture
def client_of(store, settings_of):
    """A function from a participants' token to a client; `testserver` is what it calls the server."""

    def make(participants=None, hosts=("testserver",)):
        screen = screen_answers(store.folder, settings_of()[1])
        return TestClient(create_app(store, Access(KEY, participants, hosts), screen))

    return make


@pytest.fixture
def client(client_of):
    return client_of()


def start(client, store, **body):
    return client.post(
        "/api/start", json={"token": None, "outside_id": None, "design_id": store.plan.design_id, **body}
    )


def save(client, place, answers, block=0, **body):
    sent = {"token": place["token"], "session": place["session"], "block": block}
    records = [{**record, "participant_id": place["participant_id"]} for record in answers(place["list"], block)]
    return client.post("/api/blocks", json={**sent, "records": records, **body})


def test_a_sitting_from_the_first_page_to_the_end(client, store, answers):
    assert "<title>" in client.get("/").text
    assert "api/blocks" in client.get("/transport.js").text
    place = start(client, store).json()
    for block in (0, 1, 2):
        assert save(client, place, answers, block).json() == {"stored": True, "before": False}
    assert save(client, place, answers, 1).json() == {"stored": True, "before": True}
    done = client.post("/api/finish", json={"token": place["token"], "session": place["session"]})
    assert done.json() == {"finished": True}
    assert start(client, store, token=place["token"]).json()["blocks"] == [0, 1, 2]


@pytest.mark.parametrize(
    "body, status, detail",
    [
        (b"no json", 422, "the post: Invalid JSON"),
        (b"[]", 422, "the post: "),
        (b'{"token": null, "outside_id": null}', 422, "design_id: Field required."),
        (b'{"token": 5, "outside_id": null, "design_id": "a"}', 422, "token: Input should be a valid string."),
        (b'{"token": null, "outside_id": "<b>", "design_id": "a"}', 422, "outside_id: "),
        (b'{"token": null, "outside_id": null, "design_id": "a", "more": 1}', 422, "more: Extra inputs"),
        (b" " * (LARGEST_POST + 1), 413, "the post is larger than"),
    ],
)
def test_malformed_and_oversized_posts_are_answered_clearly(client, store, body, status, detail):
    answer = client.post("/api/start", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert answer.json()["detail"].startswith(detail)
    assert store.places == []


def test_posts_of_other_kinds_are_refused(client, store):
    assert client.post("/api/start", data={"token": "a"}).status_code == 415
    assert client.get("/api/start").status_code in (404, 405)


def test_what_the_store_refuses_says_which_text_the_page_shows(client, store, answers):
    place = start(client, store).json()
    answer = save(client, place, answers, session=7)
    assert (answer.status_code, answer.json()["word"]) == (409, "other_tab")
    assert start(client, store, token="guess").json()["word"] == "study_unknown"


def test_every_answer_forbids_scripts_from_elsewhere(client):
    for path in ("/", "/study.js", f"/status?key={KEY}", "/nothing"):
        headers = client.get(path).headers
        assert "script-src 'self';" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"


def test_files_outside_the_study_are_not_served(client, store):
    (store.folder / "secret").write_text("x")
    for path in ("/../answers/secret", "/%2e%2e/answers/secret", "//etc/passwd", "/..%2fanswers%2fsecret"):
        assert client.get(path).status_code == 404


def test_status_needs_its_key_and_names_nobody(client, store, answers):
    place = start(client, store, outside_id="5f0abc77de").json()
    save(client, place, answers, 0)
    save(client, place, answers, 1)
    assert client.get("/status").status_code == 403
    assert client.get("/status?key=guess").status_code == 403
    page = client.get(f"/status?key={KEY}").text
    assert "1 of 4 places taken, 0 finished" in page
    # two trials of practice aside
    assert "4 of 8" in page and '<progress max="8" value="4" aria-label="Progress of participant 1">' in page
    assert "5f0abc77de" not in page and place["token"] not in page


def test_status_says_whom_the_rules_would_exclude(client, store, answers):
    for response in (1, 2):
        place = start(client, store).json()
        for block in (0, 1, 2):
            save(client, place, lambda number, block, said=response: answers(number, block, said), block)
        client.post("/api/finish", json={"token": place["token"], "session": place["session"]})
    page = client.get(f"/status?key={KEY}").text
    # the same answer to everything
    assert page.count("straight lining") == 2
    assert "2 finished, 2 would be excluded" in page


def test_a_folder_of_answers_may_be_seen_from_where_the_server_was_started(
    client, store, answers, settings_of, monkeypatch
):
    save(client, start(client, store).json(), answers, 1)
    monkeypatch.chdir(store.folder.parent)
    assert len(screen_answers(Path(store.folder.name), settings_of()[1])(frozenset())) == 1


@pytest.mark.parametrize("seconds, text", [(0, "0 min ago"), (3599, "59 min ago"), (7200, "2 h ago")])
def test_status_says_when_each_person_was_last_heard_of(client, store, answers, monkeypatch, seconds, text):
    monkeypatch.setattr(time, "time", lambda: 1000.0)
    save(client, start(client, store).json(), answers, 0)
    monkeypatch.setattr(time, "time", lambda: 1000.0 + seconds)
    assert f"<td>{text}</td>" in client.get(f"/status?key={KEY}").text


@pytest.mark.parametrize("name", ["<b>.json", "digits-0006.jsonl"])
def test_status_names_a_file_that_cannot_be_read(client, store, answers, name):
    save(client, start(client, store).json(), answers, 1)
    (store.folder / name).write_text("answer,answer\n7,7\n")
    answer = client.get(f"/status?key={KEY}")
    assert answer.status_code == 200
    assert f"cannot be applied: {html.escape(name)}: found column answer twice" in answer.text.replace("&#39;", "'")
    assert "1 of 4 places taken, 0 finished." in answer.text and "<b>" not in answer.text


def test_an_empty_file_does_not_keep_the_rules_from_the_others(client, store, answers):
    save(client, start(client, store).json(), answers, 1)
    before = client.get(f"/status?key={KEY}").text
    (store.folder / "digits-0006.jsonl").touch()
    assert client.get(f"/status?key={KEY}").text == before


def test_status_shows_texts_and_does_not_obey_them(client_of, store):
    # nobody can bring a name into it, so the study's own stands for all
    object.__setattr__(store.plan, "name", "<script>alert(1)</script>")
    page = client_of().get(f"/status?key={KEY}").text
    assert "<script>" not in page and "&lt;script&gt;" in page


def test_strangers_need_the_access_token_once(client_of, store):
    client = client_of(participants="a-token-of-the-lab")
    assert client.get("/").status_code == 403
    assert client.get("/?access=guess").status_code == 403
    assert client.post("/api/start", json={}).status_code == 403
    assert client.get("/?access=a-token-of-the-lab").status_code == 200
    # the cookie opens the rest
    assert client.get("/study.js").status_code == 200
    assert start(client, store).status_code == 200


def test_other_names_of_the_server_are_refused(client_of):
    assert client_of(hosts=("127.0.0.1", "localhost")).get("/").status_code == 400
