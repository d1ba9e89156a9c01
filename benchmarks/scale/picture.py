"""The scaling figure: what a second worker brings, and time and memory by rows and by stage."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bam_pipelines.analysis.style import empty_panel, new_figure, plain_axes

BAR, LIMIT = 1.8, 4.0
_STAGES = {"behavior": "#0072B2", "behavior_csv": "#56B4E9", "reporting": "#D55E00"}
_NAMES = {"behavior": "behavior, a file a person", "behavior_csv": "behavior, one CSV", "reporting": "reporting"}
_GREY = "#444444"


def draw_scaling(results: dict[str, Any]) -> Figure:
    """Draw what was measured; a panel of what was not says so."""
    figure = new_figure(10, 8.5, "Scaling", simulated=False)
    (workers, seconds), (memory, stages) = figure.subplots(2, 2)
    _draw_workers(workers, {name: results[name] for name in ("sampling", "alignment") if name in results})
    sizes = results.get("rows", {}).get("sizes", [])
    _draw_rows(seconds, sizes, "seconds", "b", "Time by trials")
    _draw_rows(memory, sizes, "peak_gib", "c", "Memory by trials")
    _draw_stages(stages, {name: found["peak_gib"] for name, found in results.get("memory", {}).items()})
    return figure


def _draw_workers(axes: Axes, parts: dict[str, Any]) -> None:
    plain_axes(axes, "a", "Two workers against one")
    if not parts:
        empty_panel(axes, "not measured yet")
        return
    for place, found in enumerate(part["speedup"] for part in parts.values()):
        axes.bar(place, found["value"], 0.5, color="#0072B2")
        if found["low"] is not None:
            axes.plot([place, place], [found["low"], found["high"]], color=_GREY, lw=2)
        axes.text(place, 0.08, f"{found['value']:.2f}", ha="center", color="white")
    axes.axhline(2, color=_GREY, lw=1, label="twice as fast")
    axes.axhline(BAR, color="#D55E00", lw=1, ls="--", label=f"{BAR}")
    axes.set(xticks=range(len(parts)), xticklabels=list(parts), ylabel="times as fast", ylim=(0, 2.6))
    axes.legend(frameon=False, fontsize=11, ncols=2)


def _draw_rows(axes: Axes, sizes: list[dict[str, Any]], key: str, letter: str, title: str) -> None:
    plain_axes(axes, letter, title)
    if not sizes:
        empty_panel(axes, "not measured yet")
        return
    trials = np.array([size["trials"] for size in sizes])
    for name, colour in _STAGES.items():
        axes.plot(trials, [size["stages"][name][key] for size in sizes], "o-", color=colour, label=_NAMES[name])
    axes.set(xscale="log", xlabel="trials")
    if key == "seconds":
        axes.set(yscale="log", ylabel="seconds")
        last = max(size["seconds"] for size in sizes[-1]["stages"].values())
        axes.plot(trials[-2:], last * trials[-2:] / trials[-1], color="#9A9A9A", ls=":", label="in proportion")
    else:
        axes.axhline(LIMIT, color="#D55E00", lw=1, ls="--")
        highest = max(stage[key] for size in sizes for stage in size["stages"].values())
        axes.set(ylabel="peak memory (GiB)", ylim=(0, 1.1 * max(LIMIT, highest)))
    axes.legend(frameon=False, fontsize=10)


def _draw_stages(axes: Axes, peaks: dict[str, float]) -> None:
    plain_axes(axes, "d", "Peak memory at the paper's size")
    if not peaks:
        empty_panel(axes, "not measured yet")
        return
    axes.barh(range(len(peaks)), list(peaks.values()), color="#0072B2")
    axes.axvline(LIMIT, color="#D55E00", lw=1, ls="--")
    axes.set_yticks(range(len(peaks)), [name.replace("_", " ") for name in peaks], fontsize=10)
    axes.invert_yaxis()
    axes.set(xlabel="GiB, two workers included", xlim=(0, max(4.4, max(peaks.values()) * 1.05)))
