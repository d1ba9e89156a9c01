"""Sheets of images, and the confusion matrix of a classifier."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bam_pipelines.analysis.style import (
    classifier_title,
    draw_image,
    label_classes,
    new_figure,
    plain_axes,
)
from bam_pipelines.images.classes import class_name
from bam_pipelines.images.table import table_pixels

_GROUP = ["strategy", "model_1", "model_2"]
_COLUMNS = 5
# letters that a title and the lines below an image have room for
_TITLE, _LINE = 13, 21


def select_examples(stimuli: pd.DataFrame, n: int) -> pd.DataFrame:
    """Choose stimuli to show, evenly over strategies and classifiers, and within them over digit pairs.

    Parameters
    ----------
    stimuli
        Stimulus table.
    n
        How many to choose at most, at least 1.

    Returns
    -------
    pandas.DataFrame
        At most ``n`` rows, sorted by group and targets; the same rows give the same choice.

    Raises
    ------
    ValueError
        If the table is empty or ``n`` below 1.
    """
    if stimuli.empty or n < 1:
        raise ValueError(f"cannot show {n} of {len(stimuli)} stimuli; expected at least one of each.")
    return mixed_stimuli(stimuli).head(n).sort_values([*_GROUP, "target_1", "target_2", "stimulus_id"])


def mixed_stimuli(stimuli: pd.DataFrame) -> pd.DataFrame:
    """Order stimuli so that the first few of them are spread over strategies, classifiers and digit pairs.

    Parameters
    ----------
    stimuli
        Stimulus table, at least one row; the same rows give the same order.

    Returns
    -------
    pandas.DataFrame
        The same rows.
    """
    mixed = pd.concat([_interleave(block) for _, block in stimuli.groupby("strategy", sort=True, observed=True)])
    return mixed.sort_values(["_rank", "strategy"], kind="stable").drop(columns="_rank")


def _interleave(block: pd.DataFrame) -> pd.DataFrame:
    # Rank the stimuli of one strategy by taking one of each pair of classifiers in turn.
    ordered = block.sort_values([*_GROUP, "target_1", "target_2", "stimulus_id"], kind="stable")
    groups = [
        _spread(group, number)
        for number, (_, group) in enumerate(ordered.groupby(_GROUP, sort=True, dropna=False, observed=True))
    ]
    ranked = pd.concat([group.assign(_turn=range(len(group))) for group in groups])
    ranked = ranked.sort_values("_turn", kind="stable")
    return ranked.assign(_rank=range(len(ranked))).drop(columns="_turn")


def _spread(group: pd.DataFrame, number: int) -> pd.DataFrame:
    # Bit reversal (van der Corput) visits rows sorted by digit pair so that every prefix is spread over all pairs. The
    # golden ratio lets each group begin elsewhere, so that the first of all groups are not all of the first pair.
    begin = round(number * 0.618034 * len(group)) % len(group)
    group = pd.concat([group.iloc[begin:], group.iloc[:begin]])
    bits = max(1, (len(group) - 1).bit_length())
    turns = [int(f"{row:0{bits}b}"[::-1], 2) for row in range(2**bits)]
    return group.iloc[[turn for turn in turns if turn < len(group)]]


def describe_stimulus(stimulus: pd.Series, classes: Sequence[str] | None = None) -> list[str]:
    """Return the lines under a stimulus: its two targets, then each classifier with its probabilities.

    Parameters
    ----------
    stimulus
        One row of the stimulus table.
    classes
        Names of the classes; None to name them by their labels.

    Returns
    -------
    list of str
        For example ``["3 | 8", "VGG .48 | .47"]`` for one classifier, ``["3 | 8", "VGG: 3 (.97)", "MLP: 8 (.93)"]``
        for two, each of which should see its own target.
    """
    if pd.isna(stimulus["target_1"]):
        return [str(stimulus["strategy"])]
    names = [class_name(int(stimulus[target]), classes) for target in ("target_1", "target_2")]
    return [" | ".join(names), *(guiding_probabilities(stimulus, names) or [str(stimulus["strategy"])])]


def guiding_probabilities(stimulus: pd.Series, names: Sequence[str]) -> list[str]:
    """Return each guiding classifier with its probabilities, a line each; none without a classifier.

    Parameters
    ----------
    stimulus
        One row of the stimulus table.
    names
        Of its two targets.
    """
    if pd.isna(stimulus["model_1"]):
        return []
    name = classifier_title(str(stimulus["model_1"]))
    if pd.isna(stimulus["model_2"]):
        return [f"{name} {_short(stimulus['p1_target_1'])} | {_short(stimulus['p1_target_2'])}"]
    other = classifier_title(str(stimulus["model_2"]))
    return [
        f"{name}: {names[0]} ({_short(stimulus['p1_target_1'])})",
        f"{other}: {names[1]} ({_short(stimulus['p2_target_2'])})",
    ]


def _short(probability: float) -> str:
    return f"{probability:.2f}".removeprefix("0")


def stimulus_gallery(stimuli: pd.DataFrame, n: int, classes: Sequence[str] | None = None) -> Figure:
    """Draw a sheet of accepted stimuli with their two targets and the classifiers' probabilities.

    Parameters
    ----------
    stimuli
        Stimulus table, at least one row.
    n
        How many stimuli to show at most; see :func:`select_examples`.
    classes
        Names of the classes; None to name them by their labels.

    Returns
    -------
    matplotlib.figure.Figure
        One block a strategy, sorted by classifier.

    Raises
    ------
    ValueError
        If there is nothing to show.
    """
    chosen = select_examples(stimuli, n)
    blocks = [(str(name), block) for name, block in chosen.groupby("strategy", sort=False, observed=True)]
    rows = [-(-len(block) // _COLUMNS) for _, block in blocks]
    heights = [0.4 + 2.15 * count for count in rows]
    figure = new_figure(8, 0.6 + sum(heights), "Accepted stimuli", simulated=False)
    parts = figure.subfigures(len(blocks), 1, squeeze=False, height_ratios=heights)
    for part, count, (strategy, block) in zip(parts[:, 0], rows, blocks, strict=True):
        part.suptitle(strategy.capitalize(), x=0.01, ha="left", fontsize=13)
        axes = part.subplots(count, _COLUMNS, squeeze=False).ravel()
        pixels = table_pixels(block)
        for panel in axes[len(block) :]:
            panel.axis("off")
        for panel, image, (_, stimulus) in zip(axes, pixels, block.iterrows(), strict=False):
            draw_image(panel, image, 255)
            _caption(panel, *describe_stimulus(stimulus, classes))
    return figure


def _caption(panel: Axes, title: str, *details: str) -> None:
    """Write above and below an image; what is long, as names of classes may be, is written smaller."""
    short = len(title) <= _TITLE
    panel.set_title(
        title if short else title.replace(" | ", " |\n"), fontsize=13 if short else 10, weight="bold", pad=3
    )
    longest = max((len(line) for line in details), default=0)
    panel.set_xlabel("\n".join(details), fontsize=9.5 * min(1, _LINE / max(longest, 1)), labelpad=3)


def digit_sheet(images: torch.Tensor, columns: int) -> Figure:
    """Draw images row by row, nothing else: for samples of the prior.

    Parameters
    ----------
    images
        Float, (N, C, H, W), in [0, 1], at least one.
    columns
        Images a row, at least 1.

    Returns
    -------
    matplotlib.figure.Figure
        One image of the whole sheet; the last row is filled up with mid grey.

    Raises
    ------
    ValueError
        If there is no image, the shape is another, or ``columns`` below 1.
    """
    if images.ndim != 4 or len(images) == 0 or columns < 1:
        raise ValueError(f"images of shape {tuple(images.shape)} in {columns} columns; expected (N, C, H, W), N >= 1.")
    count, channels, height, width = images.shape
    rows = -(-count // columns)
    gap = max(1, width // 14)
    sheet = np.full((channels, rows * (height + gap) - gap, columns * (width + gap) - gap), 0.5)
    for index, image in enumerate(images.detach().cpu().numpy()):
        top, left = (index // columns) * (height + gap), (index % columns) * (width + gap)
        sheet[:, top : top + height, left : left + width] = image
    figure = Figure(figsize=(8, 8 * sheet.shape[1] / sheet.shape[2]), dpi=150, facecolor="white")
    draw_image(figure.add_axes((0, 0, 1, 1)), sheet, 1.0)
    return figure


def confusion_figure(counts: np.ndarray, title: str, classes: Sequence[str] | None = None) -> Figure:
    """Draw a confusion matrix: shares of each true class as colour, counts as numbers.

    Parameters
    ----------
    counts
        (K, K) non-negative, true class × answered class. A class without images is drawn white.
    title
        First line of the figure.
    classes
        Names of the classes; None to name them by their labels.

    Returns
    -------
    matplotlib.figure.Figure
        The matrix with a colour bar.

    Raises
    ------
    ValueError
        If the matrix is not square or holds a negative count.
    """
    counts = np.asarray(counts)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or (counts < 0).any():
        raise ValueError(f"confusion counts have shape {counts.shape}, expected (K, K) of counts of at least 0.")
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = new_figure(8, 7, title, simulated=False)
    axes = figure.subplots()
    mesh = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    names = {label: class_name(label, classes) for label in range(len(counts))}
    for row in names:
        for column in names:
            if counts[row, column] > 0:
                colour = "white" if shares[row, column] > 0.5 else "#222222"
                text = f"{counts[row, column]:.0f}"
                axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=11)
    label_classes(axes, names, names)
    axes.set(xlabel="answered", ylabel="true class")
    plain_axes(axes)
    figure.colorbar(mesh, ax=axes, label="share of the true class", shrink=0.8)
    return figure
