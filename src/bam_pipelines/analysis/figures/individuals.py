"""What is individual: own models against all others', and every model on everyone's trials."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bam_pipelines.analysis.style import (
    LEVEL_COLOURS,
    classifier_title,
    empty_panel,
    new_figure,
    ordered_classifiers,
    plain_axes,
)

_NAMED_PEOPLE = 20  # more than that and their ids are left out


def figure_individuals(swaps: pd.DataFrame, summary: dict[str, dict[str, Any]], focus: str, simulated: bool) -> Figure:
    """Draw the individual gain by classifier, and what another person's model costs.

    Parameters
    ----------
    swaps
        Of :func:`bam_pipelines.alignment.gain.swap_matrix`, with ``classifier``.
    summary
        Of :func:`bam_pipelines.alignment.summary.summarise_alignment`.
    focus
        The classifier whose models are swapped.
    simulated
        Whether the participants are simulated.

    Returns
    -------
    matplotlib.figure.Figure
        Two panels, 8 inches wide.

    Raises
    ------
    ValueError
        If the focused classifier has no models.
    """
    known = sorted(swaps["classifier"].unique())
    if focus not in known:
        raise ValueError(f"classifier {focus} has no individual models; expected one of {', '.join(known)}.")
    figure = new_figure(8, 9.5, "What is individual", simulated)
    top, bottom = figure.subplots(2, 1, height_ratios=[1, 2])
    _draw_gain(top, summary)
    _draw_swaps(figure, bottom, swaps[swaps["classifier"] == focus], focus)
    return figure


def _draw_gain(axes: Axes, summary: dict[str, dict[str, Any]]) -> None:
    plain_axes(axes, "a", "Own model against the average of all others'")
    names = [name for name in ordered_classifiers(summary) if summary[name]["individual_gain"] is not None]
    if not names:
        empty_panel(axes, "fewer than two participants have an individual model")
        return
    gains = [summary[name]["individual_gain"]["log_loss"] for name in names]
    values, lows, highs = (np.array([gain[key] for gain in gains]) for key in ("value", "low", "high"))
    axes.errorbar(
        range(len(names)),
        values,
        [values - lows, highs - values],
        fmt="o",
        ms=8,
        capsize=4,
        color=LEVEL_COLOURS["individual"],
    )
    axes.axhline(0, color="#9A9A9A", lw=1, ls="--")
    axes.set(xticks=range(len(names)), xlim=(-0.5, len(names) - 0.5), ylabel="individual gain\n(nats a trial)")
    axes.set_xticklabels([classifier_title(name) for name in names])


def _draw_swaps(figure: Figure, axes: Axes, swaps: pd.DataFrame, focus: str) -> None:
    matrix = swaps.pivot(index="model", columns="participant_id", values="log_loss")
    cost = matrix.to_numpy() - np.diag(matrix.to_numpy())
    limit = max(float(np.quantile(np.abs(cost), 0.99)), 0.01)
    drawn = axes.imshow(cost, cmap="PuOr_r", vmin=-limit, vmax=limit, aspect="equal", interpolation="nearest")
    axes.set(xlabel="whose trials", ylabel="whose model")
    few = len(matrix) <= _NAMED_PEOPLE
    ticks = range(len(matrix)) if few else []
    axes.set(xticks=ticks, yticks=ticks)
    if few:
        axes.set_xticklabels(matrix.columns, rotation=90)
        axes.set_yticklabels(matrix.index)
    bar = figure.colorbar(drawn, ax=axes, shrink=0.8)
    bar.set_label("log-loss above the own model's (nats)", fontsize=12)
    bar.ax.tick_params(labelsize=11)
    plain_axes(axes, "b", f"{classifier_title(focus)}: each model on each participant's trials")
