"""The benchmark's results as one picture."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bam_pipelines.analysis.style import classifier_title, new_figure, ordered_classifiers, plain_axes

Found = Mapping[str, Any]

_POPULATIONS = {"identical": "identical people", "varied": "calibrated", "doubled": "twice the differences"}
_ARMS = {
    "group": ("GroupNet", "#56B4E9"),
    "paper": ("the paper's fine-tuning", "#E69F00"),
    "calibrated": ("bias, temperature, lapse", "#9A9A9A"),
    "ours": ("hierarchical", "#004C7A"),
    "true_features": ("hierarchical, true features", "#009E73"),
    "true_probabilities": ("true probabilities", "#222222"),
}
_STYLES = {"honest": "honest", "optimistic": "epochs chosen on test", "leaky": "that, and images in both splits"}


def draw_results(populations: Mapping[str, Found]) -> Figure:
    """Draw log-loss by classifier, individual gain and learning curve by population, and what the published way adds.

    Parameters
    ----------
    populations
        Of ``alignment.json``.
    """
    figure = new_figure(10, 12, "Individual models of simulated participants", simulated=False)
    axes = figure.subplot_mosaic("LL;GG;CP", height_ratios=[1, 1, 1])
    _draw_losses(axes["L"], populations["varied"])
    _draw_gains(axes["G"], populations)
    _draw_curves(axes["C"], populations)
    _draw_styles(axes["P"], populations)
    return figure


def _draw_losses(axes: Axes, found: Found) -> None:
    names = ordered_classifiers(set(found) - {"differences"})
    arms = ("group", "paper", "calibrated", "ours")
    for offset, arm in zip((-0.24, -0.08, 0.08, 0.24), arms, strict=True):
        _points(axes, [found[name]["same_people"]["log_loss"].get(arm) for name in names], offset, arm)
    axes.set_xticks(range(len(names)), [classifier_title(name) for name in names])
    axes.set_ylabel("log-loss (nats a trial)")
    axes.legend(frameon=False, fontsize=11, ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.1))
    plain_axes(axes, "a", "Test trials of 24 people, calibrated population (95 % intervals)")


def _points(axes: Axes, estimates: list[Found | None], offset: float, arm: str) -> None:
    label, colour = _ARMS[arm]
    known = [(place + offset, one) for place, one in enumerate(estimates) if one is not None]
    values, lows, highs = (np.array([one[key] for _, one in known]) for key in ("value", "low", "high"))
    places = [place for place, _ in known]
    axes.errorbar(places, values, [values - lows, highs - values], fmt="o", ms=6, capsize=3, color=colour, label=label)


def _draw_gains(axes: Axes, populations: Mapping[str, Found]) -> None:
    names = [(people, name) for people in _POPULATIONS for name in ("vgg", "mlp", "lrm")]
    arms = ("ours", "true_features", "true_probabilities")
    for offset, arm in zip((-0.2, 0.0, 0.2), arms, strict=True):
        gains = [populations[people][name]["everyone"]["individual_gain"][arm]["log_loss"] for people, name in names]
        _points(axes, gains, offset, arm)
    axes.axhline(0, color="#9A9A9A", lw=1, ls="--")
    titles = [classifier_title(name) + (f"\n{_POPULATIONS[people]}" if name == "mlp" else "") for people, name in names]
    axes.set_xticks(range(len(names)), titles)
    axes.set_ylabel("individual gain (nats a trial)")
    axes.legend(frameon=False, fontsize=11, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.2))
    plain_axes(axes, "b", "Own model against all others' average, 246 people")


def _draw_curves(axes: Axes, populations: Mapping[str, Found]) -> None:
    for (people, title), colour in zip(_POPULATIONS.items(), ("#9A9A9A", "#004C7A", "#D55E00"), strict=True):
        curve = pd.DataFrame(populations[people]["differences"]["learning_curve"])
        low, high = curve["individual_gain_low"], curve["individual_gain_high"]
        axes.fill_between(curve["n_trials"], low, high, color=colour, alpha=0.18, lw=0)
        axes.plot(curve["n_trials"], curve["individual_gain"], "o-", color=colour, label=title)
    axes.axhline(0, color="#9A9A9A", lw=1, ls="--")
    axes.set_xscale("log", base=2)
    axes.set_xticks(curve["n_trials"], [str(round(size)) for size in curve["n_trials"]])
    axes.minorticks_off()
    axes.set(xlabel="training trials of each participant", ylabel="individual gain (nats a trial)")
    axes.legend(frameon=False, fontsize=11)
    plain_axes(axes, "c", "Learning curve, VGG")


def _draw_styles(axes: Axes, populations: Mapping[str, Found]) -> None:
    cells = [(people, name) for people in _POPULATIONS for name in ("mlp", "lrm")]
    for offset, (style, title), colour in zip(
        (-0.26, 0.0, 0.26), _STYLES.items(), ("#004C7A", "#E69F00", "#D55E00"), strict=True
    ):
        gains = [100 * populations[people][name]["published_style"][style]["gain"] for people, name in cells]
        axes.bar(np.arange(len(cells)) + offset, gains, 0.24, color=colour, label=title)
    axes.axhline(0, color="#222222", lw=0.8)
    titles = [f"{classifier_title(name)}\n{_POPULATIONS[people].split()[0]}" for people, name in cells]
    axes.set_xticks(range(len(cells)), titles)
    axes.set_ylabel("accuracy over GroupNet (points)")
    axes.legend(frameon=False, fontsize=10, loc="upper center", bbox_to_anchor=(0.5, -0.16))
    plain_axes(axes, "d", "The paper's method, 24 people")
    axes.tick_params(axis="x", labelsize=9)
