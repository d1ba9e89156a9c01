"""What is compared: a method, the classifiers it samples for, and the precision it works in."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import torch

from bam_pipelines.compute.device import Compute
from bam_pipelines.guidance.acceptance import AcceptanceRule
from bam_pipelines.guidance.fast import FastSettings
from bam_pipelines.guidance.methods import FastMethod, Guides, Method, PaperMethod
from bam_pipelines.images.digits import Digits
from benchmarks.paper_faithful import PAPER, PublishedObjective, sample_paper_faithful

PAIRS = list(combinations(range(10), 2))
JUDGE_WEIGHT = 10.0


@dataclass(frozen=True)
class Task:
    """What is sampled: ``uncertainty``, ``controversial`` or ``individual``, by which classifiers."""

    kind: str
    classifiers: tuple[str, ...]
    rule: AcceptanceRule

    @property
    def key(self) -> str:
        """Name of the task."""
        return f"{self.kind}-{'+'.join(self.classifiers)}"


@dataclass(frozen=True)
class Arm:
    """A method on a task."""

    task: Task
    method: Method
    bfloat16: bool
    name: str

    @property
    def key(self) -> str:
        """Name of the arm: also the folder of its repeats."""
        return f"{self.task.key}-{self.name}"

    @property
    def compute(self) -> Compute:
        """One thread of the CPU in the arm's precision."""
        return Compute("cpu", "bfloat16" if self.bfloat16 else "float32")


@dataclass(frozen=True)
class FaithfulMethod:
    """The published arithmetic as a method; settings are the paper's."""

    digits: Digits
    name: str = "paper"

    def sample(
        self, guides: Guides, seeds: Sequence[int], targets: torch.Tensor, rule: AcceptanceRule, compute: Compute
    ) -> torch.Tensor:
        """See :class:`~bam_pipelines.guidance.methods.Method`."""
        objective = PublishedObjective(guides.classifiers, guides.judge, targets, rule.strategy)
        return sample_paper_faithful(guides.prior, seeds, PAPER, compute, objective)[0]


def tasks(people: tuple[str, str], margin: float) -> list[Task]:
    """List the tasks; ``people`` are the names of two fine-tuned VGGs, ``margin`` what manipulation asks of them."""
    uncertainty = AcceptanceRule("uncertainty", 0.4, None, 0.5)
    controversial = AcceptanceRule("controversial", 0.9, None, 0.5)
    return [
        *(Task("uncertainty", (name,), uncertainty) for name in ("vgg", "vit", "lrm")),
        Task("controversial", ("vgg", "cornet"), controversial),
        Task("individual", people, AcceptanceRule("controversial", None, margin, 0.5)),
    ]


def arms(task: Task, fast: FastSettings, digits: Digits, bfloat16: bool) -> list[Arm]:
    """List a task's arms, the slow before the fast.

    Parameters
    ----------
    task
        What is sampled.
    fast, digits
        The fast sampler's settings and what it begins from.
    bfloat16
        Whether the fast sampler may use bfloat16 here; ``paper`` is in float32.
    """
    paper = PaperMethod(PAPER, JUDGE_WEIGHT, digits, reference_weight=0.0)
    listed = [Arm(task, paper, False, "paper")]
    if task.key == "uncertainty-vgg":
        listed.append(Arm(task, FaithfulMethod(digits), False, "paper_faithful"))
        listed.append(Arm(task, paper, bfloat16, "paper_same_precision"))
    return [*listed, Arm(task, FastMethod(fast, digits, reference_weight=0.0), bfloat16, "fast")]
