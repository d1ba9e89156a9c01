"""What the answers of one round look like: uncertainty, response times, attention."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bam_pipelines.analysis.answer_summary import stimulus_entropies
from bam_pipelines.analysis.style import empty_panel, new_figure, plain_axes

_COLOUR = "#0072B2"
_EXCLUDED = "#D55E00"


def answers_figure(trials: pd.DataFrame, participants: pd.DataFrame, catch_threshold: float, simulated: bool) -> Figure:
    """Draw entropy, response time by entropy, and catch accuracy by participant.

    Parameters
    ----------
    trials, participants
        Trial table of one round and participant table, after the quality rules.
    catch_threshold
        Least catch accuracy of an included participant.
    simulated
        Whether the participants are; the title then says so.

    Returns
    -------
    matplotlib.figure.Figure
        Three panels.
    """
    figure = new_figure(13, 4.2, "Answers", simulated)
    left, middle, right = figure.subplots(1, 3)
    entropies = stimulus_entropies(trials)
    _draw_entropy(left, entropies)
    _draw_response_times(middle, entropies)
    _draw_catch_accuracy(right, participants, catch_threshold)
    return figure


def _draw_entropy(axes: Axes, entropies: pd.DataFrame) -> None:
    highest = max(1.0, float(entropies["entropy"].max()))
    axes.hist(entropies["entropy"], bins=20, range=(0, highest), color=_COLOUR)
    unanimous = (entropies["entropy"] == 0).mean()
    plain_axes(axes, "a", f"Uncertainty ({unanimous:.0%} unanimous)")
    axes.set_xlabel("entropy of the answers to an image (bits)")
    axes.set_ylabel("images")


def _draw_response_times(axes: Axes, entropies: pd.DataFrame) -> None:
    timed = entropies.dropna(subset=["median_rt_ms"])
    if timed.empty:
        empty_panel(axes, "no response times")
        return
    axes.scatter(timed["entropy"], timed["median_rt_ms"].astype(float), s=14, alpha=0.6, color=_COLOUR, linewidths=0)
    plain_axes(axes, "b", "Response time")
    axes.set_xlabel("entropy of the answers to an image (bits)")
    axes.set_ylabel("median response time (ms)")
    axes.set_ylim(bottom=0)


def _draw_catch_accuracy(axes: Axes, participants: pd.DataFrame, threshold: float) -> None:
    asked = participants.dropna(subset=["catch_accuracy"]).sort_values("catch_accuracy")
    if asked.empty:
        empty_panel(axes, "no catch trials")
        return
    colours = np.where(asked["include"], _COLOUR, _EXCLUDED)
    axes.scatter(range(len(asked)), asked["catch_accuracy"].astype(float), s=22, c=colours, clip_on=False)
    axes.axhline(threshold, color=_EXCLUDED, linestyle="--", linewidth=1)
    excluded = int((~participants["include"]).sum())
    plain_axes(axes, "c", f"Attention ({excluded} of {len(participants)} excluded)")
    axes.set_xticks([])
    axes.set_xlabel("participants, by accuracy")
    axes.set_ylabel("catch accuracy")
    axes.set_ylim(0, 1.02)
