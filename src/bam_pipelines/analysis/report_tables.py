"""Results as the text cells of the report's tables."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from bam_pipelines.analysis.agreement import LEVELS, Score, accuracy_table, drawn_estimate, score_draws
from bam_pipelines.analysis.outcomes import Estimate, share_estimate
from bam_pipelines.analysis.style import LEVEL_TITLES, classifier_title, ordered_classifiers

UNDEFINED = "not defined"

_SCORES: tuple[Score, ...] = ("accuracy", "log_loss")


@dataclass(frozen=True)
class ReportTable:
    """One table of text cells; ``folded`` ones are opened by a click.

    Parameters
    ----------
    title, columns, rows
        The first cell of a row names it.
    folded
        Whether only the title is seen at first.
    sources
        Catalog entries that it comes from.
    """

    title: str
    columns: list[str]
    rows: list[list[str]]
    folded: bool = False
    sources: tuple[str, ...] = ()


def cell(value: object) -> str:
    """Write one value: whole numbers as they are, others with four digits, nulls as ``not defined``."""
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return UNDEFINED
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (int, np.integer)):
        return f"{value:,}"
    return f"{float(value):.4g}" if isinstance(value, Real) else str(value)


def estimate_text(estimate: Estimate | Mapping[str, Any], form: str = ".1%") -> str:
    """Write a value with its interval in brackets, each in a format such as ``+.3f``; a value alone if it has none."""
    value, low, high = estimate["value"], estimate["low"], estimate["high"]
    if value is None:
        return UNDEFINED
    return format(value, form) if low is None else f"{value:{form}} [{low:{form}}, {high:{form}}]"


def p_value(value: float | None) -> str:
    """Write a p value."""
    if value is None:
        return UNDEFINED
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def frame_table(title: str, frame: pd.DataFrame) -> ReportTable:
    """Write a data frame, without its index; columns that hold arrays are left out."""
    plain = [name for name in frame.columns if not frame[name].map(lambda value: isinstance(value, np.ndarray)).any()]
    rows = [[cell(value) for value in row] for row in frame[plain].itertuples(index=False)]
    return ReportTable(title, [str(name).replace("_", " ") for name in plain], rows)


def metrics_table(title: str, metrics: Mapping[str, Any]) -> ReportTable:
    """Write nested metrics, one row a leaf, named by the keys that lead to it; long, and so folded."""
    rows = [[name, cell(value)] for name, value in _leaves(metrics)]
    return ReportTable(title, ["metric", "value"], rows, folded=True)


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
    counts = zip(sums["accepted"], sums["proposals"], strict=True)
    sums["share [95 %]"] = [estimate_text(share_estimate(int(accepted), int(n))) for accepted, n in counts]
    return frame_table("Sampling: accepted stimuli by strategy and classifiers", sums)


def alignment_table(metrics: pd.DataFrame, seed: int, resamples: int) -> ReportTable:
    """Write accuracy on people's choices and on test digits by classifier and level, with intervals."""
    draws = score_draws(metrics, "accuracy", seed, resamples)
    table = accuracy_table(metrics, "digits_test", ["classifier", "level"])
    digits = table.set_index(["classifier", "level"])["accuracy"].to_dict()
    rows = [
        [
            classifier_title(name),
            *(_drawn(draws.get((name, level)), ".3f") for level in LEVELS),
            *(digits_text(metrics, digits.get((name, level)), ".3f") for level in LEVELS),
        ]
        for name in ordered_classifiers(metrics["classifier"])
    ]
    columns = [f"{part}, {LEVEL_TITLES[level]}" for part in ("choices", "digits") for level in LEVELS]
    return ReportTable("Alignment: accuracy on people's choices and on test digits", ["classifier", *columns], rows)


def _drawn(draws: np.ndarray | None, form: str) -> str:
    return UNDEFINED if draws is None else estimate_text(drawn_estimate(draws), form)


def digits_text(metrics: pd.DataFrame, accuracy: float | None, form: str = ".2f") -> str:
    """Write an accuracy on test digits, Wilson's interval over them: of a mean too wide, as if all erred alike."""
    if accuracy is None:
        return UNDEFINED
    n = int(metrics.loc[metrics["dataset"] == "digits_test", "n_trials"].min())
    return estimate_text(share_estimate(accuracy * n, n), form)


_MODELS = {
    "base": LEVEL_TITLES["base"],
    "group": LEVEL_TITLES["group"],
    "nearest_exemplar": "own answer to the nearest image",
    "dawid_skene": "GroupNet with own confusions",
    "individual": LEVEL_TITLES["individual"],
    "dawid_skene_transductive": "confusions, knowing others' answers",
}


def methods_table(
    summary: Mapping[str, Mapping[str, Any]], metrics: pd.DataFrame, seed: int, resamples: int
) -> ReportTable:
    """Write how well each way of predicting people's choices does on the same test trials, by classifier.

    Intervals resample people; baselines, whose scores are stored for everyone together, have none.

    Parameters
    ----------
    summary
        ``alignment_summary``.
    metrics
        ``alignment_metrics``.
    seed, resamples
        Of the intervals.

    Returns
    -------
    ReportTable
        A row a classifier and way.
    """
    draws = {score: score_draws(metrics, score, seed, resamples) for score in _SCORES}

    def score_text(name: str, model: str, score: Score, value: float | None) -> str:
        known = draws[score].get((name, model))
        # the summary's value, of the people that have a model of their own
        if known is None:
            return cell(value)
        drawn = drawn_estimate(known)
        return estimate_text(Estimate(value=value, low=drawn["low"], high=drawn["high"]), ".4g")

    rows = [
        [
            classifier_title(name),
            title,
            *(score_text(name, model, score, scores.get(score)) for score in _SCORES),
            cell(scores.get("calibration_error")),
        ]
        for name in ordered_classifiers(summary)
        for model, title in _MODELS.items()
        for scores in [summary[name].get(model) or summary[name].get("baselines", {}).get(model)]
        if scores is not None
    ]
    columns = ["classifier", "model", "accuracy [95 %]", "log-loss (nats) [95 %]", "calibration error"]
    return ReportTable("Alignment: ways to predict people's choices", columns, rows)
