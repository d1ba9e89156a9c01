"""Which stimuli a pair of participants is shown: customised ones, and controls for the same digit pairs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bam_pipelines.alignment.individuals import IndividualModels
from bam_pipelines.alignment.pairs import swapped_people
from bam_pipelines.guidance.acceptance import AcceptanceRule
from bam_pipelines.guidance.cells import Cell, balanced_cells, undirected_cells
from bam_pipelines.networks.checkpoints import TrainedNetwork

CUSTOMISED = "individual"
UNGUIDED = "none"
# what a study may compare customised stimuli with; the last two are meant for nobody's direction
CONTROLS = ("swapped", "bias_only", "group", UNGUIDED)


@dataclass(frozen=True)
class Design:
    """The stimuli of one source and margin.

    Parameters
    ----------
    source
        ``individual``: guided by the models of the two who will see them. ``swapped``: by those of two others.
        ``bias_only``: by models of the two that differ in class bias, temperature and lapse alone. ``group``: by
        GroupNet, which is to waver. ``none``: not guided.
    cells
        What is asked for.
    networks
        By the names that the cells use; at least one, to say what classes there are.
    rule
        When images are accepted.
    """

    source: str
    cells: list[Cell]
    networks: dict[str, TrainedNetwork]
    rule: AcceptanceRule


def build_designs(
    pairs: pd.DataFrame,
    individuals: IndividualModels,
    biases: IndividualModels | None,
    group: TrainedNetwork,
    options: Mapping[str, Any],
    seed: int,
) -> list[Design]:
    """Ask for customised stimuli and each control, for the same pairs and digit pairs and as many of each.

    Parameters
    ----------
    pairs
        pair_id, participant_1, participant_2.
    individuals
        Individual models, of the people in pairs at least.
    biases
        Models that differ in class bias, temperature and lapse alone; only for ``bias_only``.
    group
        GroupNet.
    options
        Of the stage.
    seed
        The run's seed.

    Raises
    ------
    ValueError
        If a control is unknown, there are too few people to swap models, or bias_only comes without its models.
    """
    unknown = sorted(set(options["controls"]) - set(CONTROLS))
    if unknown:
        raise ValueError(f"manipulation.controls names {unknown[0]!r}, expected some of {', '.join(CONTROLS)}.")
    own = {row.pair_id: (row.participant_1, row.participant_2) for row in pairs.itertuples()}
    threshold = options["judge_threshold"]
    designs = _directed(CUSTOMISED, own, individuals, options, seed)
    for source in options["controls"]:
        if source == "swapped":
            others = swapped_people(pairs, individuals.participant_ids, seed)
            designs += _directed(source, others, individuals, options, seed)
        elif source == "bias_only":
            if biases is None:
                raise ValueError("bias_only controls need models that differ in biases alone; pass them as biases.")
            # biases part two people in one direction only: in the other, what came nearest is taken, so that there are
            # equal numbers of both
            designs += _directed(source, own, biases, options, seed, strict=False)
        elif source == "group":
            wavering = AcceptanceRule("uncertainty", options["group_probability"], None, threshold)
            designs.append(_undirected(source, ("group",), list(own), group, options, seed, wavering))
        elif source == UNGUIDED:
            unasked = AcceptanceRule("unguided", None, None, threshold)
            designs.append(_undirected(source, (), list(own), group, options, seed, unasked))
    return designs


def _directed(
    source: str,
    guides: Mapping[str, tuple[str, str]],
    models: IndividualModels,
    options: Mapping[str, Any],
    seed: int,
    strict: bool = True,
) -> list[Design]:
    """Ask for stimuli that part two people's models, by pair of those who will see them, one design a margin."""
    n_classes = models.specification.arguments["n_classes"]
    prefix = f"{options['classifier']}-" + ("bias-" if source == "bias_only" else "")
    people = sorted({name for two in guides.values() for name in two})
    networks = {prefix + name: TrainedNetwork(models.network(name), models.specification) for name in people}
    cells = [
        cell
        for place, (pair_id, (one, two)) in enumerate(guides.items())
        for cell in balanced_cells(
            (prefix + one, prefix + two), n_classes, options["digit_pairs"], options["quota"], seed, pair_id, place
        )
    ]
    rules = [
        AcceptanceRule("controversial", None, margin, options["judge_threshold"], strict)
        for margin in options["margins"]
    ]
    return [Design(source, cells, networks, rule) for rule in rules]


def _undirected(
    source: str,
    models: tuple[str, ...],
    pair_ids: Sequence[str],
    group: TrainedNetwork,
    options: Mapping[str, Any],
    seed: int,
    rule: AcceptanceRule,
) -> Design:
    """Ask for stimuli between the same digits, as many as both directions of a directed source have at all margins."""
    n_classes = group.specification.arguments["n_classes"]
    names = tuple(f"{options['classifier']}-{name}" for name in models)
    quota = 2 * options["quota"] * len(options["margins"])
    cells = [
        cell
        for place, pair_id in enumerate(pair_ids)
        for cell in undirected_cells(names, n_classes, options["digit_pairs"], quota, seed, pair_id, place)
    ]
    return Design(source, cells, {f"{options['classifier']}-group": group}, rule)
