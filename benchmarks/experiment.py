"""Load the study's server: ``python -m benchmarks.experiment``, or ``make bench-experiment``.

Fifty simulated participants take part at once in a study of bundled digits, each sending block after block without
reading pauses, far faster than people. Every answer must then be on disk once.
"""

import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from kedro.config import OmegaConfigLoader

from bam_pipelines.behavior.clear_digits import natural_stimuli
from bam_pipelines.behavior.settings import session_settings
from bam_pipelines.datasets.folder import FolderDataset
from bam_pipelines.experiment.clear_images import ClearImages
from bam_pipelines.experiment.lists import build_lists
from bam_pipelines.experiment.server.plan import StudyPlan, read_plan
from bam_pipelines.experiment.settings import experiment_settings
from bam_pipelines.experiment.study import study_files
from bam_pipelines.experiment.texts import read_texts
from bam_pipelines.images.digits import bundled_digits

PROJECT = Path(__file__).parents[1]
RESULT = PROJECT / "benchmarks" / "results" / "experiment.json"
PEOPLE, STIMULI = 50, 2000
# what jsPsych notes of a trial beside the answer, about as long as it is there
_REST = {"stimulus": "x" * 260, "time_elapsed": 123456, "trial_type": "html-multi-response", "user_agent": "x" * 120}


def main() -> None:
    """Build, serve, load, count, print, store."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plan = _study(folder / "study")
        port = _free_port()
        command = [sys.executable, "-m", "kedro", "experiment", "serve", "--port", str(port)]
        command += ["--study", str(folder / "study"), "--answers", str(folder / "answers")]
        with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            next(line for line in server.stdout if line.startswith("Ctrl+C"))
            begin = time.perf_counter()
            try:
                with ThreadPoolExecutor(PEOPLE) as people:
                    sittings = list(people.map(lambda _: _take_part(plan, port), range(PEOPLE)))
                seconds = time.perf_counter() - begin
            finally:
                server.terminate()
        saves = [one for sitting in sittings for one in sitting]
        results = {
            "participants": PEOPLE,
            "blocks": len(saves),
            "seconds": round(seconds, 2),
            "save_ms_median": round(1000 * float(np.median(saves)), 1),
            "save_ms_p95": round(1000 * float(np.quantile(saves, 0.95)), 1),
            **_counted(plan, folder / "answers"),
        }
    RESULT.write_text(json.dumps(results, indent=1) + "\n")
    print(json.dumps(results, indent=1))


def _study(folder: Path) -> StudyPlan:
    parameters: dict[str, Any] = OmegaConfigLoader(str(PROJECT / "conf"), base_env="base", default_run_env="base")[
        "parameters"
    ]
    settings = experiment_settings(parameters["experiment"])
    session = session_settings(parameters["behavior"]["session"])
    digits = natural_stimuli(bundled_digits().table().drop_duplicates("stimulus_id"))
    digits = digits.rename(columns={"label": "expected"})
    n_practice, n_clear = settings.practice_trials, settings.practice_trials + session.catch_pool
    clear = ClearImages(digits.iloc[:n_practice], digits.iloc[n_practice:n_clear])
    lists = build_lists(digits.iloc[n_clear : n_clear + STIMULI], clear, settings, session, 0)
    texts = read_texts(PROJECT / settings.texts, settings.language)
    FolderDataset(filepath=str(folder)).save(
        study_files(lists, digits, texts, settings, parameters["behavior"]["classes"])
    )
    return read_plan(folder)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _take_part(plan: StudyPlan, port: int) -> list[float]:
    """Answer one list; return the seconds that each save took."""
    place = _post(port, "start", {"token": None, "outside_id": None, "design_id": plan.design_id})
    mine = {"token": place["token"], "session": place["session"]}
    taken = []
    for block, shown in plan.blocks[place["list"]].items():
        records = [{"stimulus_id": name, "response": 3, "rt": 700, **_REST} for name in shown.elements()]
        begin = time.perf_counter()
        _post(port, "blocks", {**mine, "block": block, "records": records})
        taken.append(time.perf_counter() - begin)
    _post(port, "finish", mine)
    return taken


def _post(port: int, path: str, body: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def _counted(plan: StudyPlan, answers: Path) -> dict[str, int]:
    """Count what was lost and what is there twice, over the lists that were given out."""
    wanted: Counter[str] = Counter()
    for blocks in list(plan.blocks.values())[:PEOPLE]:
        wanted.update(name for shown in blocks.values() for name in shown.elements())
    lines = [line for file in answers.glob("*.jsonl") for line in file.read_text().splitlines()]
    found = Counter(json.loads(line)["stimulus_id"] for line in lines)
    return {"answers": len(lines), "lost": (wanted - found).total(), "doubled": (found - wanted).total()}


if __name__ == "__main__":
    main()
