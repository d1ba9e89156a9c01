"""Accuracy, gains and entropy by level of alignment, after the paper's figure 5."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bam_pipelines.analysis.agreement import (
    BIN_TITLES,
    BINS,
    LEVELS,
    accuracy_table,
    entropy_correlations,
    gains,
    level_means,
    person_accuracies,
    tested,
)
from bam_pipelines.analysis.style import (
    LEVEL_COLOURS,
    LEVEL_TITLES,
    classifier_title,
    empty_panel,
    new_figure,
    ordered_classifiers,
    plain_axes,
)

_LAYOUT = "LL;PG;BA;EE"  # levels, people, gains, before, after, entropy bins: a to f


def figure_alignment(
    metrics: pd.DataFrame, entropies: pd.DataFrame, quality: dict[str, Any], focus: str, simulated: bool
) -> Figure:
    """Draw accuracy by classifier and level, gains, entropy of model against people, accuracy by entropy.

    Parameters
    ----------
    metrics
        Alignment metrics; see :func:`bam_pipelines.analysis.agreement.accuracy_table`.
    entropies
        Entropies a stimulus; see :func:`bam_pipelines.analysis.agreement.entropy_correlations`.
    quality
        ``agreement_with_others`` and ``agreement_with_oneself`` of the trials, the ceilings of shared and of individual
        models; may lack them.
    focus
        The classifier whose entropies are drawn; the paper shows ``vgg``.
    simulated
        Whether the participants are simulated.

    Returns
    -------
    matplotlib.figure.Figure
        Six panels, 8 inches wide.

    Raises
    ------
    ValueError
        If the focused classifier has no entropies.
    """
    known = sorted(set(entropies["classifier"].astype("str")))
    if focus not in known:
        raise ValueError(f"classifier {focus} has no entropies; expected one of {', '.join(known)}.")
    entropies = tested(entropies)
    figure = new_figure(8, 13.5, "Alignment with people's choices", simulated)
    axes = figure.subplot_mosaic(_LAYOUT, height_ratios=[3.2, 3.4, 3.4, 2.8])
    _draw_levels(axes["L"], metrics, quality)
    _draw_people(axes["P"], person_accuracies(metrics))
    _draw_gains(axes["G"], gains(metrics))
    top = float(max(entropies["model_entropy"].max(), entropies["human_entropy"].max(), 1.0))
    for panel, level in (("B", "base"), ("A", "group")):
        _draw_entropies(axes[panel], entropies, focus, level, top)
    _draw_bins(axes["E"], metrics)
    return figure


def _draw_levels(axes: Axes, metrics: pd.DataFrame, quality: dict[str, Any]) -> None:
    trials = accuracy_table(metrics, "trials_test", ["classifier", "level"]).set_index(["classifier", "level"])
    digits = accuracy_table(metrics, "digits_test", ["classifier", "level"]).set_index(["classifier", "level"])
    names = ordered_classifiers(metrics["classifier"])
    for offset, level in zip((-0.27, 0, 0.27), LEVELS, strict=True):
        places = np.arange(len(names)) + offset
        bars = trials["accuracy"].reindex([(name, level) for name in names])
        kept = digits["accuracy"].reindex([(name, level) for name in names])
        axes.bar(places, bars, 0.25, color=LEVEL_COLOURS[level], label=LEVEL_TITLES[level])
        axes.plot(places, kept, "D", ms=5, mfc="white", mec="#D55E00", label="test digits" if offset == 0 else None)
        for place, value in zip(places[bars.notna()], bars.dropna(), strict=True):
            # below the axis: above a bar there may be a diamond
            axes.text(place, -0.01, _short(value), ha="center", va="top", fontsize=10)
    for ceiling, label, style in _ceilings(quality):
        axes.axhline(ceiling, color="#222222", lw=1.2, ls=style, label=label, zorder=0)
    axes.axhline(0, color="#222222", lw=0.8)
    axes.set(xticks=range(len(names)), yticks=np.linspace(0, 1, 6), ylim=(-0.08, 1.05), ylabel="accuracy")
    axes.set_xticklabels([classifier_title(name) for name in names])
    axes.legend(ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.1), frameon=False, fontsize=11)
    plain_axes(axes, "a", "People's choices on test stimuli (bars), labels of test digits (diamonds)")


def _short(share: float) -> str:
    return f"{share:.2f}".removeprefix("0")


def _ceilings(quality: dict[str, Any]) -> list[tuple[float, str, str]]:
    found = (
        (quality.get("agreement_with_others", {}).get("upper"), "no group model exceeds this", ":"),
        (quality.get("agreement_with_oneself"), "a person asked twice", "--"),
    )
    return [(one["value"], label, style) for one, label, style in found if one and one["value"] is not None]


def _draw_people(axes: Axes, people: pd.DataFrame) -> None:
    plain_axes(axes, "b", "By participant")
    if people.empty:
        empty_panel(axes, "no participant has an individual model")
        return
    low, high = people.to_numpy().min() - 0.03, people.to_numpy().max() + 0.03
    better = int((people["individual"] > people["group"]).sum())
    axes.plot([low, high], [low, high], color="#9A9A9A", lw=1, ls="--")
    axes.plot(people["group"], people["individual"], "o", ms=7, mfc=LEVEL_COLOURS["individual"], mec="white", alpha=0.8)
    axes.text(0.04, 0.93, f"better for {better} of {len(people)}", transform=axes.transAxes, fontsize=11)
    axes.set(xlim=(low, high), ylim=(low, high), aspect="equal")
    axes.set(xlabel="GroupNet's mean accuracy", ylabel="IndivNet's mean accuracy")


def _draw_gains(axes: Axes, table: pd.DataFrame) -> None:
    names = ordered_classifiers(table.index)
    for offset, level in ((-0.18, "group"), (0.18, "individual")):
        heights = table.loc[names, level].to_numpy()
        places = np.arange(len(names)) + offset
        before = "BaseNet" if level == "group" else "GroupNet"
        axes.bar(places, heights, 0.34, color=LEVEL_COLOURS[level], label=f"{LEVEL_TITLES[level]} − {before}")
    axes.axhline(0, color="#222222", lw=0.8)
    axes.set(xticks=range(len(names)), ylabel="gain in accuracy")
    axes.set_xticklabels([classifier_title(name) for name in names], rotation=30)
    axes.margins(y=0.25)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.35 * (high - low))  # room for the legend above the bars
    axes.legend(frameon=False, fontsize=10, loc="upper right")
    plain_axes(axes, "c", "Gain by classifier")


def _draw_entropies(axes: Axes, entropies: pd.DataFrame, focus: str, level: str, top: float) -> None:
    letter, title = ("d", "before") if level == "base" else ("e", "after")
    plain_axes(axes, letter, f"{classifier_title(focus)} {title}: {LEVEL_TITLES[level]}")
    rows = entropies[(entropies["classifier"] == focus) & (entropies["level"] == level)]
    if rows.empty:
        empty_panel(axes, f"no entropies of {LEVEL_TITLES[level]}")
        return
    rho = entropy_correlations(rows)["rho"].iloc[0]
    text = "Spearman ρ undefined" if np.isnan(rho) else f"Spearman ρ = {rho:.2f}"
    axes.plot(
        rows["human_entropy"], rows["model_entropy"], "o", ms=6, color=LEVEL_COLOURS[level], mec="#444444", alpha=0.6
    )
    axes.text(0.97, 0.97, f"{text}, n = {len(rows)}", transform=axes.transAxes, fontsize=11, ha="right", va="top")
    axes.set(xlim=(-0.1, top + 0.1), ylim=(-0.25, 1.18 * top), xlabel="people's entropy (bits)")  # room for the text
    axes.set_ylabel("model's entropy (bits)")


def _draw_bins(axes: Axes, metrics: pd.DataFrame) -> None:
    means = {name: level_means(metrics, "trials_test", name) for name in BINS}
    for offset, level in zip((-0.27, 0, 0.27), LEVELS, strict=True):
        heights = np.array([means[name].get(level, np.nan) for name in BINS])
        places = np.arange(len(BINS)) + offset
        axes.bar(places, heights, 0.25, color=LEVEL_COLOURS[level], label=LEVEL_TITLES[level])
        for place, value in zip(places[~np.isnan(heights)], heights[~np.isnan(heights)], strict=True):
            axes.text(place, value, _short(value), ha="center", va="bottom", fontsize=10)
    for place, name in enumerate(BINS):
        if not means[name]:
            axes.text(place, 0.03, "no test stimuli", ha="center", va="bottom", fontsize=11)
    axes.set_xlim(-0.6, len(BINS) - 0.4)
    axes.set(xticks=range(len(BINS)), ylim=(0, 1.05), ylabel="accuracy", xlabel="people's entropy")
    axes.set_xticklabels([BIN_TITLES[name] for name in BINS])
    axes.legend(frameon=False, fontsize=11, loc="upper right")
    plain_axes(axes, "f", "People's choices by entropy of their answers, mean over classifiers")
