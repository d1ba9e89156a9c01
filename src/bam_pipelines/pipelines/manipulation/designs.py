"""Which stimuli a pair of participants is shown: customised ones, and controls for the same digit pairs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from bam_pipelines.alignment.individuals import IndividualModels
from bam_pipelines.alignment.pairs import swapped_people
from bam_pipelines.analysis.pair_tests import CUSTOMISED
from bam_pipelines.guidance.acceptance import AcceptanceRule
from bam_pipelines.guidance.cells import Cell, balanced_cells, undirected_cells
from bam_pipelines.networks.checkpoints import TrainedNetwork
from bam_pipelines.pipelines.manipulation.settings import ManipulationSettings

UNGUIDED = "none"


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
    settings: ManipulationSettings,
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
    settings
        Of the stage.
    seed
        The run's seed.

    Raises
    ------
    ValueError
        If there are too few people to swap models, or bias_only comes without its models.
    """
    own = {row.pair_id: (row.participant_1, row.participant_2) for row in pairs.itertuples()}
    threshold = settings.judge_threshold
    designs = _directed(CUSTOMISED, own, individuals, settings, seed)
    for source in settings.controls:
        if source == "swapped":
            others = swapped_people(pairs, individuals.participant_ids, seed)
            designs += _directed(source, others, individuals, settings, seed)
        elif source == "bias_only":
            if biases is None:
                raise ValueError("bias_only controls need models that differ in biases alone; pass them as biases.")
            # biases part two people in one direction only: in the other, what came nearest is taken, so that there are
            # equal numbers of both
            designs += _directed(source, own, biases, settings, seed, strict=False)
        elif source == "group":
            wavering = AcceptanceRule("uncertainty", settings.group_probability, None, threshold)
            designs.append(_undirected(source, ("group",), list(own), group, settings, seed, wavering))
        elif source == UNGUIDED:
            unasked = AcceptanceRule("unguided", None, None, threshold)
            designs.append(_undirected(source, (), list(own), group, settings, seed, unasked))
    return designs


def _directed(
    source: str,
    guides: Mapping[str, tuple[str, str]],
    models: IndividualModels,
    settings: ManipulationSettings,
    seed: int,
    strict: bool = True,
) -> list[Design]:
    """Ask for stimuli that part two people's models, by pair of those who will see them, one design a margin."""
    n_classes = models.specification.arguments["n_classes"]
    prefix = f"{settings.classifier}-" + ("bias-" if source == "bias_only" else "")
    people = sorted({name for two in guides.values() for name in two})
    networks = {prefix + name: TrainedNetwork(models.network(name), models.specification) for name in people}
    cells = [
        cell
        for place, (pair_id, (one, two)) in enumerate(guides.items())
        for cell in balanced_cells(
            (prefix + one, prefix + two), n_classes, settings.digit_pairs, settings.quota, seed, pair_id, place
        )
    ]
    rules = [
        AcceptanceRule("controversial", None, margin, settings.judge_threshold, strict) for margin in settings.margins
    ]
    return [Design(source, cells, networks, rule) for rule in rules]


def _undirected(
    source: str,
    models: tuple[str, ...],
    pair_ids: Sequence[str],
    group: TrainedNetwork,
    settings: ManipulationSettings,
    seed: int,
    rule: AcceptanceRule,
) -> Design:
    """Ask for stimuli between the same digits, as many as both directions of a directed source have at all margins."""
    n_classes = group.specification.arguments["n_classes"]
    names = tuple(f"{settings.classifier}-{name}" for name in models)
    quota = 2 * settings.quota * len(settings.margins)
    cells = [
        cell
        for place, pair_id in enumerate(pair_ids)
        for cell in undirected_cells(names, n_classes, settings.digit_pairs, quota, seed, pair_id, place)
    ]
    return Design(source, cells, {f"{settings.classifier}-group": group}, rule)
