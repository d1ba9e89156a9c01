"""Timed repeats of an arm, kept on disk between calls."""

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from bam_pipelines.compute.fingerprint import fingerprint
from bam_pipelines.compute.seeds import derive_seed
from bam_pipelines.compute.shards import Arrays, ShardFolder, run_shards
from bam_pipelines.compute.workers import Workers, open_workers
from bam_pipelines.guidance.acceptance import assess
from bam_pipelines.guidance.methods import Guides
from bam_pipelines.guidance.sampling import guidance_source
from bam_pipelines.images.pixels import to_uint8, to_unit
from benchmarks.sampling.arms import PAIRS, Arm

WORKERS = 2


@dataclass(frozen=True)
class Repeat:
    """One repeat: every digit pair once for each worker, the second in the other direction."""

    number: int


def targets_of(part: int) -> torch.Tensor:
    """Return the targets of one worker's batch: all unordered digit pairs, (45, 2), reversed for odd parts."""
    pairs = torch.tensor(PAIRS)
    return pairs.flip(1) if part % 2 else pairs


def run_repeat(arm: Arm, guides: Guides, folder: Path, repeat: Repeat) -> Arrays:
    """Sample one repeat of an arm, or read it if it was done before.

    A repeat of ``fast`` is done again when the code of guidance changes. Those of the published algorithm, which take
    most of the time, are kept until networks or settings change: remove their folder after changing their code.

    Returns
    -------
    dict
        ``pixels`` uint8 (N, C, H, W), ``targets`` (N, 2), ``accepted`` (N,), ``judge_score`` (N,), ``probabilities``
        (N, 2 or 4); ``seconds``: wall clock from giving the batches to the workers to having all images back, without
        the final float32 test, which all arms share; ``warm_seconds``: the same for a batch of one image before that.
    """
    source = guidance_source() if arm.name == "fast" else []
    kept = ShardFolder(folder / arm.key / fingerprint(guides, arm.method, arm.task, arm.bfloat16, *source))
    return kept.run(partial(_work, arm, guides), [repeat], f"{arm.key}, repeat {repeat.number}")[0]


def _work(arm: Arm, guides: Guides, repeat: Repeat) -> Arrays:
    _, warm_seconds = _timed(arm, guides, repeat, 1)
    parts, seconds = _timed(arm, guides, repeat, len(PAIRS))
    pixels, targets = np.concatenate(parts), torch.cat([targets_of(part) for part in range(WORKERS)])
    found = assess(to_unit(pixels), targets, guides.classifiers, guides.judge, arm.task.rule)
    return {
        "pixels": pixels,
        "targets": targets.numpy(),
        "accepted": found.accepted,
        "judge_score": found.judge_scores,
        "probabilities": found.probabilities,
        "seconds": np.array(seconds),
        "warm_seconds": np.array(warm_seconds),
    }


def _timed(arm: Arm, guides: Guides, repeat: Repeat, n: int) -> tuple[list[np.ndarray], float]:
    began = time.perf_counter()
    with open_workers(Workers("loky", WORKERS)):
        parts = run_shards(partial(_sample, arm, guides, repeat.number, n), list(range(WORKERS)), arm.key)
    return parts, time.perf_counter() - began


def _sample(arm: Arm, guides: Guides, number: int, n: int, part: int) -> np.ndarray:
    targets = targets_of(part)[:n]
    # the arm is no part of the seed: the same proposals for all
    seeds = [derive_seed(0, "bench/sampling", arm.task.key, number, part, index) for index in range(len(targets))]
    return to_uint8(arm.method.sample(guides, seeds, targets, arm.task.rule, arm.compute))
