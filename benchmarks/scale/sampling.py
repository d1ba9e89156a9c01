"""Sampling on one worker and on two, and where what is missing to twice as fast is lost."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from joblib.externals.loky import get_reusable_executor

from bam_pipelines.compute.device import Compute
from bam_pipelines.compute.workers import Workers, open_workers
from bam_pipelines.guidance.acceptance import AcceptanceRule
from bam_pipelines.guidance.cells import uncertainty_cells
from bam_pipelines.guidance.fast import FastSettings
from bam_pipelines.guidance.methods import FastMethod
from bam_pipelines.guidance.sampling import SamplingPlan, sample_stimuli
from benchmarks.scale.networks import classifiers, kept_in_git, parameters, shuffled_digits
from benchmarks.scale.speedup import alternated, speedup
from benchmarks.scale.watch import PROJECT

QUOTA, REPEATS = 4, 3
_COMPUTE = Compute("cpu", "auto")


class Sampling:
    """The uncertainty stimuli of all five classifiers, by conf/base; only the number a digit pair is the bench's."""

    def __init__(self, quota: int = QUOTA, digit_pairs: int | None = None) -> None:
        options = parameters()["sampling"]
        self.classifiers, self.digits = classifiers(), shuffled_digits()
        self.cells = uncertainty_cells(list(self.classifiers), 10, digit_pairs, quota, 0)
        rule = AcceptanceRule("uncertainty", options["uncertainty"]["probability"], None, options["judge_threshold"])
        method = FastMethod(FastSettings(**options["fast"]), self.digits, options["reference"]["weight"])
        self.plan = SamplingPlan(
            method, rule, options["max_proposals"], options["batch_size"], "base", 0, "bench/scale"
        )
        self.stimuli, self.proposals = 0, 0

    def run(self, workers: int, working: Path | None = None) -> float:
        """Sample with so many workers; return seconds."""
        if working is None:
            with tempfile.TemporaryDirectory() as name:
                return self.run(workers, Path(name))
        networks = self.classifiers, kept_in_git("diffusion_prior"), kept_in_git("digit_judge")
        begin = time.perf_counter()
        with open_workers(Workers("loky", workers)):
            stimuli, acceptance = sample_stimuli(self.cells, *networks, self.plan, _COMPUTE, working)
        seconds = time.perf_counter() - begin
        self.stimuli, self.proposals = len(stimuli), int(acceptance["proposals"].sum())
        return seconds


def measure_sampling(quota: int = QUOTA, repeats: int = REPEATS, digit_pairs: int | None = None) -> dict[str, Any]:
    """Time sampling with one and two workers of one thread each.

    Parameters
    ----------
    quota, digit_pairs
        Stimuli a digit pair, and digit pairs a classifier.
    repeats
        Pairs of passes.

    Returns
    -------
    dict
        ``speedup`` of workers that are there already, see :func:`~benchmarks.scale.speedup.speedup`;
        ``stimuli_per_second`` of one and of two; ``lost``: seconds that starting two workers takes once a run, that
        are serial in a pass (everything but the shards, measured with all of them finished), and by how much a pass
        takes longer while another process samples, too (what two cores share); and what was sampled.
    """
    work = Sampling(quota, digit_pairs)
    get_reusable_executor(max_workers=2).shutdown(wait=True)
    with tempfile.TemporaryDirectory() as name:
        cold = work.run(2, Path(name))
        serial = work.run(1, Path(name))
    one, two = alternated(lambda: work.run(1), lambda: work.run(2), repeats)
    found = speedup(one, two)
    beside = _beside_another(work, quota, digit_pairs)
    return {
        "speedup": found,
        "stimuli_per_second": {
            "1": round(work.stimuli * len(one) / sum(one), 2),
            "2": round(work.stimuli * len(two) / sum(two), 2),
        },
        "lost": {
            "start_seconds": round(max(0.0, cold - sum(two) / len(two)), 2),
            "serial_seconds": round(serial, 2),
            "slower_beside_another": round(beside / (sum(one) / len(one)), 3),
        },
        "stimuli": work.stimuli,
        "proposals": work.proposals,
        "batch_size": work.plan.batch_size,
        "precision": "bfloat16" if _COMPUTE.bfloat16 else "float32",
    }


def _beside_another(work: Sampling, quota: int, digit_pairs: int | None) -> float:
    """Return the seconds of one worker's pass while another process does the same, from before it until after it."""
    other = [sys.executable, "-m", "benchmarks.scale.sampling", str(quota), str(digit_pairs or "")]
    with subprocess.Popen(other, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            process.stdout.readline()  # it is warm and has begun
            return work.run(1)
        finally:
            process.terminate()


def _forever(quota: int, digit_pairs: int | None) -> None:
    work = Sampling(quota, digit_pairs)
    print("sampling", flush=True)
    while True:
        work.run(1)


if __name__ == "__main__":
    _forever(int(sys.argv[1]), int(sys.argv[2]) if sys.argv[2] else None)
