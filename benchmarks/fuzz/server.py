"""The study's server: its plan, its log, and what is posted to it."""

import asyncio
import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from fastapi import FastAPI

from bam_pipelines.behavior.clear_digits import natural_stimuli
from bam_pipelines.behavior.settings import session_settings
from bam_pipelines.datasets.folder import FolderDataset
from bam_pipelines.experiment.clear_images import ClearImages
from bam_pipelines.experiment.lists import build_lists
from bam_pipelines.experiment.server.app import Access, create_app
from bam_pipelines.experiment.server.places import Refused
from bam_pipelines.experiment.server.plan import StudyPlan, read_plan
from bam_pipelines.experiment.server.store import AnswerStore
from bam_pipelines.experiment.settings import experiment_settings
from bam_pipelines.experiment.study import study_files
from bam_pipelines.experiment.texts import read_texts
from bam_pipelines.images.table import image_columns
from benchmarks.fuzz import samples

CONF = Path(__file__).parents[2] / "conf" / "base"
_IDLE_SECONDS = 3600
_CALLS = ("start", "blocks", "finish")


def write_study(folder: Path) -> StudyPlan:
    """Write a study of a few lists of noise."""
    behavior = yaml.safe_load((CONF / "behavior" / "parameters.yml").read_text())["behavior"]
    experiment = yaml.safe_load((CONF / "experiment" / "parameters.yml").read_text())["experiment"]
    small = {"practice_trials": 2, "trials_per_block": 4, "answers_per_stimulus": 2, "scale": 2}
    short = {"stimuli_per_participant": 4, "minimum_catch": 2, "catch_share": 0.0, "repeat_share": 0.0, "repeat_gap": 2}
    images = natural_stimuli(pd.DataFrame({"label": 0, **image_columns(samples.pixels(20))}))
    shown = images.rename(columns={"label": "expected"})
    settings = experiment_settings({**experiment, **small})
    session = session_settings({**behavior["session"], **short})
    lists = build_lists(images.iloc[8:], ClearImages(shown.iloc[:2], shown.iloc[2:8]), settings, session, 0)
    texts = read_texts(CONF / "experiment" / "texts", "en")
    FolderDataset(filepath=str(folder)).save(study_files(lists, shown, texts, settings, ["0", "1", "2"]))
    return read_plan(folder)


def read_log(plan: StudyPlan, answers: dict[str, bytes], path: Path) -> object:
    """Open a store on a log and the answers beside it."""
    for name, content in answers.items():
        (path.parent / name).write_bytes(content)
    with closing(AnswerStore(path.parent, plan, _IDLE_SECONDS)) as store:
        return store.places


def posts(store: AnswerStore) -> list[bytes]:
    """Take part for two blocks, and return what a page posts."""
    place, token = store.start(None, "5f3c9a", store.plan.design_id)
    mine = {"token": token, "session": place.session}
    blocks: list[dict[str, Any]] = [
        {"block": block, "records": [{"stimulus_id": name, "response": 1, "rt": 5.5} for name in shown.elements()]}
        for block, shown in store.plan.blocks[place.list].items()
    ]
    start = {"token": None, "outside_id": "77aa12", "design_id": store.plan.design_id, "list": None}
    store.save(token, place.session, blocks[0]["block"], blocks[0]["records"])
    return [json.dumps(one).encode() for one in (start, *({**mine, **block} for block in blocks), mine)]


def poster(store: AnswerStore) -> Callable[[Path], object]:
    """Return a function that posts a file to each of the server's calls.

    It raises :class:`Refused` where all of them refuse it, and a RuntimeError where one answers with 500 or more.
    """
    app = create_app(store, Access("key", None, ("*",)), _nobody)

    def read(path: Path) -> object:
        answers = [asyncio.run(_post(app, f"/api/{call}", path.read_bytes())) for call in _CALLS]
        if max(status for status, _ in answers) >= 500:
            raise RuntimeError(f"the server answered {answers}")
        if min(status for status, _ in answers) >= 400:
            raise Refused(answers[0][0], "study_error", str(answers[0][1]))
        return answers

    return read


def _nobody(*arguments: object) -> Any:  # noqa: ANN401
    del arguments
    raise RuntimeError("nobody looks at the experimenter's page here")


async def _post(app: FastAPI, path: str, body: bytes) -> tuple[int, bytes]:
    """Call the server without a socket between."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:  # noqa: ANN401
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": path, "raw_path": path.encode(), "root_path": "", "query_string": b"", "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80), "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")],
    }  # fmt: skip
    await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def open_store(folder: Path, plan: StudyPlan) -> tuple[AnswerStore, list[bytes], dict[str, bytes]]:
    """Return a store with one participant, what this participant's page posted, and the content of its files."""
    store = AnswerStore(folder, plan, _IDLE_SECONDS)
    sent = posts(store)
    return store, sent, {path.name: path.read_bytes() for path in folder.iterdir()}
