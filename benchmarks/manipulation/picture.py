"""The bench's picture: N by source, and N by what the models predict."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bam_pipelines.analysis.figures.manipulation import SOURCE_TITLES
from bam_pipelines.analysis.style import new_figure, plain_axes

_COLOURS = {"identical": "#9A9A9A", "varied": "#0072B2", "doubled": "#D55E00"}
_NAMES = {"identical": "identical people", "varied": "calibrated", "doubled": "twice the differences"}


def draw_results(populations: dict[str, Any]) -> Figure:
    """Draw net directed success by source of stimuli in the calibrated population, and by prediction in all."""
    figure = new_figure(9, 4, "Parting two people", simulated=True)
    left, right = figure.subplots(1, 2)
    _draw_sources(left, populations["varied"])
    _draw_predictions(right, populations)
    return figure


def _draw_sources(axes: Axes, found: dict[str, Any]) -> None:
    shown = found["answers_of_all"]["net_directed_success"]
    exact = found["probabilities_of_all"]["net_directed_success"]
    sources = [source for source in SOURCE_TITLES if source in shown]
    for height, source in enumerate(sources):
        for estimate, shift, colour, label in (
            (shown[source], -0.12, "#0072B2", "answers"),
            (exact[source], 0.12, "#444444", "true probabilities"),
        ):
            axes.plot([estimate["low"], estimate["high"]], [height + shift] * 2, color=colour, lw=2)
            axes.plot(estimate["value"], height + shift, "o", color=colour, label=label if height == 0 else None)
    axes.axvline(0, color="#222222", lw=1, ls="--", zorder=0)
    axes.set_yticks(range(len(sources)), [f"{SOURCE_TITLES[source]}\nn = {shown[source]['n']}" for source in sources])
    axes.set(ylim=(len(sources) - 0.5, -0.5), xlabel="net directed success (95 % interval)")
    axes.legend(frameon=False, fontsize=11)
    plain_axes(axes, "a", "By source, calibrated")


def _draw_predictions(axes: Axes, populations: dict[str, Any]) -> None:
    for name, found in populations.items():
        steps = found["by_predicted"]
        places = [step["predicted"] for step in steps]
        axes.plot(places, [step["true"]["value"] for step in steps], "o-", color=_COLOURS[name], label=_NAMES[name])
        axes.vlines(
            places,
            [step["true"]["low"] for step in steps],
            [step["true"]["high"] for step in steps],
            color=_COLOURS[name],
        )
    axes.axline((0, 0), slope=1, color="#222222", lw=1, ls="--", zorder=0)
    axes.axhline(0, color="#BBBBBB", lw=1, zorder=0)
    axes.set(xlabel="predicted by individual models", ylabel="by true probabilities")
    axes.legend(frameon=False, fontsize=11)
    plain_axes(axes, "b", "All customised candidates")
