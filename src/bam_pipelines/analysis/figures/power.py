"""Power by groups of people and stimuli."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bam_pipelines.analysis.style import empty_panel, new_figure, plain_axes

_COLOURS = ("#56B4E9", "#0072B2", "#004C7A", "#222222", "#CC79A7", "#D55E00")
_TITLES = {"randomisation": "these people", "groups": "people in general"}


def figure_power(table: pd.DataFrame, summary: dict[str, Any], simulated: bool) -> Figure:
    """Draw the power of both tests by effect, number of groups and stimuli a pair.

    Parameters
    ----------
    table
        From :func:`bam_pipelines.analysis.power.power_table`.
    summary
        From :func:`bam_pipelines.analysis.power.power_summary`.
    simulated
        Whether the answers that success and spread were measured on are simulated participants'.

    Returns
    -------
    matplotlib.figure.Figure
        A row a test and a column an effect, 8 inches wide.
    """
    figure = new_figure(8, 6, "Power of a second round", simulated)
    effects, tests = [float(effect) for effect in summary["smallest"]], list(_TITLES)
    panels = figure.subplots(len(tests), len(effects), squeeze=False, sharex=True, sharey=True)
    for row, test in zip(panels, tests, strict=True):
        for axes, effect in zip(row, effects, strict=True):
            part = table[(table["test"] == test) & (table["effect"] == effect)]
            if part.empty:
                empty_panel(axes, f"net directed success\ncannot differ by {effect:g}:\nsuccess is too rare")
                continue
            _draw(axes, part, summary["wanted"])
            plain_axes(axes, "", f"net directed success\ndiffers by {effect:g}" if test == tests[0] else "")
        row[0].set_ylabel(f"power\n({_TITLES[test]})")
    for axes in panels[-1]:
        axes.set_xlabel("groups of people")
    handles, labels = next((found for axes in panels[0] if (found := axes.get_legend_handles_labels())[0]), ([], []))
    below = figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False, fontsize=11)
    below.set_title("stimuli a pair")
    return figure


def _draw(axes: Axes, table: pd.DataFrame, wanted: float) -> None:
    for place, (images, rows) in enumerate(table.groupby("images")):
        colour = _COLOURS[place % len(_COLOURS)]
        axes.errorbar(
            rows["groups"],
            rows["power"],
            rows["error"],
            color=colour,
            marker="o",
            ms=5,
            label=str(images),
        )
    axes.axhline(wanted, color="#222222", lw=1, ls="--", zorder=0)
    axes.set_xscale("log", base=2)
    groups = np.sort(table["groups"].unique())
    axes.set_xticks(groups, [str(number) for number in groups])
    axes.minorticks_off()
    axes.set_ylim(-0.03, 1.03)
