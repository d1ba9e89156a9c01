"""What the report says: its parts, notices and limits."""

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from bam_pipelines.analysis.entropy import is_simulated
from bam_pipelines.analysis.gallery import mixed_stimuli
from bam_pipelines.analysis.manipulation_tables import (
    comparison_table,
    left_out_table,
    naturalness_table,
    power_sizes_table,
    stable_table,
)
from bam_pipelines.analysis.pair_tests import CUSTOMISED
from bam_pipelines.analysis.report import ReportContent, ReportFigure
from bam_pipelines.analysis.report_captions import FIGURES, meant_by_digit
from bam_pipelines.analysis.report_cards import Gallery, first_round_cards, second_round_cards, shown_stimuli
from bam_pipelines.analysis.report_loop import loop_figures, loop_limits
from bam_pipelines.analysis.report_numbers import key_groups
from bam_pipelines.analysis.report_people import person_sections
from bam_pipelines.analysis.report_tables import (
    ReportTable,
    acceptance_table,
    alignment_table,
    frame_table,
    methods_table,
    metrics_table,
)
from bam_pipelines.analysis.same_answers import are_choices_of
from bam_pipelines.analysis.style import classifier_title

TITLE = "Images on perceptual boundaries: label, align, manipulate"

_ENOUGH_ANSWERS = 2
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


SAMPLING_OF_OTHERS = (
    "These answers are to images that the stage sampling did not make, or not last, so sampling is left out."
)
POWER_OF_OTHERS = (
    "The newest power analysis was made of other answers than the newest second round, so that it is not shown: run "
    "the stages power and reporting."
)


@dataclass(frozen=True)
class ReportSettings:
    """What the report is asked for.

    Parameters
    ----------
    seed
        The run's seed.
    resamples
        Bootstrap samples of intervals.
    classes
        Name of each class that participants choose among.
    gallery_size
        Number of stimuli of each round in the gallery at most.
    people_shown
        Number of participants with a section of their own at most.
    """

    seed: int
    resamples: int
    classes: list[str]
    gallery_size: int
    people_shown: int


def report_content(
    results: dict[str, Any],
    trials: pd.DataFrame,
    pairs: pd.DataFrame,
    identity: dict[str, Any],
    settings: ReportSettings,
) -> ReportContent:
    """Collect what the report shows.

    Parameters
    ----------
    results
        Catalog name to content: the tables and summaries of all stages, ``second_stimuli`` (those of the second
        round), and the PNG bytes of ``figure_guidance``, ``figure_alignment``, ``figure_individuals``,
        ``figure_differences``, ``figure_manipulation``, ``figure_dose``, ``figure_power`` and, or None,
        ``loop_figure``.
    trials
        Trial table of the first round.
    pairs
        Pair table. If it is of other answers than the trials, the manipulation's results are left out, and the page
        says so.
    identity
        What identifies the run: label to value, and under ``artifacts`` catalog entry to version. Values that are
        None were not available.
    settings
        What the report is asked for.

    Returns
    -------
    ReportContent
        For :func:`bam_pipelines.analysis.report.build_report`.
    """
    simulated, manipulated = is_simulated(trials), are_choices_of(pairs, trials)
    gallery = _gallery(results, trials, pairs if manipulated else None, settings)
    people = person_sections(
        results, trials, pairs if manipulated else None, gallery.cards, settings.classes, settings.people_shown
    )
    return ReportContent(
        title=TITLE,
        simulated=simulated,
        notices=meant_by_digit(settings.classes) + _notices(results, manipulated),
        key_groups=key_groups(results, settings.seed, settings.resamples, manipulated),
        figures=_figures(results, manipulated),
        gallery=gallery,
        people=people,
        people_left_out=len(results["participants"]) - len(people),
        tables=_tables(results, settings, manipulated),
        identity=[(key.replace("_", " "), _identified(value)) for key, value in identity.items() if key != "artifacts"],
        artifacts={name: str(version) for name, version in identity["artifacts"].items()},
        limits=[
            *([_SIMULATED_LIMIT] if simulated else []),
            *_LIMITS,
            *loop_limits(results["loop_figure"]),
        ],
    )


def _gallery(
    results: dict[str, Any], trials: pd.DataFrame, pairs: pd.DataFrame | None, settings: ReportSettings
) -> Gallery:
    n, classes = settings.gallery_size, settings.classes
    shown = shown_stimuli(trials, results["trial_stimuli"], results["stimuli"])
    chosen = shown if shown.empty else mixed_stimuli(shown).head(n)
    outcomes = results["guidance_outcomes"].set_index("stimulus_id")["outcome"].to_dict()
    second = [] if pairs is None else second_round_cards(results["second_stimuli"], pairs, classes)
    return Gallery(
        [*first_round_cards(chosen, trials, outcomes, classes), *second[:n]],
        classes,
        len(shown) - len(chosen) + max(0, len(second) - n),
        ("stimuli", "trial_stimuli", "trials", *(("round_2.trial_stimuli", "manipulation_outcomes") if second else ())),
    )


def _figures(results: dict[str, Any], manipulated: bool) -> list[ReportFigure]:
    left_out = [] if manipulated else ["figure_manipulation", "figure_dose", "figure_power"]
    if manipulated and not _are_sizes_of(results):
        left_out.append("figure_power")
    if not results["guidance_summary"]["stimuli"]:
        left_out.append("figure_guidance")
    drawn = [
        ReportFigure(results[name], title, caption, name)
        for name, (title, caption) in FIGURES.items()
        if name not in left_out
    ]
    return drawn + loop_figures(results["loop_figure"])


def _tables(results: dict[str, Any], settings: ReportSettings, manipulated: bool) -> list[ReportTable]:
    summary, metrics = results["alignment_summary"], results["alignment_metrics"]
    resampled = settings.seed, settings.resamples
    tables = {
        "classifiers_summary": [frame_table("Classifiers", _titled(results["classifiers_summary"]))],
        **(_sampling_tables(results) if _are_sampled(results) else {}),
        "quality_report": [metrics_table("Behavior: quality", results["quality_report"])],
        "alignment_metrics": [alignment_table(metrics, *resampled)],
        "alignment_summary": [
            methods_table(summary, metrics, *resampled),
            metrics_table("Alignment: all metrics", summary),
        ],
        "alignment_clusters": [metrics_table("Alignment: clusters of participants", results["alignment_clusters"])],
        **(_manipulation_tables(results) if manipulated else {}),
    }
    return [replace(table, sources=(entry,)) for entry, parts in tables.items() for table in parts]


def _titled(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(classifier=[classifier_title(str(name)) for name in table["classifier"]])


def _notices(results: dict[str, Any], manipulated: bool) -> list[str]:
    notices = [] if manipulated else [MANIPULATION_OF_OTHERS]
    if manipulated and not _are_sizes_of(results):
        notices.append(POWER_OF_OTHERS)
    if not _are_sampled(results):
        notices.append(SAMPLING_OF_OTHERS)
    reading, guidance = results["reading_report"], results["guidance_summary"]
    if reading.get("split") == "resplit":
        notices.append(
            f"resplit: {reading['stimuli_in_both_splits']} images stood in both the training and the test trials of "
            "these answers, so that images were split anew. Results on the split as it came are not comparable."
        )
    if not guidance["stimuli"]:
        notices.append("No stimulus that was answered has two targets, so that there are no guidance outcomes.")
    elif guidance["answers_per_stimulus"] < _ENOUGH_ANSWERS:
        notices.append(
            f"Each stimulus got {guidance['answers_per_stimulus']:.1f} answers on average. A stimulus that one person "
            "answered is unanimous and no success by definition, so that outcomes and entropies say nothing yet."
        )
    return notices


def _are_sampled(results: dict[str, Any]) -> bool:
    """Tell whether any stimulus that was shown is one that sampling made last."""
    stimuli = results["stimuli"]
    made = stimuli["stimulus_id"][~stimuli["strategy"].isin(["natural", "unknown"])]
    return bool(made.isin(results["trial_stimuli"]["stimulus_id"]).any())


def _sampling_tables(results: dict[str, Any]) -> dict[str, list[ReportTable]]:
    return {
        "sampling_acceptance": [acceptance_table(results["sampling_acceptance"])],
        "sampling_metrics": [metrics_table("Sampling: all metrics", results["sampling_metrics"])],
    }


def _are_sizes_of(results: dict[str, Any]) -> bool:
    """Tell whether the power analysis measured the second round that is shown."""
    measured = results["power_summary"]["measured"]
    described = results["manipulation_summary"]["sources"].get(CUSTOMISED)
    if described is None:
        return not measured["stimuli"]
    same = measured["stimuli"] == described["n"]
    return bool(same and measured["net_directed_success"] == described["net_directed_success"]["value"])


def _manipulation_tables(results: dict[str, Any]) -> dict[str, list[ReportTable]]:
    summary = results["manipulation_summary"]
    return {
        "manipulation_summary": [
            comparison_table(summary),
            *stable_table(summary["stable_disagreement"]),
            *left_out_table(summary["left_out"]),
            metrics_table("Manipulation: all metrics", summary),
        ],
        "manipulation_naturalness": [naturalness_table(results["manipulation_naturalness"])],
        "power_summary": [power_sizes_table(results["power_summary"])] if _are_sizes_of(results) else [],
    }


def _identified(value: object) -> str:
    return "not available" if value is None else str(value)
