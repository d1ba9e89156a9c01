"""The loop benchmark's results as one picture."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bam_pipelines.analysis.style import new_figure, plain_axes

_ARMS = {
    "epig": ("EPIG", "#004C7A"),
    "bald": ("BALD", "#009E73"),
    "entropy": ("entropy", "#E69F00"),
    "random": ("random", "#9A9A9A"),
}
_OBSERVERS = {"well_specified": "People drawn from the fitted population", "simulator": "The simulator's people"}


def draw_results(results: Mapping[str, Any], trials: list[int]) -> Figure:
    """Draw held-out log-loss by trials for both kinds of people, and when random choice's last is reached."""
    figure = new_figure(11, 5, "Simulated newcomers: what the next trials tell", simulated=False)
    axes = figure.subplots(1, len(results), squeeze=False)[0]
    for place, (name, found) in enumerate(results.items()):
        _draw_curves(axes[place], found["expected"], np.array(trials))
        plain_axes(axes[place], "ab"[place], _OBSERVERS[name])
    axes[0].set_ylabel("held-out log-loss above the truth's (nats)")
    axes[0].legend(frameon=False, fontsize=11)
    return figure


def _draw_curves(axes: Axes, found: Mapping[str, Any], trials: np.ndarray) -> None:
    floor = found["truth"]
    for name, (label, colour) in _ARMS.items():
        own = found["arms"][name]
        loss, low, high = (np.array(own[key]) - floor for key in ("log_loss", "low", "high"))
        axes.plot(trials[1:], loss[1:], "o-", ms=3, color=colour, label=label)
        axes.fill_between(trials[1:], low[1:], high[1:], color=colour, alpha=0.15, lw=0)
        if name == "random":
            axes.axhline(loss[-1], color=colour, lw=1, ls="--")
    reached = found["arms"]["epig"]["trials_to_random"]["value"]
    if reached is not None:
        axes.axvline(reached, color=_ARMS["epig"][1], lw=1, ls=":")
        axes.annotate(f"{reached:.0f}", (reached, axes.get_ylim()[1]), ha="center", va="top", color=_ARMS["epig"][1])
    axes.set_xlabel("trials of each newcomer")
