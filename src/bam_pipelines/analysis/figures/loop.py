"""How well people are predicted after each round of the loop."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import t as student

from bam_pipelines.analysis.style import new_figure, plain_axes

_TITLES = {"epig": "EPIG", "bald": "BALD", "entropy": "entropy", "random": "random"}
_COLOUR, _FAINT = "#004C7A", "#9A9A9A"
_SHOWN_APART = 40  # more people than that and their own curves are left out


def figure_loop(metrics: pd.DataFrame, simulated: bool) -> Figure:
    """Draw log-loss on held-out trials by number of trials.

    Parameters
    ----------
    metrics
        participant_id, round, acquisition, n_trials, log_loss; one row a participant and round.
    simulated
        Whether the participants are simulated.

    Returns
    -------
    matplotlib.figure.Figure
        Two panels, 8 inches wide: log-loss, and its change since before the loop; each participant, and the mean with a
        95 % interval over participants, of two or more.
    """
    figure = new_figure(8, 4.5, "What the loop's trials tell", simulated)
    left, right = figure.subplots(1, 2)
    people = metrics.pivot(index="participant_id", columns="round", values="log_loss")
    trials = metrics.groupby("round")["n_trials"].mean()
    names = [_TITLES.get(name, name) for name in metrics[metrics["round"] > 0]["acquisition"].unique()]
    _draw_curves(left, people, trials)
    left.set_ylabel("log-loss on held-out trials (nats)")
    plain_axes(left, "a", f"{len(people)} people, {' and '.join(names) or 'before the loop'}")
    _draw_curves(right, people.sub(people[0], axis=0), trials)
    right.axhline(0, color=_FAINT, lw=1, ls="--")
    right.set_ylabel("change since before the loop (nats)")
    plain_axes(right, "b", "Change (bands: 95 %)")
    return figure


def _draw_curves(axes: Axes, people: pd.DataFrame, trials: pd.Series) -> None:
    if len(people) <= _SHOWN_APART:
        axes.plot(trials, people.T.to_numpy(), color=_FAINT, lw=0.8, alpha=0.6)
    mean, spread = people.mean(), people.std() / np.sqrt(people.count())
    if len(people) > 1:
        half = spread * student.ppf(0.975, people.count() - 1)
        axes.fill_between(trials, mean - half, mean + half, color=_COLOUR, alpha=0.18, lw=0)
    axes.plot(trials, mean, "o-", color=_COLOUR)
    axes.set_xlabel("trials of each participant")
