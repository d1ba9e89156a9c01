"""The stages behavior and reporting on 10³ to 10⁶ trials: seconds, memory, and the size of what they write."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bam_pipelines.behavior.schemas import validate_stimuli
from benchmarks.scale.folder import DataFolder
from benchmarks.scale.networks import FOLDER
from benchmarks.scale.stand_ins import costs_of, made_up_entropies, made_up_scores, made_up_swaps
from benchmarks.scale.tables import (
    clear_digits,
    made_up_answers,
    made_up_stimuli,
    size_of,
    write_csv,
    write_study_answers,
)
from benchmarks.scale.watch import PROJECT

SIZES = (1_000, 10_000, 100_000, 1_000_000)


def measure_rows(sizes: Sequence[int] = SIZES) -> list[dict[str, Any]]:
    """Run both stages as a user does, at each size.

    Parameters
    ----------
    sizes
        Numbers of trials, ascending.

    Returns
    -------
    list of dict
        For each: ``trials``, ``people``, ``stimuli``; by stage (``behavior`` reads a file a person as the study's
        server stores it, ``behavior_csv`` one table without images, ``reporting``) ``seconds`` and ``peak_gib``;
        ``bytes`` of the answers as they were sent, the trial table, the Psych-DS folder and the report.
    """
    seed = seed_folder()
    return [_measure(size, seed) for size in sizes]


def seed_folder() -> DataFolder:
    """Return a data folder with a whole run of conf/smoke, made once: what does not grow with the answers."""
    folder = DataFolder(FOLDER / "seed", "smoke")
    folder.prepare()
    if not (folder.data / "08_reporting" / "report.html").is_dir():
        folder.run("__default__", {"compute.backend": "sequential"})
    return folder


def _measure(trials: int, seed: DataFolder) -> dict[str, Any]:
    folder = DataFolder(FOLDER / "rows" / str(trials), "base")
    shutil.rmtree(folder.folder, ignore_errors=True)
    shutil.copytree(seed.data, folder.data, ignore=shutil.ignore_patterns(".*"))
    folder.prepare()
    _in_a_process("answers", trials)
    size = size_of(trials)
    behavior = {"behavior.source": "jspsych", "behavior.sources.jspsych.path": folder.data / "answers"}
    table = {
        "behavior.source": "table",
        "behavior.sources.table.path": folder.data / "table" / "trials.csv",
        "behavior.sources.table.participant_ids": "published",
    }
    stages = {
        "behavior_csv": folder.run("behavior", table).rounded(),
        "behavior": folder.run("behavior", behavior).rounded(),
    }
    _in_a_process("report", trials)
    stages["reporting"] = folder.run("reporting", behavior).rounded()
    written = {name: _newest(folder.data, path) for name, path in _WRITTEN.items()}
    sent = sum(path.stat().st_size for path in (folder.data / "answers").iterdir())
    shutil.rmtree(folder.folder)
    return {
        "trials": size.trials,
        "people": size.people,
        "stimuli": size.stimuli,
        "stages": stages,
        "bytes": {"sent": sent, **written},
    }


_WRITTEN = {
    "trials": "03_primary/trials.parquet",
    "trial_stimuli": "03_primary/trial_stimuli.parquet",
    "psych_ds": "08_reporting/psych_ds",
    "swaps": "08_reporting/alignment_swaps.parquet",
    "report": "08_reporting/report.html",
}


def _newest(data: Path, entry: str) -> int:
    """Return the bytes of an entry's newest version."""
    version = max(path for path in (data / entry).iterdir() if path.is_dir())
    return sum(path.stat().st_size for path in version.rglob("*") if path.is_file())


def _in_a_process(what: str, trials: int) -> None:
    # tables are made up elsewhere, so that nothing of them is in the memory that is watched or of this process
    subprocess.run([sys.executable, "-m", "benchmarks.scale.rows", what, str(trials)], cwd=PROJECT, check=True)


def prepare_answers(trials: int) -> None:
    """Write what the stage behavior reads: the study's images and people's answers to them."""
    folder, size, clear = DataFolder(FOLDER / "rows" / str(trials), "base"), size_of(trials), clear_digits()
    stimuli = made_up_stimuli(size.stimuli)
    answers = made_up_answers(size, stimuli, clear)
    write_study_answers(answers, folder.data / "answers")
    write_csv(answers, folder.data / "table" / "trials.csv")
    natural = clear.drop(columns="label")
    shown = validate_stimuli(pd.concat([stimuli.astype(object), natural.astype(object)], ignore_index=True))
    folder.save(stimuli=validate_stimuli(stimuli), study_stimuli=shown)


def prepare_report(trials: int) -> None:
    """Write what reporting reads of the stages between: sizes of these answers, scores at random."""
    folder = DataFolder(FOLDER / "rows" / str(trials), "base")
    answered, outcomes = folder.load("trials", "manipulation_outcomes")
    people = sorted(answered["participant_id"].unique())
    swaps = made_up_swaps(people)
    members = np.unique(outcomes[["participant_1", "participant_2"]])
    renamed = dict(zip(members, people, strict=False))
    people_of_pairs = {name: outcomes[name].map(renamed) for name in ("participant_1", "participant_2")}
    folder.save(
        # as if all were answers of the second round: the first round's are made up anew
        manipulation_outcomes=outcomes.assign(round=2, **people_of_pairs).astype({"round": "int16"}),
        alignment_entropy=made_up_entropies(answered, 10),
        alignment_metrics=made_up_scores(people),
        alignment_swaps=swaps,
        alignment_swap_costs=costs_of(swaps),
    )


if __name__ == "__main__":
    {"answers": prepare_answers, "report": prepare_report}[sys.argv[1]](int(sys.argv[2]))
