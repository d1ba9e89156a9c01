"""The report's key numbers: this run's beside the paper's, each with its interval and its catalog entry."""

from typing import Any

import numpy as np
import pandas as pd

from bam_pipelines.analysis import published
from bam_pipelines.analysis.agreement import ALL, correlation_estimate, drawn_estimate, level_means, score_draws
from bam_pipelines.analysis.figures.manipulation import SOURCE_TITLES
from bam_pipelines.analysis.outcomes import OUTCOMES, Estimate, share_estimate
from bam_pipelines.analysis.pair_measures import MEASURES
from bam_pipelines.analysis.pair_tests import CUSTOMISED, FIRST_ROUND
from bam_pipelines.analysis.report import KeyGroup, KeyNumber
from bam_pipelines.analysis.report_tables import UNDEFINED, digits_text, estimate_text, p_value
from bam_pipelines.analysis.style import LEVEL_TITLES, classifier_title, ordered_classifiers

_VGG = "vgg"
_UNKNOWN = "—"


def key_groups(results: dict[str, Any], seed: int, resamples: int, manipulated: bool = True) -> list[KeyGroup]:
    """Set the run's key numbers beside the paper's.

    Parameters
    ----------
    results
        At least ``quality_report``, ``guidance_summary``, ``alignment_metrics``, ``alignment_entropy``,
        ``alignment_summary`` and ``manipulation_summary``.
    seed
        The run's seed.
    resamples
        Bootstrap samples of intervals.
    manipulated
        See :func:`bam_pipelines.analysis.report_content.report_content`.

    Returns
    -------
    list of KeyGroup
        In the order of the stages; what a run could not define says so.
    """
    metrics, summary = results["alignment_metrics"], results["alignment_summary"]
    groups = [
        KeyGroup("Answers", ("quality_report",), _answers(results["quality_report"])),
        KeyGroup("Guidance", ("guidance_summary",), _guidance(results["guidance_summary"])),
        KeyGroup("Agreement with people's choices", ("alignment_metrics",), _agreement(metrics, seed, resamples)),
        KeyGroup("Uncertainty", ("alignment_entropy",), _entropy(results["alignment_entropy"], seed, resamples)),
        KeyGroup("What is individual", ("alignment_summary", "alignment_metrics"), _individual(summary, metrics)),
    ]
    if manipulated:
        pairs = _manipulation(results["manipulation_summary"])
        groups.append(KeyGroup("Pairs in a second round", ("manipulation_summary",), pairs))
    return [group for group in groups if group.numbers]


_RELIABILITY = {
    "split-half reliability of the shares of answers": ("split_half_shares",),
    "answers that are most others' (a model of the group should reach it)": ("agreement_with_others", "lower"),
    "answers that are everyone's most frequent (no model of the group exceeds it)": ("agreement_with_others", "upper"),
    "own answers given again": ("agreement_with_oneself",),
}


def _answers(report: dict[str, Any]) -> list[KeyNumber]:
    numbers = []
    if "answers_per_stimulus" in report:
        found = f"{report['answers_per_stimulus']:.1f}"
        numbers.append(KeyNumber("answers a stimulus", f"{published.ANSWERS_PER_IMAGE:.1f}", found))
    for label, (key, *rest) in _RELIABILITY.items():
        estimate = report.get(key)
        if estimate is not None:
            estimate = estimate[rest[0]] if rest else estimate
            numbers.append(KeyNumber(label, _UNKNOWN, estimate_text(estimate, ".2f")))
    return numbers


def _guidance(summary: dict[str, Any]) -> list[KeyNumber]:
    if not summary["stimuli"]:
        return []
    n = summary["stimuli"]
    shares = [
        KeyNumber(
            f"{name}, share of stimuli",
            f"{published.GUIDANCE_SHARES[name]:.0%}",
            estimate_text(summary["outcomes"][name]),
        )
        for name in OUTCOMES
    ]
    estimated = summary["true_outcomes"]
    shares += [
        KeyNumber(
            f"{name}, by estimated probabilities of each stimulus",
            _UNKNOWN,
            estimate_text(Estimate(value=value, low=ends["low"], high=ends["high"])),
        )
        for name, value in estimated["outcomes"].items()
        for ends in [estimated["intervals"][name]]
    ]
    unanimous = share_estimate(summary["zero_entropy_share"] * n, n)
    return [
        *shares,
        KeyNumber(
            "stimuli with unanimous answers", f"{published.ZERO_ENTROPY_SHARE:.0%}", estimate_text(unanimous, ".0%")
        ),
    ]


def _agreement(metrics: pd.DataFrame, seed: int, resamples: int) -> list[KeyNumber]:
    draws = score_draws(metrics, "accuracy", seed, resamples)
    classifiers = ordered_classifiers(name for name, _ in draws)

    def found(level: str, *names: str, less: str | None = None) -> str:
        if not names or any((name, one) not in draws for name in names for one in (level, less or level)):
            return UNDEFINED
        parts = [draws[name, level] - (draws[name, less] if less else 0) for name in names]
        return estimate_text(drawn_estimate(np.mean(parts, axis=0)), "+.3f" if less else ".2f")

    return [
        *(
            KeyNumber(f"{LEVEL_TITLES[level]}, mean over classifiers", f"{value:.2f}", found(level, *classifiers))
            for level, value in published.LEVEL_ACCURACY.items()
        ),
        *(
            KeyNumber(f"{LEVEL_TITLES[level]}, {classifier_title(_VGG)}", f"{value:.2f}", found(level, _VGG))
            for level, value in published.VGG_ACCURACY.items()
        ),
        *(
            KeyNumber(
                f"{classifier_title(name)}: {LEVEL_TITLES[level]} less {LEVEL_TITLES[less]}",
                f"+{gains[name]:.3f}" if name in gains else _UNKNOWN,
                found(level, name, less=less),
            )
            for level, less, gains in (
                ("group", "base", published.GROUP_GAINS),
                ("individual", "group", published.INDIVIDUAL_GAINS),
            )
            for name in classifiers
        ),
        KeyNumber(
            "GroupNet: accuracy on test digits",
            f"{published.DIGIT_ACCURACY_KEPT:.2f}",
            digits_text(metrics, level_means(metrics, "digits_test").get("group")),
        ),
    ]


def _entropy(entropies: pd.DataFrame, seed: int, resamples: int) -> list[KeyNumber]:
    return [
        KeyNumber(
            f"{classifier_title(_VGG)}: Spearman ρ of model's and people's entropy, {LEVEL_TITLES[level]}",
            f"{value:.2f}",
            estimate_text(correlation_estimate(entropies, _VGG, level, seed, resamples), ".2f"),
        )
        for level, value in published.ENTROPY_CORRELATION.items()
    ]


def _individual(summary: dict[str, dict[str, Any]], metrics: pd.DataFrame) -> list[KeyNumber]:
    """Say what is individual: own models against the averaged prediction of all other people's."""
    numbers = []
    for name in ordered_classifiers(summary):
        gain = (summary[name]["individual_gain"] or {}).get("log_loss")
        found = UNDEFINED
        if gain is not None:
            found = f"{estimate_text(gain, '+.3f')}; with models dealt out at random p {p_value(gain['p'])}"
        numbers.append(KeyNumber(f"{classifier_title(name)}: individual gain, nats a trial", _UNKNOWN, found))
    return [*numbers, *_share_improved(summary, metrics)]


def _share_improved(summary: dict[str, dict[str, Any]], metrics: pd.DataFrame) -> list[KeyNumber]:
    over_group = summary.get(_VGG, {}).get("gain_over_group")
    rows = metrics[(metrics["classifier"] == _VGG) & (metrics["level"] == "individual")]
    people = set(rows.loc[rows["dataset"] == "trials_test", "participant_id"]) - {ALL}
    if over_group is None or not people:
        return []
    found = share_estimate(over_group["accuracy"]["share_improved"] * len(people), len(people))
    label = f"{classifier_title(_VGG)}: people whose choices IndivNet names more often than GroupNet"
    return [KeyNumber(label, f"{published.SHARE_IMPROVED:.0%}", f"{estimate_text(found, '.0%')} of {len(people):,}")]


def _manipulation(summary: dict[str, Any]) -> list[KeyNumber]:
    numbers = []
    for name in MEASURES:
        for source in (FIRST_ROUND, CUSTOMISED):
            known = {**published.PAIR_SHARES[source], "net_directed_success": published.NET_DIRECTED_SUCCESS[source]}
            described = summary["sources"].get(source)
            found = UNDEFINED if described is None else estimate_text(described[name])
            if described is not None and name == "targeted_ratio":
                # it conditions on success, and an interval does not show that there were hardly any
                found += f", {described['n_success']} successes"
            label = f"{SOURCE_TITLES[source]}: {name.replace('_', ' ')}"
            numbers.append(KeyNumber(label, f"{known[name]:.1%}".replace(".0%", "%"), found))
    for name, known_p in _PUBLISHED_P.items():
        p = summary["difference"][name]["p"]
        numbers.append(KeyNumber(f"difference in {name.replace('_', ' ')}, p", known_p, p_value(p)))
    return numbers + [
        KeyNumber(
            f"customised less {SOURCE_TITLES[source]}: {compared['measure'].replace('_', ' ')}",
            _UNKNOWN,
            f"{estimate_text(compared, '+.1%')}, p {p_value(compared['p'])}",
        )
        for source, compared in summary["comparisons"].items()
        if source != FIRST_ROUND
    ]


_PUBLISHED_P = {"success": "< 0.001", "targeted_ratio": "< 0.001", "net_directed_success": _UNKNOWN}
