"""Peak memory of every stage at the sizes of conf/paper: official MNIST, 20,250 stimuli, 246 people, on a CPU."""

import os
import subprocess
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bam_pipelines.behavior.schemas import validate_stimuli
from bam_pipelines.networks.classifiers import CLASSIFIER_NAMES
from benchmarks.scale.folder import DataFolder
from benchmarks.scale.networks import FOLDER
from benchmarks.scale.rows import seed_folder
from benchmarks.scale.stand_ins import costs_of, made_up_entropies, made_up_scores, made_up_swaps
from benchmarks.scale.tables import made_up_stimuli
from benchmarks.scale.watch import PROJECT

STIMULI, TEST_DIGITS = 20_250, 500
PAPER = DataFolder(FOLDER / "paper", "paper")


@dataclass(frozen=True)
class Stage:
    """How a stage, or a part of one, is run where only its memory is asked for.

    Parameters
    ----------
    name
        Of the stage or the part.
    reduced
        Parameters that make it shorter: steps, epochs, resamples; never what memory depends on.
    note
        What else is not as in conf/paper, for the results' file.
    nodes
        Of the stage; all if none is named.
    of
        The stage, where this is a part of it.
    """

    name: str
    reduced: dict[str, object] = field(default_factory=dict)
    note: str = ""
    nodes: tuple[str, ...] = ()
    of: str = ""


def _training(epochs: int, samples: int, place: str) -> dict[str, object]:
    return {f"{place}.training.epochs": epochs, f"{place}.training.samples_per_epoch": samples}


_EVERYTHING_PASSES = {
    "sampling.judge_threshold": -1e9,
    "sampling.uncertainty.probability": 1e-9,
    "sampling.uncertainty.quota": STIMULI // 225,
    "sampling.controversial.digit_pairs": 0,
    "sampling.unguided.digit_pairs": 0,
}
STAGES = (
    Stage("preprocessing"),
    Stage("classifiers", {f"classifiers.{name}.epochs": 1 for name in CLASSIFIER_NAMES}, "one epoch each"),
    Stage(
        "prior",
        {
            "prior.diffusion_prior.training.steps": 2,
            "prior.diffusion_prior.training.warmup_steps": 1,
            **{f"prior.{name}.training.epochs": 1 for name in ("digit_judge", "independent_judge")},
            **{f"prior.{name}.training.samples_per_epoch": 256 for name in ("digit_judge", "independent_judge")},
            **{f"prior.{name}.adversarial.rounds": 1 for name in ("digit_judge", "independent_judge")},
            **{f"prior.{name}.adversarial.steps": 1 for name in ("digit_judge", "independent_judge")},
            **{f"prior.{name}.epochs": 1 for name in ("feature_network", "observer_network")},
            "prior.quality.steps": 1,
            "prior.quality.repeats": 1,
            "prior.judge_quality.climb.steps": 1,
        },
        "two steps of the prior, one epoch or round of the others, one step a sample",
    ),
    Stage(
        "sampling",
        {"sampling.paper.steps": 1, "sampling.paper.repeats": 1, **_EVERYTHING_PASSES},
        f"one step an image, and every image passes: {STIMULI // 225 * 225:,} uncertainty stimuli",
    ),
    Stage("experiment", note="of made-up stimuli"),
    Stage("behavior", note="of made-up stimuli"),
    Stage(
        "alignment",
        {
            **_training(1, 1_280, "alignment.group"),
            **_training(1, 128, "alignment.paper"),
            "alignment.hierarchical.steps": 5,
            "alignment.resamples": 100,
        },
        "all of it but evaluation; one epoch of one batch a person, five steps of hierarchical fits, 100 resamples",
        ("align_groups", "align_individuals", "study_differences"),
    ),
    Stage(
        "manipulation",
        {"manipulation.paper.steps": 1, "manipulation.paper.repeats": 1, "manipulation.resamples": 100,
         "manipulation.judge_threshold": -1e9, "manipulation.max_proposals": 1},
        "one step an image, 100 resamples",
    ),
    Stage("manipulation_analysis", {"manipulation.resamples": 100}, "100 resamples"),
    Stage("power", {"power.simulations": 10, "power.permutations": 99}, "ten simulations, 99 permutations"),
    Stage("reporting", {"reporting.resamples": 100}, "100 resamples; of made-up scores of models"),
    Stage("loop", {"behavior.session.catch_pool": 60}, "half as many digits for catch trials"),
    Stage(
        "alignment_evaluation",
        {"alignment.resamples": 100},
        "of the classifiers, each evaluated by itself, only VGG, the largest; 500 test digits, 100 resamples",
        ("evaluate_vgg",),
        of="alignment",
    ),
)  # fmt: skip


def measure_memory(stages: Collection[str] = (), keep: Callable[[dict[str, Any]], None] = lambda _: None) -> None:
    """Run stages one after the other in a data folder of conf/paper, each in processes of its own, watched.

    Parameters
    ----------
    stages
        Which; all if none is named. What they need must be there from an earlier call.
    keep
        Takes each stage's result as soon as it is there: name to ``peak_gib``, ``seconds``, ``note``.
    """
    PAPER.prepare()
    for stage in STAGES:
        if stages and stage.name not in stages:
            continue
        parameters = {"preprocessing.folder": mnist(), **stage.reduced}
        if stage.name == "prior":
            parameters["prior_root"] = PAPER.folder / "prior"
        found = PAPER.run(stage.of or stage.name, parameters, stage.nodes).rounded()
        keep({stage.name: found | ({"note": stage.note} if stage.note else {})})
        if stage.name in _STAND_INS:
            command = [sys.executable, "-m", "benchmarks.scale.memory", stage.name]
            subprocess.run(command, cwd=PROJECT, check=True)


def mnist() -> Path:
    """Return the folder of the official files: BAM_MNIST, or where conf/full looks for them."""
    return Path(os.environ.get("BAM_MNIST", PROJECT / "data" / "01_raw" / "mnist"))


def _cut_digits() -> None:
    """Keep some test digits for the stages after: the models of all people name them, in batches."""
    (digits,) = PAPER.load("mnist_test")
    PAPER.save(mnist_test=digits.sample(TEST_DIGITS, random_state=0).reset_index(drop=True))


def _put_stimuli() -> None:
    """Put made-up stimuli of all classifiers in the place of those that one step made."""
    PAPER.save(stimuli=validate_stimuli(made_up_stimuli(STIMULI)))


def _put_scores() -> None:
    """Put made-up scores of all classifiers' models where only one classifier's were evaluated."""
    (trials,), (summary,) = PAPER.load("trials"), seed_folder().load("alignment_summary")
    people = sorted(trials["participant_id"].unique())
    swaps = made_up_swaps(people)
    PAPER.save(
        alignment_entropy=made_up_entropies(trials, 10),
        alignment_metrics=made_up_scores(people),
        alignment_swaps=swaps,
        alignment_swap_costs=costs_of(swaps),
        alignment_summary=summary,
    )


_STAND_INS = {"preprocessing": _cut_digits, "sampling": _put_stimuli, "alignment": _put_scores}

if __name__ == "__main__":
    _STAND_INS[sys.argv[1]]()
