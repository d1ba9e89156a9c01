"""Sampling of whole stimulus sets: proposals in rounds until every cell has its quota or its budget is spent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from bam_pipelines.compute.device import Compute
from bam_pipelines.compute.fingerprint import fingerprint, module_texts
from bam_pipelines.compute.seeds import derive_seed
from bam_pipelines.compute.shards import Arrays, ShardFolder
from bam_pipelines.guidance.acceptance import AcceptanceRule
from bam_pipelines.guidance.cells import Cell
from bam_pipelines.guidance.checks import check_sampling_inputs
from bam_pipelines.guidance.methods import Method
from bam_pipelines.guidance.proposals import Proposal, Proposer
from bam_pipelines.guidance.warm_start import draw_rows
from bam_pipelines.images.table import image_columns
from bam_pipelines.networks.checkpoints import TrainedNetwork

_KEPT = ("pixels", "judge_score", "probabilities")
PROBABILITY_COLUMNS = ("p1_target_1", "p1_target_2", "p2_target_1", "p2_target_2")


@dataclass(frozen=True)
class SamplingPlan:
    """Everything about a sampling run but the networks.

    Parameters
    ----------
    method
        How to sample.
    rule
        Acceptance.
    max_proposals
        Budget of images a wanted stimulus; 10 in the paper.
    batch_size
        Images a shard.
    source
        ``base``, ``group``, ``individual``, ``swapped``, ``bias_only`` or ``none``: whose models guide; written to the
        table.
    seed, stage
        What the images' seeds derive from, with the cell and the number of the proposal.
    candidates
        Accepted images that each wanted stimulus is chosen from, by how far the guiding classifiers part: the
        probability of o1 to the first and o2 to the second, less that of o2 to the first and o1 to the second. Only
        for controversial stimuli; the budget stays the same.

    Raises
    ------
    ValueError
        If there are fewer than one candidate, or several where two classifiers do not guide.
    """

    method: Method
    rule: AcceptanceRule
    max_proposals: int
    batch_size: int
    source: str
    seed: int
    stage: str
    candidates: int = 1

    def __post_init__(self) -> None:
        if self.candidates < 1 or (self.candidates > 1 and self.rule.strategy != "controversial"):
            raise ValueError(
                f"{self.candidates} candidates a stimulus asked for, expected at least 1, and 1 unless two classifiers "
                "guide."
            )


@dataclass
class _Progress:
    cell: Cell
    candidates: int
    proposed: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def missing(self) -> int:
        return self.cell.quota * self.candidates - len(self.rows)

    def chosen(self) -> list[dict[str, Any]]:
        """Return the accepted images that part the classifiers most, as many as are wanted; the first ones of one."""
        if self.candidates == 1:
            return self.rows
        return sorted(self.rows, key=lambda row: -parting(row["probabilities"][None])[0])[: self.cell.quota]


def sample_stimuli(
    cells: Sequence[Cell],
    classifiers: Mapping[str, TrainedNetwork],
    prior: TrainedNetwork,
    judge: TrainedNetwork,
    plan: SamplingPlan,
    compute: Compute,
    working: Path,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sample until every cell has its quota of accepted images or has spent its budget.

    Finished shards are kept: called again with the same arguments after it was killed, it goes on where it was and
    ends with the same tables, bit for bit.

    Parameters
    ----------
    cells
        What is asked for.
    classifiers
        Networks by the names that the cells use.
    prior, judge
        The diffusion prior and the digit judge.
    plan, compute
        How to sample.
    working
        Folder for finished shards, to be removed by the caller once the tables are safe.

    Returns
    -------
    stimuli
        The stimulus table: one row a chosen image, in the order of the cells; images that repeat an earlier one
        pixel by pixel are dropped. Without rows and columns if no proposal was accepted.
    acceptance
        One row a cell: ``strategy``, ``source``, ``model_1``, ``model_2``, ``pair_id``, ``target_1``, ``target_2``,
        ``quota``, ``proposals``, ``accepted`` (candidates that were not chosen among them).

    Raises
    ------
    ValueError
        If networks and cells do not fit each other; see
        :func:`~bam_pipelines.guidance.checks.check_sampling_inputs`.
    FloatingPointError
        If guidance meets a number that is not finite.
    OSError
        If a shard cannot be written.
    """
    check_sampling_inputs(cells, classifiers, prior, judge)
    source = guidance_source()
    kept = ShardFolder(working / fingerprint(source, classifiers, prior, judge, plan, *compute.arithmetic))
    propose = Proposer(dict(classifiers), prior, judge, plan.method, plan.rule, compute)
    progress = [_Progress(cell, plan.candidates) for cell in cells]
    for number in count(1):
        shards = _next_shards(progress, plan)
        if not shards:
            break
        label = f"sampling {plan.rule.strategy} ({plan.source}), round {number}"
        results = kept.run(propose, shards, label)
        _collect(progress, shards, results)
    rows = [row for one in progress for row in one.chosen()]
    return _stimulus_table(rows, plan), pd.DataFrame([_acceptance_row(one, plan) for one in progress])


def parting(probabilities: np.ndarray) -> np.ndarray:
    """Return how far two classifiers part images in the direction that was asked for.

    Parameters
    ----------
    probabilities
        (N, 4): p1(o1), p1(o2), p2(o1), p2(o2).

    Returns
    -------
    numpy.ndarray
        (N,), p1(o1) p2(o2) − p1(o2) p2(o1), −1 to 1: the net directed success of two people who answer by these
        probabilities.
    """
    first, first_other, second_other, second = probabilities.T
    parted: np.ndarray = first * second - first_other * second_other
    return parted


def guidance_source() -> list[str]:
    """Return the text of this package: what was sampled by other code must not be taken for what this one samples."""
    return module_texts(Path(__file__).parent)


def _next_shards(progress: Sequence[_Progress], plan: SamplingPlan) -> list[list[Proposal]]:
    """Every cell proposes as many images as it lacks; a shard holds proposals of the same classifiers."""
    groups: dict[tuple[object, ...], list[Proposal]] = {}
    for one in progress:
        wanted = min(one.missing, one.cell.quota * plan.max_proposals - one.proposed)
        for number in range(one.proposed, one.proposed + wanted):
            seed = derive_seed(plan.seed, plan.stage, plan.rule.strategy, *one.cell.key, number)
            groups.setdefault((one.cell.pair_id, *one.cell.models), []).append(Proposal(one.cell, seed))
        one.proposed += wanted
    size = plan.batch_size
    return [group[i : i + size] for group in groups.values() for i in range(0, len(group), size)]


def _collect(progress: Sequence[_Progress], shards: Sequence[Sequence[Proposal]], results: Sequence[Arrays]) -> None:
    by_cell = {one.cell: one for one in progress}
    for shard, result in zip(shards, results, strict=True):
        for place, index in enumerate(result["index"].tolist()):
            row = {name: result[name][place] for name in _KEPT}
            by_cell[shard[index].cell].rows.append(row | {"cell": shard[index].cell, "seed": shard[index].seed})


def _stimulus_table(rows: Sequence[dict[str, Any]], plan: SamplingPlan) -> pd.DataFrame:
    if not rows:
        return pd.DataFrame()
    cells = [row["cell"] for row in rows]
    probabilities = np.full((len(rows), 4), np.nan)
    for index, row in enumerate(rows):
        probabilities[index, : len(row["probabilities"])] = row["probabilities"]
    table = pd.DataFrame(
        {
            **image_columns(np.stack([row["pixels"] for row in rows])),
            "strategy": plan.rule.strategy,
            "source": plan.source,
            "method": plan.method.name,
            "target_1": [cell.targets[0] for cell in cells],
            "target_2": [cell.targets[1] for cell in cells],
            "model_1": [cell.model(0) for cell in cells],
            "model_2": [cell.model(1) for cell in cells],
            "pair_id": [cell.pair_id for cell in cells],
            "margin": np.nan if plan.rule.margin is None else plan.rule.margin,
            "seed": [row["seed"] for row in rows],
            "judge_score": [row["judge_score"] for row in rows],
            **{name: probabilities[:, index] for index, name in enumerate(PROBABILITY_COLUMNS)},
            "source_index": _references(rows, plan) if plan.rule.strategy == "reference" else None,
        }
    )
    return table.drop_duplicates("stimulus_id", ignore_index=True)


def _references(rows: Sequence[dict[str, Any]], plan: SamplingPlan) -> np.ndarray:
    """Return the rows of the digits that stimuli were to stay near, (N,): the seeds alone decide them."""
    targets = torch.tensor([row["cell"].targets for row in rows])
    return draw_rows(plan.method.digits, targets, [row["seed"] for row in rows])[:, 0]


def _acceptance_row(one: _Progress, plan: SamplingPlan) -> dict[str, object]:
    cell = one.cell
    return {
        "strategy": plan.rule.strategy,
        "source": plan.source,
        "model_1": cell.model(0),
        "model_2": cell.model(1),
        "pair_id": cell.pair_id,
        "target_1": cell.targets[0],
        "target_2": cell.targets[1],
        "quota": cell.quota,
        "proposals": one.proposed,
        "accepted": len(one.rows),
    }
