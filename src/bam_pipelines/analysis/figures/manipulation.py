"""Outcomes and directions of pairs of participants, after the paper's figures 6b and 6c."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bam_pipelines.analysis.figures.guidance import draw_outcome_bars
from bam_pipelines.analysis.outcomes import OUTCOMES
from bam_pipelines.analysis.pair_tests import CUSTOMISED, FIRST_ROUND, pair_rates
from bam_pipelines.analysis.style import empty_panel, new_figure, plain_axes

SOURCE_TITLES = {
    FIRST_ROUND: "first round",
    "group": "GroupNet",
    CUSTOMISED: "customised",
    "swapped": "swapped pair",
    "bias_only": "bias only",
    "none": "unguided",
}
SOURCE_COLOURS = {
    FIRST_ROUND: "#9A9A9A",
    "group": "#009E73",
    CUSTOMISED: "#0072B2",
    "swapped": "#D55E00",
    "bias_only": "#E69F00",
    "none": "#CC79A7",
}
_MEDIAN: dict[str, Any] = {"color": "#222222", "lw": 2.4}
_HALO: dict[str, Any] = {"facecolor": "white", "edgecolor": "none", "pad": 1}
_BOX: dict[str, Any] = {"color": "#444444", "lw": 1.3}
_FEWEST_FOR_BOXES = 5  # quartiles of fewer pairs say less than the points themselves
_NARROWEST = 0.25  # a panel shows at least so much: nothing but small values should look small
_NOBODYS = {"targeted_ratio": 0.5, "net_directed_success": 0.0}  # in expectation, of stimuli that are meant for nobody
_PER_PAIR = {
    "success": ("c", "Success"),
    "targeted_ratio": ("d", "Targeted ratio"),
    "net_directed_success": ("e", "Net directed"),
}


def figure_manipulation(outcomes: pd.DataFrame, summary: dict[str, Any], simulated: bool) -> Figure:
    """Draw outcomes and targeted ratio by source of stimuli, and both for each pair.

    Parameters
    ----------
    outcomes
        Pair table.
    summary
        From :func:`bam_pipelines.analysis.pair_tests.pair_summary` on the same table.
    simulated
        Whether the participants are simulated.

    Returns
    -------
    matplotlib.figure.Figure
        Five panels, 8 inches wide.
    """
    figure = new_figure(8, 8, "Manipulation of pairs", simulated)
    top, bottom = figure.subfigures(2, 1, squeeze=False, height_ratios=[1, 1.15])[:, 0]
    left, right = top.subplots(1, 2)
    panels = dict(zip(_PER_PAIR, bottom.subplots(1, len(_PER_PAIR)), strict=True))
    sources = [source for source in SOURCE_TITLES if source in summary["sources"]]
    _draw_outcomes(left, summary["sources"], sources)
    _draw_ratio(right, summary["sources"], sources)
    rates = pair_rates(outcomes)
    for name, axes in panels.items():
        _draw_pairs(axes, rates, name, sources, summary["difference"][name]["p"])
    return figure


def _draw_outcomes(axes: Axes, described: dict[str, Any], sources: list[str]) -> None:
    rows = {
        f"{SOURCE_TITLES[source]}\nn = {described[source]['n']}": {
            name: described[source][name]["value"] for name in OUTCOMES
        }
        for source in sources
    }
    draw_outcome_bars(axes, rows)
    plain_axes(axes, "a", "Outcomes")


def _draw_ratio(axes: Axes, described: dict[str, Any], sources: list[str]) -> None:
    plain_axes(axes, "b", "Targeted ratio (95 %)")
    shown = [source for source in sources if described[source]["targeted_ratio"]["value"] is not None]
    if not shown:
        empty_panel(axes, "no success in any source")
        return
    for height, source in enumerate(shown):
        ratio = described[source]["targeted_ratio"]
        colour = SOURCE_COLOURS[source]
        axes.plot([ratio["low"], ratio["high"]], [height, height], color=colour, lw=3, solid_capstyle="round")
        axes.plot(ratio["value"], height, "o", ms=10, color=colour)
        label = f"{ratio['value']:.0%} of {described[source]['n_success']}"
        axes.text(ratio["value"], height - 0.16, label, ha="center", va="bottom", fontsize=11, bbox=_HALO)
    axes.axvline(0.5, color="#222222", lw=1, ls="--", zorder=0)
    axes.set(yticks=range(len(shown)), xlim=(-0.03, 1.03), ylim=(len(shown) - 0.5, -0.6), xlabel="share of successes")
    axes.set_yticklabels([SOURCE_TITLES[source] for source in shown])


def _draw_pairs(axes: Axes, rates: pd.DataFrame, name: str, sources: list[str], p: float | None) -> None:
    letter, title = _PER_PAIR[name]
    plain_axes(axes, letter, title)
    wide = rates.pivot(index="pair_id", columns="source", values=name)[sources]
    if wide.isna().all(axis=None):
        empty_panel(axes, "no success in any pair")
        return
    places = np.arange(len(sources))
    axes.plot(places, wide.to_numpy().T, color="#BBBBBB", lw=1.2, zorder=1)
    boxes = [wide[source].dropna().to_numpy() for source in sources]
    if len(wide) >= _FEWEST_FOR_BOXES:
        axes.boxplot(
            boxes,
            positions=places.tolist(),
            widths=0.45,
            showfliers=False,
            medianprops=_MEDIAN,
            boxprops=_BOX,
            whiskerprops=_BOX,
            capprops=_BOX,
        )
    else:
        for place, values in zip(places, boxes, strict=True):
            axes.hlines(np.median(values) if len(values) else np.nan, place - 0.2, place + 0.2, **_MEDIAN)
    for place, source, values in zip(places, sources, boxes, strict=True):
        axes.plot(np.full(len(values), place), values, "o", ms=6.5, color=SOURCE_COLOURS[source], mec="white", zorder=3)
    if name in _NOBODYS:
        axes.axhline(_NOBODYS[name], color="#222222", lw=1, ls="--", zorder=0)
    axes.set_ylim(*_range_of(name, wide.abs().to_numpy()))
    names = [SOURCE_TITLES[source] for source in sources]
    axes.set_xticks(places, names, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_xlim(-0.6, len(sources) - 0.4)
    axes.set_xlabel("" if p is None else f"p = {p:.3f}" if p >= 0.001 else "p < 0.001")


def _range_of(name: str, sizes: np.ndarray) -> tuple[float, float]:
    """Return a panel's ends: all of a ratio, else from nothing, or from as far below, to a little above the largest."""
    if name == "targeted_ratio":
        return -0.05, 1.05
    highest = 1.08 * max(float(np.nanmax(sizes)), _NARROWEST)
    return (-highest if name == "net_directed_success" else -0.05 * highest), highest
