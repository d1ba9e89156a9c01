"""What the report says: key numbers beside the paper's, captions and limits."""

from typing import Any

import pandas as pd

from bam_pipelines.analysis import published
from bam_pipelines.analysis.agreement import entropy_correlations, level_means
from bam_pipelines.analysis.figures.manipulation import SOURCE_TITLES
from bam_pipelines.analysis.manipulation_tables import (
    comparison_table,
    left_out_table,
    naturalness_table,
    power_sizes_table,
    share,
    stable_table,
)
from bam_pipelines.analysis.outcomes import OUTCOMES
from bam_pipelines.analysis.pair_measures import MEASURES
from bam_pipelines.analysis.pair_tests import CUSTOMISED, FIRST_ROUND
from bam_pipelines.analysis.report import KeyNumber, ReportContent, ReportFigure, ReportTable
from bam_pipelines.analysis.report_captions import FIGURES, meant_by_digit
from bam_pipelines.analysis.report_loop import loop_figures, loop_limits
from bam_pipelines.analysis.report_tables import (
    UNDEFINED,
    acceptance_table,
    alignment_table,
    frame_table,
    gallery_items,
    methods_table,
    metrics_table,
    p_value,
)
from bam_pipelines.analysis.style import LEVEL_TITLES, classifier_title, ordered_classifiers

TITLE = "Images on perceptual boundaries: label, align, manipulate"

_ENOUGH_ANSWERS = 2
_NO_ENDS = {"low": None, "high": None}
_LIMITS = [
    "Intervals of outcomes and p values of manipulation speak of these participants and pairs. Pairs that share a "
    "person are not independent: for people in general there is the test over whole groups, whose p can't be smaller "
    "than the number of groups lets it be.",
    "With few answers a stimulus, a single dissenter can turn a bias into a success, and entropies of observed shares "
    "are biased downwards. Estimated probabilities take all stimuli for one Dirichlet population.",
    "The published individual gain was measured on the trials that its epochs were chosen on; this run's was not, so "
    "the two are not alike.",
    "The net directed success in the column of published values is computed here from the published success and "
    "targeted ratio.",
]
_SIMULATED_LIMIT = (
    "The participants are simulated: they differ in bias, attention and lapses by construction, and all agreement "
    "with published values is a property of that simulator."
)


MANIPULATION_OF_OTHERS = (
    "The newest second round and its stimuli belong to other answers than the newest trials, so that nothing of them "
    "is shown: run the stages manipulation and reporting once these people's second round is there."
)


POWER_OF_OTHERS = (
    "The newest power analysis was made of other answers than the newest second round, so that it is not shown: run "
    "the stages power and reporting."
)


def report_content(
    results: dict[str, Any], identity: dict[str, Any], simulated: bool, examples: int, manipulated: bool = True
) -> ReportContent:
    """Collect what the report shows.

    Parameters
    ----------
    results
        Catalog name to content: the tables and summaries of all stages, and the PNG bytes of ``figure_guidance``,
        ``figure_alignment``, ``figure_individuals``, ``figure_differences``, ``figure_manipulation``,
        ``figure_dose``, ``figure_power`` and, or None, ``loop_figure``; under ``classes`` the names of the classes.
    identity
        What identifies the run: label to value, and under ``artifacts`` catalog entry to version. Values that are
        None were not available.
    simulated
        Whether the participants are simulated.
    examples
        Number of stimuli in the gallery at most.
    manipulated
        Whether the manipulation's results belong to the same answers; else they are left out, and the page says so.

    Returns
    -------
    ReportContent
        For :func:`bam_pipelines.analysis.report.build_report`.
    """
    left_out: tuple[str, ...] = () if manipulated else ("figure_manipulation", "figure_dose", "figure_power")
    if manipulated and not _are_sizes_of(results):
        left_out = ("figure_power",)
    return ReportContent(
        title=TITLE,
        simulated=simulated,
        notices=_notices(results, manipulated),
        key_numbers=key_numbers(results, manipulated),
        gallery=gallery_items(results["stimuli"], examples, results["classes"]),
        figures=[
            ReportFigure(results[name], title, caption)
            for name, (title, caption) in FIGURES.items()
            if name not in left_out
        ]
        + loop_figures(results["loop_figure"]),
        tables=[
            frame_table("Classifiers", _titled(results["classifiers_summary"])),
            acceptance_table(results["sampling_acceptance"]),
            metrics_table("Sampling: all metrics", results["sampling_metrics"], folded=True),
            frame_table("Behavior: participants", results["participants"], folded=True),
            metrics_table("Behavior: quality", results["quality_report"], folded=True),
            alignment_table(results["alignment_metrics"]),
            methods_table(results["alignment_summary"]),
            metrics_table("Alignment: all metrics", results["alignment_summary"], folded=True),
            metrics_table("Alignment: clusters of participants", results["alignment_clusters"], folded=True),
            *(_manipulation_tables(results) if manipulated else []),
        ],
        identity=[(key.replace("_", " "), _identified(value)) for key, value in identity.items() if key != "artifacts"],
        artifacts={name: str(version) for name, version in identity["artifacts"].items()},
        limits=[
            *([_SIMULATED_LIMIT] if simulated else []),
            *_LIMITS,
            *loop_limits(results["loop_figure"]),
        ],
    )


def _titled(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(classifier=[classifier_title(str(name)) for name in table["classifier"]])


def _notices(results: dict[str, Any], manipulated: bool) -> list[str]:
    notices = meant_by_digit(results["classes"]) + ([] if manipulated else [MANIPULATION_OF_OTHERS])
    if manipulated and not _are_sizes_of(results):
        notices.append(POWER_OF_OTHERS)
    reading, guidance = results["reading_report"], results["guidance_summary"]
    if reading.get("split") == "resplit":
        notices.append(
            f"resplit: {reading['stimuli_in_both_splits']} images stood in both the training and the test trials of "
            "these answers, so that images were split anew. Results on the split as it came are not comparable."
        )
    if guidance["answers_per_stimulus"] < _ENOUGH_ANSWERS:
        notices.append(
            f"Each stimulus got {guidance['answers_per_stimulus']:.1f} answers on average. A stimulus that one person "
            "answered is unanimous and no success by definition, so that outcomes and entropies say nothing yet."
        )
    return notices


def _are_sizes_of(results: dict[str, Any]) -> bool:
    """Tell whether the power analysis measured the second round that is shown."""
    measured = results["power_summary"]["measured"]
    described = results["manipulation_summary"]["sources"].get(CUSTOMISED)
    if described is None:
        return not measured["stimuli"]
    same = measured["stimuli"] == described["n"]
    return bool(same and measured["net_directed_success"] == described["net_directed_success"]["value"])


def _manipulation_tables(results: dict[str, Any]) -> list[ReportTable]:
    summary = results["manipulation_summary"]
    return [
        comparison_table(summary),
        *stable_table(summary["stable_disagreement"]),
        naturalness_table(results["manipulation_naturalness"]),
        *left_out_table(summary["left_out"]),
        *([power_sizes_table(results["power_summary"])] if _are_sizes_of(results) else []),
        metrics_table("Manipulation: all metrics", summary, folded=True),
    ]


def _identified(value: object) -> str:
    return "not available" if value is None else str(value)


def key_numbers(results: dict[str, Any], manipulated: bool = True) -> list[KeyNumber]:
    """Set the run's key numbers beside the paper's.

    Parameters
    ----------
    results
        At least ``guidance_summary``, ``alignment_metrics``, ``alignment_entropy``, ``alignment_summary``,
        ``manipulation_summary``.
    manipulated
        See :func:`report_content`.

    Returns
    -------
    list of KeyNumber
        In the order of the stages; what a run could not define says so.
    """
    return [
        *_guidance(results["guidance_summary"]),
        *_alignment(results["alignment_metrics"], results["alignment_entropy"]),
        *_individual_gains(results["alignment_summary"]),
        *(_manipulation(results["manipulation_summary"]) if manipulated else []),
    ]


def _guidance(summary: dict[str, Any]) -> list[KeyNumber]:
    shares = [
        KeyNumber(
            f"Guidance {name}, share of stimuli",
            f"{published.GUIDANCE_SHARES[name]:.0%}",
            share(summary["outcomes"][name]),
        )
        for name in OUTCOMES
    ]
    zero = f"{summary['zero_entropy_share']:.0%}"
    estimated = summary["true_outcomes"]["outcomes"]
    true = [
        KeyNumber(
            f"Guidance {name}, by estimated probabilities of each stimulus", "—", share({"value": value} | _NO_ENDS)
        )
        for name, value in estimated.items()
    ]
    return [*shares, *true, KeyNumber("Stimuli with unanimous answers", f"{published.ZERO_ENTROPY_SHARE:.0%}", zero)]


def _alignment(metrics: pd.DataFrame, entropies: pd.DataFrame) -> list[KeyNumber]:
    choices, digits = level_means(metrics, "trials_test"), level_means(metrics, "digits_test")
    numbers = [
        KeyNumber(f"{LEVEL_TITLES[level]}: accuracy on people's choices, mean over classifiers", f"{value:.2f}", found)
        for level, value in published.LEVEL_ACCURACY.items()
        for found in [_decimal(choices.get(level))]
    ]
    kept = _decimal(digits.get("group"))
    numbers.append(KeyNumber("GroupNet: accuracy on test digits", f"{published.DIGIT_ACCURACY_KEPT:.2f}", kept))
    rho = entropy_correlations(entropies).set_index(["classifier", "level"])["rho"]
    return numbers + [
        KeyNumber(
            f"{classifier_title('vgg')}: Spearman ρ of model's and people's entropy, {LEVEL_TITLES[level]}",
            f"{value:.2f}",
            _decimal(rho.get(("vgg", level))),
        )
        for level, value in published.ENTROPY_CORRELATION.items()
    ]


def _individual_gains(summary: dict[str, dict[str, Any]]) -> list[KeyNumber]:
    """Say what is individual: own models against the averaged prediction of all other people's."""
    return [
        KeyNumber(
            f"{classifier_title(name)}: individual gain, nats a trial",
            "—",
            UNDEFINED if gain is None else f"{_signed(gain)}; with models dealt out at random p {p_value(gain['p'])}",
        )
        for name in ordered_classifiers(summary)
        for gain in [(summary[name]["individual_gain"] or {}).get("log_loss")]
    ]


def _signed(estimate: dict[str, float]) -> str:
    return f"{estimate['value']:+.3f} [{estimate['low']:+.3f}, {estimate['high']:+.3f}]"


def _manipulation(summary: dict[str, Any]) -> list[KeyNumber]:
    numbers = []
    for name in MEASURES:
        for source in (FIRST_ROUND, CUSTOMISED):
            known = {**published.PAIR_SHARES[source], "net_directed_success": published.NET_DIRECTED_SUCCESS[source]}
            described = summary["sources"].get(source)
            found = UNDEFINED if described is None else share(described[name])
            if described is not None and name == "targeted_ratio":
                # it conditions on success, and an interval does not show that there were hardly any
                found += f", {described['n_success']} successes"
            label = f"Pairs, {SOURCE_TITLES[source]}: {name.replace('_', ' ')}"
            numbers.append(KeyNumber(label, f"{known[name]:.1%}".replace(".0%", "%"), found))
    for name, known_p in _PUBLISHED_P.items():
        p = summary["difference"][name]["p"]
        numbers.append(KeyNumber(f"Pairs: difference in {name.replace('_', ' ')}, p", known_p, p_value(p)))
    return numbers + [
        KeyNumber(f"Pairs, customised less {SOURCE_TITLES[source]}: net directed success", "—", _contrast(contrast))
        for source, measures in summary["contrasts"].items()
        for contrast in [measures["net_directed_success"]]
    ]


def _contrast(contrast: dict[str, float | None]) -> str:
    value = contrast["value"]
    return UNDEFINED if value is None else f"{value:+.1%}, p {p_value(contrast['p'])}"


_PUBLISHED_P = {"success": "< 0.001", "targeted_ratio": "< 0.001", "net_directed_success": "—"}


def _decimal(value: float | None) -> str:
    return UNDEFINED if value is None or pd.isna(value) else f"{value:.2f}"
