"""Cells of a stimulus set: which classifiers and which digits, each with a quota."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

from bam_pipelines.compute.faults import InputError
from bam_pipelines.compute.seeds import numpy_generator


@dataclass(frozen=True)
class Cell:
    """One kind of stimulus that is asked for.

    Parameters
    ----------
    models
        Names of the guiding classifiers: one for uncertainty, two for controversial, none for unguided stimuli.
    targets
        The two digits o1 and o2.
    quota
        Number of stimuli wanted.
    pair_id
        The pair of participants whose models guide, or None.
    """

    models: tuple[str, ...]
    targets: tuple[int, int]
    quota: int
    pair_id: str | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """What names the cell: the seeds of its images derive from it."""
        return (self.pair_id, *self.models, *self.targets)

    def model(self, place: int) -> str | None:
        """Return the name of the first (0) or second (1) guiding classifier, None if there is no such."""
        return self.models[place] if place < len(self.models) else None


def uncertainty_cells(
    models: Sequence[str], n_classes: int, pairs_per_classifier: int | None, quota: int, seed: int
) -> list[Cell]:
    """Ask every classifier for unordered digit pairs.

    Parameters
    ----------
    models
        Names of the classifiers.
    n_classes
        Number of digits K.
    pairs_per_classifier
        Digit pairs for each classifier, or None for all K (K − 1) / 2. They are dealt in turn from one shuffled
        deck, so that the pairs occur equally often over all classifiers, but for one.
    quota
        Stimuli a cell.
    seed
        Of the shuffle.

    Returns
    -------
    list of Cell
        Classifier by classifier.

    Raises
    ------
    ValueError
        If more digit pairs are asked for than there are.
    """
    deck = list(combinations(range(n_classes), 2))
    dealt = _deal(deck, [(model,) for model in models], pairs_per_classifier, seed, "sampling/uncertainty")
    return [Cell(names, targets, quota) for names, targets in dealt]


def unguided_cells(n_classes: int, n_pairs: int | None, quota: int, seed: int) -> list[Cell]:
    """Ask nobody for unordered digit pairs, as :func:`uncertainty_cells` asks classifiers."""
    deck = list(combinations(range(n_classes), 2))
    return [Cell(names, targets, quota) for names, targets in _deal(deck, [()], n_pairs, seed, "sampling/unguided")]


def controversial_cells(
    model_pairs: Sequence[tuple[str, str]],
    n_classes: int,
    pairs_per_model_pair: int | None,
    quota: int,
    seed: int,
    pair_id: str | None = None,
) -> list[Cell]:
    """Ask every pair of classifiers for ordered digit pairs, as :func:`uncertainty_cells` asks for unordered ones."""
    deck = list(permutations(range(n_classes), 2))
    dealt = _deal(deck, list(model_pairs), pairs_per_model_pair, seed, "sampling/controversial")
    return [Cell(names, targets, quota, pair_id) for names, targets in dealt]


def balanced_cells(
    models: tuple[str, str], n_classes: int, n_pairs: int, quota: int, seed: int, pair_id: str, place: int = 0
) -> list[Cell]:
    """Ask two people's models for both directions of ``n_pairs`` unordered digit pairs.

    Parameters
    ----------
    models
        The two participants' ids.
    n_classes
        Number of digits K.
    n_pairs
        Unordered digit pairs, 1 to K (K − 1) / 2; 45 in the paper.
    quota
        Stimuli a direction; 2 in the paper.
    seed
        Of the choice of digit pairs.
    pair_id
        The pair of participants.
    place
        Number of the pair of participants: digit pairs are dealt to pairs in turn, so that over all of them each occurs
        equally often, but for one.

    Returns
    -------
    list of Cell
        Two a digit pair, the lower digit as o1 first.

    Raises
    ------
    ValueError
        If more digit pairs are asked for than there are.
    """
    deck = list(combinations(range(n_classes), 2))
    dealt = _deal(deck, [models], n_pairs, seed, "manipulation", place)
    both = [(names, direction) for names, (a, b) in dealt for direction in ((a, b), (b, a))]
    return [Cell(names, direction, quota, pair_id) for names, direction in both]


def undirected_cells(
    models: tuple[str, ...], n_classes: int, n_pairs: int, quota: int, seed: int, pair_id: str, place: int = 0
) -> list[Cell]:
    """Ask one model, or nobody, for the unordered digit pairs that :func:`balanced_cells` asks two people's models for.

    Parameters
    ----------
    models
        The guiding model, or empty.
    n_classes, n_pairs
        As there.
    quota
        Stimuli a digit pair.
    seed, pair_id, place
        As there.

    Returns
    -------
    list of Cell
        One a digit pair, the lower digit as o1.
    """
    deck = list(combinations(range(n_classes), 2))
    dealt = _deal(deck, [models], n_pairs, seed, "manipulation", place)
    return [Cell(names, targets, quota, pair_id) for names, targets in dealt]


def _deal(
    deck: list[tuple[int, int]],
    hands: Sequence[tuple[str, ...]],
    size: int | None,
    seed: int,
    stage: str,
    first_hand: int = 0,
) -> list[tuple[tuple[str, ...], tuple[int, int]]]:
    size = len(deck) if size is None else size
    if not 0 <= size <= len(deck):
        raise InputError(f"{size} digit pairs asked for, expected 0 to {len(deck)}.")
    if size == 0:
        return []
    order = numpy_generator(seed, stage, "deck").permutation(len(deck))
    return [
        (names, deck[order[(hand * size + card) % len(deck)]])
        for hand, names in enumerate(hands, start=first_hand)
        for card in range(size)
    ]
