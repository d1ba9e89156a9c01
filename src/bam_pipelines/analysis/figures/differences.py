"""How people differ: what more trials tell, where people are placed, and whether they cluster."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bam_pipelines.analysis.style import LEVEL_COLOURS, empty_panel, new_figure, plain_axes

_NAMED_PEOPLE = 20  # more than that and their ids are left out
_CURVES = {"gain_over_group": ("over GroupNet", "#E69F00"), "individual_gain": ("over all others' models", "#004C7A")}
_CLUSTER_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#222222", "#9A9A9A")


def figure_differences(curve: pd.DataFrame, places: pd.DataFrame, clusters: dict[str, Any], simulated: bool) -> Figure:
    """Draw the learning curve, the stability of clusters, what they know of their members, and where people are placed.

    Parameters
    ----------
    curve
        Of :func:`bam_pipelines.alignment.learning_curve.learning_curve`.
    places, clusters
        ``people`` and ``summary`` of :class:`bam_pipelines.alignment.clusters.Clustering`.
    simulated
        Whether the participants are simulated.

    Returns
    -------
    matplotlib.figure.Figure
        Four panels, 8 inches wide.
    """
    figure = new_figure(8, 10.5, "How people differ", simulated)
    axes = figure.subplot_mosaic("LL;SG;PP", height_ratios=[1, 1, 1.1])
    _draw_curve(axes["L"], curve)
    _draw_stability(axes["S"], clusters["clusters"])
    _draw_gains(axes["G"], clusters["clusters"])
    _draw_places(axes["P"], places, clusters)
    return figure


def _draw_curve(axes: Axes, curve: pd.DataFrame) -> None:
    for name, (label, colour) in _CURVES.items():
        axes.fill_between(
            curve["n_trials"], curve[f"{name}_low"], curve[f"{name}_high"], color=colour, alpha=0.18, lw=0
        )
        axes.plot(curve["n_trials"], curve[name], "o-", color=colour, label=label)
    axes.axhline(0, color="#9A9A9A", lw=1, ls="--")
    sizes = curve["n_trials"].round().astype(int).to_list()
    axes.set_xscale("log", base=2)
    axes.set(xlabel="training trials of each participant", ylabel="gain on test trials\n(nats a trial)")
    axes.set_xticks(curve["n_trials"], [str(size) for size in sizes], minor=False)
    axes.minorticks_off()
    axes.legend(frameon=False, fontsize=11)
    plain_axes(axes, "a", "What more trials tell of a person (bands: 95 %)")


def _draw_stability(axes: Axes, clusters: dict[str, Any]) -> None:
    plain_axes(axes, "b", "Same clusters again?")
    if not clusters:
        empty_panel(axes, "too few participants, or none that differ")
        return
    numbers = sorted(clusters, key=int)
    positions = np.arange(len(numbers))
    # beside each other, since both may be the same
    for key, label, marker, colour, beside in (
        ("stability", "in two halves of the images", "o", LEVEL_COLOURS["individual"], -0.1),
        ("agreement_with_swaps", "by models and by swaps", "D", "#D55E00", 0.1),
    ):
        found = [clusters[number][key] for number in numbers]
        axes.plot(positions + beside, found, marker, ms=8, color=colour, label=label)
    _number_clusters(axes, numbers)
    axes.set(ylim=(-0.55, 1.05), ylabel="adjusted Rand index")  # the index is -0.5 at least
    axes.legend(frameon=False, fontsize=10.5, loc="upper center", bbox_to_anchor=(0.5, -0.22))


def _draw_gains(axes: Axes, clusters: dict[str, Any]) -> None:
    plain_axes(axes, "c", "What fellow members know")
    numbers = sorted(clusters, key=int)
    gains = {place: clusters[number]["gain"] for place, number in enumerate(numbers) if clusters[number]["gain"]}
    if not gains:
        empty_panel(axes, "nobody shares a cluster")
        return
    for place, gain in gains.items():
        axes.plot([place, place], [gain["low"], gain["high"]], color=LEVEL_COLOURS["individual"], lw=2)
        axes.plot(place, gain["value"], "o", ms=8, color=LEVEL_COLOURS["individual"])
    _number_clusters(axes, numbers)
    axes.set_ylabel("beyond all others\n(nats a trial; bars: 95 %)")


def _number_clusters(axes: Axes, numbers: list[str]) -> None:
    axes.axhline(0, color="#9A9A9A", lw=1, ls="--", zorder=0)
    axes.set(xlim=(-0.5, len(numbers) - 0.5), xlabel="number of clusters")
    axes.set_xticks(range(len(numbers)), numbers)


def _draw_places(axes: Axes, places: pd.DataFrame, clusters: dict[str, Any]) -> None:
    if "place_1" not in places:
        empty_panel(axes, "fewer than two people with a model")
        return
    known = clusters["clusters"]
    best = max(known, key=lambda number: known[number]["stability"]) if known else None
    groups = places[f"cluster_of_{best}"].to_numpy() if best else np.zeros(len(places), dtype=int)
    second = places["place_2"] if "place_2" in places else pd.Series(0.0, index=places.index)
    colours = [_CLUSTER_COLOURS[group % len(_CLUSTER_COLOURS)] for group in groups]
    axes.scatter(places["place_1"], second, s=42, c=colours, edgecolors="white")
    if len(places) <= _NAMED_PEOPLE:
        for name, x, y in zip(places["participant_id"], places["place_1"], second, strict=True):
            axes.annotate(str(name)[:6], (x, y), xytext=(4, 4), textcoords="offset points", fontsize=8.5)
    axes.set(xlabel="first principal place (nats)", ylabel="second principal\nplace (nats)")
    axes.margins(x=0.08)  # room for the last name
    axes.set_aspect("equal", adjustable="datalim")
    reliability = clusters["reliability"]
    told = "not defined" if reliability is None else f"{reliability:.2f}"
    grouped = f" (colours: {best} clusters)" if best else ""
    plain_axes(axes, "d", f"People{grouped}; reliability {told}")
