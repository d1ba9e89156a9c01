"""Time what behavioral data costs at the paper's size: ``python -m benchmarks.behavior``, or ``make bench-behavior``.

It writes a data set of the release's form and size with random answers to a temporary folder, reads it in a process of
its own, and lets as many simulated participants answer in another.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from kedro.config import OmegaConfigLoader

from bam_pipelines.behavior.assignments import assign_balanced
from bam_pipelines.behavior.clear_digits import choose_clear_digits, natural_stimuli
from bam_pipelines.behavior.ingestion import ingest
from bam_pipelines.behavior.observers import as_observer, draw_participants
from bam_pipelines.behavior.schemas import STIMULI
from bam_pipelines.behavior.settings import behavior_settings
from bam_pipelines.behavior.simulator import simulate_trials
from bam_pipelines.images.digits import bundled_digits
from bam_pipelines.images.table import image_columns
from bam_pipelines.networks.registry import read_network

PROJECT = Path(__file__).parents[1]
RESULT = PROJECT / "benchmarks" / "results" / "behavior.json"
TRIALS, IMAGES, PEOPLE, EACH = 116_715, 19_943, 246, 474


def main() -> None:
    """Measure both, print, store."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_release(folder)
        read = _in_a_process("ingest", folder)
        simulated = _in_a_process("simulate", folder)
    results = {
        "trials": TRIALS,
        "images": IMAGES,
        "ingest_seconds": read["seconds"],
        "peak_gib": read["peak_gib"],
        "simulate_seconds": simulated["seconds"],
        "simulate_peak_gib": simulated["peak_gib"],
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(results, indent=1) + "\n")
    print(json.dumps(results, indent=1))


def _in_a_process(what: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.behavior", what, str(folder)]
    shown = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout
    found: dict[str, float] = json.loads(shown.splitlines()[-1])
    return found


def mixed_digits() -> np.ndarray:
    """Return as many different images as the release has, uint8 (N, 1, 28, 28): bundled digits laid over each other."""
    pixels = bundled_digits().pixels
    draw = np.random.default_rng(0)
    first, second = (pixels[draw.integers(len(pixels), size=IMAGES)] for _ in range(2))
    noise = draw.integers(32, size=first.shape, dtype=np.uint8)
    return np.maximum(np.maximum(first, second), noise)


def write_release(folder: Path) -> None:
    """Write ``df_DigitRecog.csv`` and ``images.pt``."""
    draw = np.random.default_rng(0)
    torch.save(torch.from_numpy(mixed_digits()).float() / 255, folder / "images.pt")
    image = draw.integers(IMAGES, size=TRIALS)
    kinds = np.array(["uncertainty", "controversial"])[image % 2]
    table = pd.DataFrame(
        {
            "subject_id": np.arange(TRIALS) % PEOPLE,
            "stimulus": [f"round2_dataset/{kind}/{number:05d}.png" for kind, number in zip(kinds, image, strict=True)],
            "stimulus_id": image,
            "response": draw.integers(10, size=TRIALS),
            "is_train": draw.random(TRIALS) < 0.8,
            "rt": draw.integers(300, 3000, TRIALS),
        }
    )
    table.to_csv(folder / "df_DigitRecog.csv", index=False)


def _parameters() -> dict[str, Any]:
    loader = OmegaConfigLoader(str(PROJECT / "conf"), base_env="base", default_run_env="base")
    parameters: dict[str, Any] = loader["parameters"]["behavior"]
    return parameters


def read(folder: Path) -> None:
    """Ingest the release."""
    parameters = _parameters()
    parameters["sources"]["released"]["path"] = str(folder)
    settings = behavior_settings(parameters)
    found = ingest("released", settings.sources["released"], PROJECT, None, None, 0.0, settings.n_classes)
    if len(found.trials) != TRIALS:
        raise RuntimeError(f"read {len(found.trials)} trials, expected {TRIALS}.")


def simulate(folder: Path) -> None:
    """Let the simulated participants answer."""
    del folder  # they look at images of this process's own
    parameters = _parameters()
    parameters["participants"]["n_participants"] = PEOPLE
    parameters["session"]["stimuli_per_participant"] = EACH
    settings = behavior_settings(parameters)
    networks = PROJECT / "data" / "06_models" / "observer_network.safetensors"
    observer = as_observer(read_network(next(networks.glob("2000*/*.safetensors"))).network)
    digits = bundled_digits().table()
    session = settings.session
    catch = choose_clear_digits(digits, observer, session.catch_pool, session.clear_share, 0, 1)
    stimuli = natural_stimuli(pd.DataFrame(image_columns(mixed_digits())).assign(label=0))[list(STIMULI.kinds)]
    head = observer.head
    people = draw_participants(PEOPLE, head.in_features, head.out_features, settings.participants, 0)
    assigned = assign_balanced(people["participant_id"].to_list(), stimuli, EACH, 0)
    simulate_trials(stimuli, catch, observer, people, assigned, settings, 0)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        begin = time.perf_counter()
        {"ingest": read, "simulate": simulate}[sys.argv[1]](Path(sys.argv[2]))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(json.dumps({"seconds": round(time.perf_counter() - begin, 2), "peak_gib": round(peak, 2)}))
