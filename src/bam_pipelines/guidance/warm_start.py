"""Where fast sampling begins: pairs of digits, mixed so that the classifiers waver, under noise."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import torch

from bam_pipelines.compute.faults import InputError
from bam_pipelines.compute.seeds import derive_seed
from bam_pipelines.images.digits import Digits
from bam_pipelines.images.pixels import to_unit
from bam_pipelines.images.table import table_pixels

# unusual digits are the least typical of so many that are drawn
DRAWS = 5

Wavering = Callable[[torch.Tensor], torch.Tensor]


def draw_rows(digits: Digits, targets: torch.Tensor, seeds: Sequence[int]) -> np.ndarray:
    """Draw a digit of each target at random.

    Parameters
    ----------
    digits
        To draw from.
    targets
        int64, (N, 2).
    seeds
        One an image; they alone decide what is drawn.

    Returns
    -------
    numpy.ndarray
        int64, (N, 2): rows of ``digits`` that show o1 and o2.

    Raises
    ------
    ValueError
        If there is no digit of a target's class.
    """
    rows = {target: np.flatnonzero(digits.labels == target) for target in targets.unique().tolist()}
    for target, found in rows.items():
        if not len(found):
            raise InputError(
                f"there is no digit of class {target} to begin from or to stay near; sampling needs one of each target."
            )
    chosen = np.empty((len(seeds), 2), dtype=np.int64)
    for index, (seed, pair) in enumerate(zip(seeds, targets.tolist(), strict=True)):
        generator = np.random.default_rng(seed)
        chosen[index] = [generator.choice(rows[target]) for target in pair]
    return chosen


def draw_pairs(digits: Digits, targets: torch.Tensor, seeds: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the digits o1 and the digits o2 that :func:`draw_rows` draws, float32, (N, C, H, W) in [0, 1]."""
    return _images(digits, draw_rows(digits, targets, seeds))


def _images(digits: Digits, rows: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    first, second = (to_unit(digits.pixels[rows[:, place]]) for place in (0, 1))
    return first, second


def draw_unusual_pairs(
    digits: Digits, targets: torch.Tensor, seeds: Sequence[int], number: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw digits that are unusual of their class: each the farthest from its class's mean of :data:`DRAWS`.

    Parameters
    ----------
    digits, targets
        As for :func:`draw_rows`.
    seeds
        One an image; with ``number`` they alone decide what is drawn.
    number
        Another one gives other digits for the same seeds, at least 0.

    Returns
    -------
    tuple of torch.Tensor
        The digits o1 and the digits o2, float32, (N, C, H, W) in [0, 1].

    Raises
    ------
    ValueError
        If there is no digit of a target's class.
    """
    drawn = np.stack(
        [
            draw_rows(digits, targets, [derive_seed(seed, "warm start", number, draw) for seed in seeds])
            for draw in range(DRAWS)
        ]
    )
    farthest = digits.distances_from_mean[drawn].argmax(axis=0)
    return _images(digits, np.take_along_axis(drawn, farthest[None], axis=0)[0])


def table_digits(table: pd.DataFrame) -> Digits:
    """Take the digits of a table with image columns and ``label``."""
    return Digits(table_pixels(table), table["label"].to_numpy(dtype=np.uint8))


def mix_digits(first: torch.Tensor, second: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """Lay two digits over each other, the weaker one faded; neither loses ink at the middle.

    Parameters
    ----------
    first, second
        Float, (N, C, H, W) in [0, 1].
    share
        (N,) in [0, 1]: of the first; ½ gives the pixel maximum of both, 0 and 1 one digit alone.

    Returns
    -------
    torch.Tensor
        max(min(1, 2s) · first, min(1, 2 − 2s) · second), (N, C, H, W) in [0, 1].
    """
    share = share[:, None, None, None]
    return torch.maximum((2 * share).clamp_max(1) * first, (2 - 2 * share).clamp_max(1) * second)


@torch.no_grad()
def balance(wavering: Wavering, n: int, bisections: int) -> torch.Tensor:
    """Find the shares at which classifiers waver, by bisection.

    Parameters
    ----------
    wavering
        Shares (N,) in [0, 1] to log-odds of the first digit over the second, (N,), nats; taken to rise with the share.
    n
        Number of images.
    bisections
        Number of evaluations; the shares are then known to 2^−(bisections + 1).

    Returns
    -------
    torch.Tensor
        float32, (N,), in (0, 1).
    """
    low, high = torch.zeros(n), torch.ones(n)
    for _ in range(bisections):
        middle = (low + high) / 2
        too_much = wavering(middle).cpu() > 0
        low, high = torch.where(too_much, low, middle), torch.where(too_much, middle, high)
    return (low + high) / 2
