"""Dose and response: what stimuli do by the margin that they were made with."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bam_pipelines.analysis.figures.manipulation import SOURCE_COLOURS, SOURCE_TITLES
from bam_pipelines.analysis.pair_measures import NET
from bam_pipelines.analysis.pair_tests import CUSTOMISED
from bam_pipelines.analysis.rates import STIMULI
from bam_pipelines.analysis.style import empty_panel, new_figure, plain_axes

_PANELS = {
    NET: ("a", "Net directed success", "low", "high"),
    "success": ("b", "Success", "success_low", "success_high"),
}
_APART = 0.11  # between sources at one place, of the distance between places


def figure_dose(rates: pd.DataFrame, simulated: bool) -> Figure:
    """Draw net directed success and success by dose, sources without a dose beside them.

    Parameters
    ----------
    rates
        From :func:`bam_pipelines.analysis.rates.rates_table`.
    simulated
        Whether the participants are simulated.

    Returns
    -------
    matplotlib.figure.Figure
        Two panels, 8 inches wide.
    """
    shown = rates[rates["level"].isin(["dose", "source"])]
    over = "these people's stimuli" if (shown["interval"] == STIMULI).all() else "people and digits"
    figure = new_figure(8, 4.8, "Dose and response", simulated)
    panels = dict(zip(_PANELS, figure.subplots(1, 2), strict=True))
    for name, axes in panels.items():
        _draw(axes, shown, name)
        axes.set_xlabel(f"margin (nats)\n95 % over {over}")
    handles, labels = panels[NET].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False, fontsize=11)
    return figure


def _draw(axes: Axes, rates: pd.DataFrame, name: str) -> None:
    letter, title, low, high = _PANELS[name]
    plain_axes(axes, letter, title)
    doses = np.sort(rates["margin"].dropna().astype("float64").unique())
    if not len(doses):
        empty_panel(axes, "no stimulus was made with a margin")
        return
    dosed = set(rates.loc[rates["level"] == "dose", "source"])
    whole = rates[(rates["level"] == "source") & ~rates["source"].isin(dosed)]
    table = pd.concat([rates[rates["level"] == "dose"], whole]).astype(
        {"margin": "float64", name: "float64", low: "float64", high: "float64"}
    )
    sources = [source for source in SOURCE_TITLES if source in set(table["source"])]
    for source in sources:
        rows = table[table["source"] == source].sort_values("margin")
        # without a dose: left of all doses
        x = np.where(rows["margin"].isna(), -1, np.searchsorted(doses, rows["margin"]))
        beside = [other for other in sources if (other in dosed) == (source in dosed)]
        x = x + (beside.index(source) - (len(beside) - 1) / 2) * _APART
        colour = SOURCE_COLOURS[source]
        axes.plot(x, rows[name], "o-", color=colour, ms=8 if source == CUSTOMISED else 6, label=SOURCE_TITLES[source])
        axes.vlines(x, rows[low], rows[high], color=colour, lw=2.4 if source == CUSTOMISED else 1.6)
    if name == NET:
        axes.axhline(0, color="#222222", lw=1, ls="--", zorder=0)
    else:
        axes.set_ylim(bottom=-0.02 * axes.get_ylim()[1])  # whole points at 0
    labels = ["no\nmargin", *(f"{dose:g}" for dose in doses)]
    first = 0 if len(whole) else 1
    axes.set_xticks(np.arange(-1, len(doses))[first:], labels[first:])
    axes.set_xlim(-1.6 if len(whole) else -0.6, len(doses) - 0.4)
