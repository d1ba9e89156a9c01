"""What the answers of one round look like: uncertainty, response times, attention, digits that are confused."""

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bam_pipelines.analysis.answer_summary import stimulus_entropies
from bam_pipelines.analysis.style import SHARE_COLOURS, empty_panel, label_classes, new_figure, plain_axes
from bam_pipelines.images.classes import class_name, class_noun

_COLOUR = "#0072B2"
_NOTHING = "#D9C7B0"
_EXCLUDED = "#D55E00"
_ONE_EACH = "no image has two answers, and one alone has no entropy"


def answers_figure(
    trials: pd.DataFrame,
    participants: pd.DataFrame,
    shares: np.ndarray,
    catch_threshold: float,
    judged: Collection[str],
    simulated: bool,
    classes: Sequence[str] | None = None,
) -> Figure:
    """Draw entropy, response time by entropy, catch accuracy by participant, and answers on target by digit pair.

    Parameters
    ----------
    trials, participants
        Trial table of one round and participant table, after the quality rules.
    shares
        (K, K), share of the answers that are one of the two targets, NaN where nobody answered.
    catch_threshold
        Least catch accuracy of an included participant.
    judged
        Participants with enough catch trials for the rule to apply.
    simulated
        Whether the participants are; the title then says so.
    classes
        Names of the K classes; None to name them by their labels.

    Returns
    -------
    matplotlib.figure.Figure
        Four panels.
    """
    figure = new_figure(10, 8, "Answers", simulated)
    (entropy, times), (attention, targets) = figure.subplots(2, 2)
    entropies = stimulus_entropies(trials)
    several = entropies[entropies["n_answers"] > 1]
    _draw_entropy(entropy, several, len(entropies) - len(several))
    _draw_response_times(times, several)
    _draw_catch_accuracy(attention, participants, catch_threshold, judged)
    _draw_targets(targets, shares, classes)
    return figure


def _draw_entropy(axes: Axes, entropies: pd.DataFrame, single: int) -> None:
    if entropies.empty:
        empty_panel(axes, _ONE_EACH)
        return
    highest = max(1.0, float(entropies["entropy"].max()))
    axes.hist(entropies["entropy"], bins=20, range=(0, highest), color=_COLOUR)
    title = f"Uncertainty ({(entropies['entropy'] == 0).mean():.0%} unanimous)"
    # one answer is unanimous by definition; quality_report's share counts it
    plain_axes(axes, "a", f"{title}\nwithout images of one answer: {single}" if single else title)
    axes.set_xlabel("entropy of the answers to an image (bits)")
    axes.set_ylabel("images")
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))


def _draw_response_times(axes: Axes, entropies: pd.DataFrame) -> None:
    if entropies.empty:
        empty_panel(axes, _ONE_EACH)
        return
    timed = entropies.dropna(subset=["median_rt_ms"])
    if timed.empty:
        empty_panel(axes, "no response times")
        return
    axes.scatter(timed["entropy"], timed["median_rt_ms"].astype(float), s=14, alpha=0.6, color=_COLOUR, linewidths=0)
    plain_axes(axes, "b", "Response time")
    axes.set_xlabel("entropy of the answers to an image (bits)")
    axes.set_ylabel("median response time (ms)")
    axes.set_ylim(bottom=0)
    axes.set_xlim(-0.05, max(1.0, float(timed["entropy"].max())) + 0.05)


def _draw_catch_accuracy(axes: Axes, participants: pd.DataFrame, threshold: float, judged: Collection[str]) -> None:
    asked = participants.dropna(subset=["catch_accuracy"]).sort_values("catch_accuracy")
    if asked.empty:
        empty_panel(axes, "no catch trials")
        return
    places, accuracy = np.arange(len(asked)), asked["catch_accuracy"].to_numpy(float)
    kept, known = asked["include"].to_numpy(bool), asked["participant_id"].isin(judged).to_numpy()
    for label, these, colour, filled in (
        ("included", kept & known, _COLOUR, True),
        ("excluded", ~kept & known, _EXCLUDED, True),
        ("rule not applied: too few catch trials", kept & ~known, _COLOUR, False),
        ("rule not applied, excluded by another", ~kept & ~known, _EXCLUDED, False),
    ):
        if these.any():
            face = colour if filled else "white"
            axes.scatter(places[these], accuracy[these], s=30, c=face, edgecolors=colour, label=label, zorder=3)
    axes.legend(frameon=False, fontsize=10, loc="lower right")
    axes.axhline(threshold, color=_EXCLUDED, linestyle="--", linewidth=1)
    excluded = int((~participants["include"]).sum())
    plain_axes(axes, "c", f"Attention ({excluded} of {len(participants)} excluded)")
    axes.set_xticks([])
    axes.set_xlabel("participants, by accuracy")
    axes.set_ylabel("catch accuracy")
    axes.set_ylim(0, 1.02)


def _draw_targets(axes: Axes, shares: np.ndarray, classes: Sequence[str] | None) -> None:
    if np.isnan(shares).all():
        empty_panel(axes, "no answers to images with two targets")
        return
    lower = np.where(np.tril(np.ones_like(shares, dtype=bool), k=-1), shares, np.nan)
    unasked = np.where(np.tril(np.isnan(shares), k=-1), 0.0, np.nan)
    axes.imshow(unasked[1:, :-1], cmap=ListedColormap([_NOTHING]))
    mesh = axes.imshow(lower[1:, :-1], cmap=SHARE_COLOURS, vmin=0, vmax=1)
    plain_axes(axes, "d", "Answers that are one of the two targets\n(brown: no answers)")
    names = [class_name(label, classes) for label in range(len(shares))]
    label_classes(axes, dict(enumerate(names[:-1])), dict(enumerate(names[1:])))
    axes.set_xlabel(f"lower {class_noun(classes)}")
    axes.set_ylabel(f"higher {class_noun(classes)}")
    bar = mesh.axes.figure.colorbar(mesh, ax=axes, shrink=0.85)
    bar.set_label("share of answers", fontsize=11)
