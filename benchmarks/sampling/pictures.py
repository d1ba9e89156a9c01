"""Paper against fast, the same digit pairs above each other."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

SHOWN = [(0, 6), (1, 7), (2, 3), (2, 8), (3, 5), (3, 8), (4, 9), (5, 6), (5, 9), (7, 9), (4, 6), (0, 8), (2, 7), (6, 8)]
ROWS = 2
TITLES = {"paper": "paper's sampler", "fast": "fast sampler"}


def picture_grid(stimuli: dict[str, tuple[np.ndarray, np.ndarray]], path: Path) -> None:
    """Draw two accepted stimuli of each of some digit pairs for every task, ``paper`` above ``fast``.

    Parameters
    ----------
    stimuli
        By the key of the arm: pixels uint8 (N, C, H, W) and targets (N, 2).
    path
        PNG to write.
    """
    shown = [key for key in stimuli if key.endswith(("-paper", "-fast"))]
    figure = Figure(figsize=(9.0, 1.6 * len(shown)), layout="constrained", facecolor="white")
    axes = figure.subplots(len(shown), 1, squeeze=False)[:, 0]
    for axis, key in zip(axes, shown, strict=True):
        axis.imshow(_sheet(*stimuli[key]), cmap="gray_r", vmin=0, vmax=255, interpolation="nearest")
        task, arm = key.rsplit("-", 1)
        kind, names = task.split("-", 1)
        label = kind if kind == "individual" else f"{kind}, {names}"
        axis.set_title(f"{label}: {TITLES[arm]}", loc="left", fontsize=9)
        axis.set_xticks([14 + 28 * i for i in range(len(SHOWN))], [f"{a} or {b}" for a, b in SHOWN], fontsize=7)
        axis.set_yticks([])
        axis.tick_params(length=0)
    figure.savefig(path, dpi=150)


def _sheet(pixels: np.ndarray, targets: np.ndarray) -> np.ndarray:
    sheet = np.zeros((28 * ROWS, 28 * len(SHOWN)), dtype=np.uint8)
    unordered = np.sort(targets, axis=1)
    for column, pair in enumerate(SHOWN):
        rows = np.flatnonzero((unordered == pair).all(axis=1))[:ROWS]
        for place, row in enumerate(rows):
            sheet[28 * place : 28 * place + 28, 28 * column : 28 * column + 28] = pixels[row, 0]
    return sheet
