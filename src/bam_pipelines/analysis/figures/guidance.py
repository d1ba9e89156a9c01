"""Guidance outcomes and entropy, after the paper's figure 4."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from bam_pipelines.analysis.outcomes import OUTCOMES, shares_by_classifier, shares_by_digits
from bam_pipelines.analysis.published import GUIDANCE_SHARES
from bam_pipelines.analysis.style import (
    OUTCOME_COLOURS,
    SHARE_COLOURS,
    classifier_title,
    draw_image,
    empty_figure,
    label_classes,
    new_figure,
    plain_axes,
)
from bam_pipelines.images.classes import class_noun
from bam_pipelines.images.table import table_pixels

_EXAMPLES = 6
_SHORT = 8  # letters of a class and its share of which two stand in one line


def figure_guidance(table: pd.DataFrame, stimuli: pd.DataFrame, classes: Sequence[str], simulated: bool) -> Figure:
    """Draw examples of each outcome, outcomes by classifier and digit pair, and the entropy of answers.

    Parameters
    ----------
    table
        From :func:`bam_pipelines.analysis.outcomes.guidance_outcomes`.
    stimuli
        Stimulus table with the images of these stimuli.
    classes
        Names of the alternatives.
    simulated
        Whether the participants are simulated.

    Returns
    -------
    matplotlib.figure.Figure
        Four panels, 8 inches wide; words instead where no stimulus has targets.
    """
    if table.empty:
        return empty_figure("Guidance outcomes", "No stimulus that was answered has two targets.")
    figure = new_figure(8, 11.5, "Guidance outcomes", simulated)
    top, middle, bottom = figure.subfigures(3, 1, squeeze=False, height_ratios=[4.4, 3.3, 3.6])[:, 0]
    _examples(top, table, stimuli, classes)
    _bars(middle.subplots(), table)
    left, right = bottom.subplots(1, 2, width_ratios=[1, 1.15])
    _histogram(left, table)
    _class_pairs(right, table, classes)
    return figure


def _examples(part: SubFigure, table: pd.DataFrame, stimuli: pd.DataFrame, classes: Sequence[str]) -> None:
    images = stimuli.set_index("stimulus_id")
    axes = part.subplots(len(OUTCOMES), _EXAMPLES)
    part.suptitle("a  Examples: targets and shares of participants who chose them", x=0.01, ha="left", fontsize=12.5)
    for row, outcome in zip(axes, OUTCOMES, strict=True):
        chosen = table[table["outcome"] == outcome].sort_values(["target_1", "target_2", "stimulus_id"])
        chosen = chosen.iloc[np.unique(np.linspace(0, len(chosen) - 1, _EXAMPLES).round().astype(int))[: len(chosen)]]
        row[0].text(
            *(-0.12, 0.5, outcome),
            rotation=90,
            ha="right",
            va="center",
            fontsize=12.5,
            weight="bold",
            color=OUTCOME_COLOURS[outcome],
            transform=row[0].transAxes,
        )
        for panel in row:
            panel.axis("off")
        if chosen.empty:
            row[0].text(0.1, 0.5, "none", va="center", fontsize=11, transform=row[0].transAxes)
            continue
        pixels = table_pixels(images.loc[chosen["stimulus_id"]])
        for panel, image, (_, stimulus) in zip(row, pixels, chosen.iterrows(), strict=False):
            draw_image(panel, image, 255)
            shares = [f"{classes[stimulus[f'target_{k}']]}: {stimulus[f'share_{k}']:.0%}" for k in (1, 2)]
            panel.set_title(("  " if max(map(len, shares)) <= _SHORT else "\n").join(shares), fontsize=9.5, pad=2)


def _bars(axes: Axes, table: pd.DataFrame) -> None:
    by_classifier = shares_by_classifier(table)
    rows = {"published": GUIDANCE_SHARES, "all": {name: float((table["outcome"] == name).mean()) for name in OUTCOMES}}
    rows |= {classifier_title(row["classifier"]): row[list(OUTCOMES)].to_dict() for _, row in by_classifier.iterrows()}
    draw_outcome_bars(axes, rows)
    counts = ["", f"n = {len(table)}", *(f"n = {n}" for n in by_classifier["n"])]
    for height, text in enumerate(counts):
        axes.text(1.01, height, text, va="center", fontsize=10, transform=axes.get_yaxis_transform())
    plain_axes(axes, "b", "Outcome by guiding classifier" if len(by_classifier) else "Outcome")


def draw_outcome_bars(axes: Axes, rows: dict[str, dict[str, float]]) -> None:
    """Draw one stacked horizontal bar a row, with the shares of success, bias and failure as text.

    Parameters
    ----------
    axes
        Where to draw.
    rows
        Label to share of each outcome; the first is drawn at the top.
    """
    left = np.zeros(len(rows))
    for outcome in OUTCOMES:
        shares = np.array([row[outcome] for row in rows.values()])
        axes.barh(list(rows), shares, left=left, color=OUTCOME_COLOURS[outcome], label=outcome, height=0.72)
        for height, (start, share) in enumerate(zip(left, shares, strict=True)):
            if share >= 0.06:
                ink = "white" if outcome == "success" else "black"
                axes.text(start + share / 2, height, f"{share:.0%}", ha="center", va="center", color=ink, fontsize=10.5)
        left += shares
    axes.invert_yaxis()
    axes.set(xlim=(0, 1), xticks=[])
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.legend(ncols=3, loc="upper center", bbox_to_anchor=(0.5, 0), frameon=False, fontsize=11)


def _histogram(axes: Axes, table: pd.DataFrame) -> None:
    entropy = table["entropy"].to_numpy()
    edges = np.arange(0, max(entropy.max(), 1) + 0.4, 0.2)
    parts = [entropy[entropy == 0], entropy[entropy > 0]]
    axes.hist(
        parts,
        edges.tolist(),
        weights=[np.full(len(part), 1 / len(entropy)) for part in parts],
        stacked=True,
        color=["#004C7A", "#56B4E9"],
        edgecolor="white",
    )
    axes.set(xlim=(0, edges[-1]), xlabel="entropy of answers (bits)", ylabel="share of stimuli")
    plain_axes(axes, "c", f"Entropy; dark: 0 bit, {len(parts[0]) / len(entropy):.0%}")


def _class_pairs(axes: Axes, table: pd.DataFrame, classes: Sequence[str]) -> None:
    n_classes = len(classes)
    shares = np.full((n_classes, n_classes), np.nan)
    for row in shares_by_digits(table).itertuples():
        shares[row.digit_high, row.digit_low] = row.success
        axes.text(row.digit_low, row.digit_high, row.n, **_centred(row.success))
    mesh = axes.imshow(shares, cmap=SHARE_COLOURS, vmin=0, vmax=1)
    label_classes(axes, dict(enumerate(classes[:-1])), dict(enumerate(classes[1:], start=1)))
    axes.set(xlabel="lower target", ylabel="higher target")
    axes.set(xlim=(-0.5, n_classes - 1.5), ylim=(n_classes - 0.5, 0.5))
    plain_axes(axes, "d", f"Success by {class_noun(classes)} pair")
    axes.figure.colorbar(mesh, ax=axes, shrink=0.75, label="share (number: stimuli; white: none)")


def _centred(share: float) -> dict[str, Any]:
    return {"ha": "center", "va": "center", "fontsize": 9, "color": "white" if share > 0.5 else "#222222"}
