"""The study as a folder of files: opens from disk, from any web server, and from the project's own."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment

from bam_pipelines.experiment.pictures import stimulus_pictures
from bam_pipelines.experiment.settings import ExperimentSettings
from bam_pipelines.experiment.vendored import LICENCE, vendored_files

PAGE = Path(__file__).parent / "page"
JSPSYCH = "jspsych"
TRANSPORT = "transport.js"
# of answers; from 1, as they lie beside each other on a keyboard
_KEYS = "1234567890abcdefghijklmnopqrstuvwxyz"
# of a sitting: a trial with its fixation and its share of breaks, and all pages together
_SECONDS_PER_TRIAL = 3
_MINUTES_OF_PAGES = 4
_TRIAL = ("stimulus_id", "phase", "repetition", "is_catch", "expected_response")


def study_files(
    lists: pd.DataFrame,
    stimuli: pd.DataFrame,
    texts: Mapping[str, str],
    settings: ExperimentSettings,
    classes: Sequence[str],
    round_number: int = 1,
) -> dict[str, str | bytes]:
    """Build the study.

    Parameters
    ----------
    lists
        Of :func:`~bam_pipelines.experiment.lists.build_lists`.
    stimuli
        Stimulus table of every image that the lists name.
    texts
        Of :func:`~bam_pipelines.experiment.texts.read_texts`; ``{minutes}`` in them becomes
        :func:`planned_minutes`.
    settings
        What the study looks like.
    classes
        Names of the 2 to 36 classes, each on a button and with a key; see :func:`answer_keys`.
    round_number
        Round of the study, from 1.

    Returns
    -------
    dict
        Content by path: ``index.html`` and what it loads, the stimuli under names that do not tell what they are, one
        script a list, jsPsych, and ``design.json`` for programs.

    Raises
    ------
    ValueError
        If a list names an image that is not among the stimuli, or there are too many classes for keys.
    """
    if not 2 <= len(classes) <= len(_KEYS):
        raise ValueError(f"there are {len(classes)} classes, expected 2 to {len(_KEYS)}: each is answered by one key.")
    unknown = lists["stimulus_id"][~lists["stimulus_id"].isin(stimuli["stimulus_id"])]
    if not unknown.empty:
        raise ValueError(f"the lists show {unknown.iloc[0]}, which is none of the {len(stimuli)} stimuli.")
    shown = stimuli[stimuli["stimulus_id"].isin(lists["stimulus_id"])]
    scripts = {f"lists/{number}.js": _list_script(rows) for number, rows in lists.groupby("list")}
    minutes = str(planned_minutes(lists))
    spoken = {name: text.replace("{minutes}", minutes) for name, text in texts.items()}
    design = _design(shown, scripts, spoken, settings, classes, round_number)
    pictures = stimulus_pictures(shown, settings.scale, settings.kernel)
    return {
        "index.html": index_page(settings, spoken, ()),
        "design.js": f"window.BAM_DESIGN = {json.dumps(design, ensure_ascii=False)};\n",
        "design.json": json.dumps(design, ensure_ascii=False, indent=1) + "\n",
        TRANSPORT: transport_script("download"),
        **{name: (PAGE / name).read_text(encoding="utf-8") for name in ("study.js", "study.css")},
        **scripts,
        **{f"stimuli/{identifier}.png": picture for identifier, picture in pictures.items()},
        **{f"{JSPSYCH}/{name}": content for name, content in vendored_files().items()},
    }


def answer_keys(classes: Sequence[str]) -> list[str]:
    """Return the key of each class: its name where all are single digits or letters, else 1 to 9, 0, a to z in turn."""
    own = [name.lower() for name in classes]
    if len(set(own)) == len(own) and all(len(name) == 1 and name in _KEYS for name in own):
        return own
    return list(_KEYS[: len(classes)])


def planned_minutes(lists: pd.DataFrame) -> int:
    """Return how long the longest list takes: 3 s a trial and 4 min for all pages, rounded up to a multiple of 5."""
    longest = int(lists.groupby("list").size().max())
    return 5 * math.ceil((longest * _SECONDS_PER_TRIAL / 60 + _MINUTES_OF_PAGES) / 5)


def index_page(settings: ExperimentSettings, texts: Mapping[str, str], before: tuple[str, ...]) -> str:
    """Return the page; ``before`` are scripts that it loads before its own."""
    libraries = [f"{JSPSYCH}/{name}" for name in vendored_files() if name != LICENCE]
    environment = Environment(autoescape=True, trim_blocks=True, keep_trailing_newline=True)
    template = environment.from_string((PAGE / "index.html.j2").read_text(encoding="utf-8"))
    return template.render(
        title=settings.title,
        language=settings.language,
        browser=texts["browser"],
        # study.js last: it takes what the others define
        scripts=[*before, *libraries, "design.js", TRANSPORT, "study.js"],
    )


def transport_script(kind: str) -> str:
    """Return the script that keeps answers: ``download``, ``server`` or ``jatos``."""
    return (PAGE / f"transport_{kind}.js").read_text(encoding="utf-8")


def _list_script(rows: pd.DataFrame) -> str:
    blocks = [
        {"number": int(number), "trials": [_trial(row) for row in trials[list(_TRIAL)].to_dict("records")]}
        for number, trials in rows.groupby("block")
    ]
    return f"window.BAM_LIST = {json.dumps({'list': int(rows['list'].iloc[0]), 'blocks': blocks})};\n"


def _trial(row: Mapping[Any, Any]) -> dict[str, Any]:
    expected = row["expected_response"]
    return {
        "stimulus_id": row["stimulus_id"],
        "phase": row["phase"],
        "repetition": int(row["repetition"]),
        "is_catch": bool(row["is_catch"]),
        "expected_response": None if pd.isna(expected) else int(expected),
    }


def _design(
    shown: pd.DataFrame,
    scripts: Mapping[str, str],
    texts: Mapping[str, str],
    settings: ExperimentSettings,
    classes: Sequence[str],
    round_number: int,
) -> dict[str, Any]:
    height, width = (int(shown[name].iloc[0]) for name in ("height", "width"))
    design = {
        "name": settings.name,
        "task": settings.task,
        "round": round_number,
        "labels": list(classes),
        "keys": answer_keys(classes),
        "n_lists": len(scripts),
        # from the second round on, each list is one person's
        "personal_lists": round_number > 1,
        "image_width": width * settings.scale,
        "image_height": height * settings.scale,
        "fixation_ms": settings.fixation_ms,
        "fullscreen": settings.fullscreen,
        "screen_size": settings.screen_size,
        "completion_url": settings.completion_url,
        "texts": dict(texts),
    }
    # a page that was loaded before the study was built anew must not save into it
    content = json.dumps([design, dict(scripts)], sort_keys=True)
    return {"design_id": hashlib.sha256(content.encode()).hexdigest()[:16], **design}
