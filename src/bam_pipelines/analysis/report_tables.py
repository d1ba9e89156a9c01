"""Results as the text cells of the report's tables."""

import io
from collections.abc import Iterator, Mapping, Sequence
from numbers import Real
from typing import Any

import matplotlib.image
import numpy as np
import pandas as pd

from bam_pipelines.analysis.agreement import LEVELS, accuracy_table
from bam_pipelines.analysis.gallery import describe_stimulus, select_examples
from bam_pipelines.analysis.report import GalleryItem, ReportTable
from bam_pipelines.analysis.style import LEVEL_TITLES, classifier_title, ordered_classifiers
from bam_pipelines.images.table import table_pixels

UNDEFINED = "not defined"


def cell(value: object) -> str:
    """Write one value: whole numbers as they are, others with four digits, nulls as ``not defined``."""
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return UNDEFINED
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (int, np.integer)):
        return f"{value:,}"
    return f"{float(value):.4g}" if isinstance(value, Real) else str(value)


def p_value(value: float | None) -> str:
    """Write a p value."""
    if value is None:
        return UNDEFINED
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def frame_table(title: str, frame: pd.DataFrame, folded: bool = False) -> ReportTable:
    """Write a data frame, without its index; columns that hold arrays are left out."""
    plain = [name for name in frame.columns if not frame[name].map(lambda value: isinstance(value, np.ndarray)).any()]
    rows = [[cell(value) for value in row] for row in frame[plain].itertuples(index=False)]
    return ReportTable(title, [str(name).replace("_", " ") for name in plain], rows, folded)


def metrics_table(title: str, metrics: Mapping[str, Any], folded: bool = False) -> ReportTable:
    """Write nested metrics, one row a leaf, named by the keys that lead to it."""
    return ReportTable(title, ["metric", "value"], [[name, cell(value)] for name, value in _leaves(metrics)], folded)


def _leaves(metrics: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in metrics.items():
        name = f"{prefix}{str(key).replace('_', ' ')}"
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{name} / ")
        elif isinstance(value, list) and len(value) > 8:
            yield name, f"{cell(value[0])} to {cell(value[-1])} in {len(value)} steps"
        elif isinstance(value, list):
            yield name, ", ".join(cell(item) for item in value)
        else:
            yield name, value


def acceptance_table(acceptance: pd.DataFrame) -> ReportTable:
    """Write proposals and accepted stimuli by strategy and classifiers, summed over digit pairs."""
    plain = acceptance.astype({"strategy": "str"})
    first = plain["model_1"].map(lambda name: "none" if pd.isna(name) else classifier_title(str(name)))
    second = plain["model_2"].map(lambda name: "" if pd.isna(name) else f" and {classifier_title(str(name))}")
    plain = plain.assign(classifiers=first + second)
    sums = plain.groupby(["strategy", "classifiers"])[["proposals", "accepted"]].sum().reset_index()
    sums["share"] = sums["accepted"] / sums["proposals"]
    return frame_table("Sampling: accepted stimuli by strategy and classifiers", sums)


def alignment_table(metrics: pd.DataFrame) -> ReportTable:
    """Write accuracy on people's choices and on test digits by classifier and level."""
    parts = {
        name: accuracy_table(metrics, dataset, ["classifier", "level"]).set_index(["classifier", "level"])["accuracy"]
        for name, dataset in (("choices", "trials_test"), ("digits", "digits_test"))
    }
    rows = [
        [classifier_title(name), *(_share(part.get((name, level))) for part in parts.values() for level in LEVELS)]
        for name in ordered_classifiers(metrics["classifier"])
    ]
    columns = [f"{part}, {LEVEL_TITLES[level]}" for part in parts for level in LEVELS]
    return ReportTable("Alignment: accuracy on people's choices and on test digits", ["classifier", *columns], rows)


_MODELS = {
    "base": LEVEL_TITLES["base"],
    "group": LEVEL_TITLES["group"],
    "nearest_exemplar": "own answer to the nearest image",
    "dawid_skene": "GroupNet with own confusions",
    "individual": LEVEL_TITLES["individual"],
    "dawid_skene_transductive": "confusions, knowing others' answers",
}


def methods_table(summary: Mapping[str, Mapping[str, Any]]) -> ReportTable:
    """Write how well each way of predicting people's choices does on the same test trials, by classifier."""
    rows = [
        [
            classifier_title(name),
            title,
            *(cell(scores.get(key)) for key in ("accuracy", "log_loss", "calibration_error")),
        ]
        for name in ordered_classifiers(summary)
        for model, title in _MODELS.items()
        for scores in [summary[name].get(model) or summary[name].get("baselines", {}).get(model)]
        if scores is not None
    ]
    columns = ["classifier", "model", "accuracy", "log-loss (nats)", "calibration error"]
    return ReportTable("Alignment: ways to predict people's choices", columns, rows)


def _share(value: float | None) -> str:
    return UNDEFINED if value is None or np.isnan(value) else f"{value:.3f}"


def gallery_items(stimuli: pd.DataFrame, n: int, classes: Sequence[str] | None = None) -> list[GalleryItem]:
    """Choose stimuli as :func:`bam_pipelines.analysis.gallery.select_examples` does, and encode their images."""
    chosen = select_examples(stimuli, n)
    return [
        GalleryItem(_png(pixels), describe_stimulus(stimulus, classes))
        for pixels, (_, stimulus) in zip(table_pixels(chosen), chosen.iterrows(), strict=True)
    ]


def _png(pixels: np.ndarray) -> bytes:
    # As colours, because a colour map of 256 steps would move some grey values by one.
    colours = np.broadcast_to(pixels, (3, *pixels.shape[1:])) if len(pixels) == 1 else pixels
    buffer = io.BytesIO()
    matplotlib.image.imsave(buffer, np.ascontiguousarray(np.moveaxis(colours, 0, -1)), format="png")
    return buffer.getvalue()
