"""The report's participants: what each did, how reliable it was, and what the models make of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bam_pipelines.analysis.agreement import ALL, LEVELS
from bam_pipelines.analysis.ceilings import repeats
from bam_pipelines.analysis.figures.manipulation import SOURCE_TITLES
from bam_pipelines.analysis.outcomes import share_estimate
from bam_pipelines.analysis.participant_profiles import (
    Beside,
    beside_others,
    confusion_with_others,
    lone_answers,
    median_estimate,
)
from bam_pipelines.analysis.report_cards import StimulusCard
from bam_pipelines.analysis.report_tables import ReportTable, cell, estimate_text
from bam_pipelines.analysis.style import LEVEL_TITLES, classifier_title, ordered_classifiers

_LONE = 8
_ANSWERS = ("trials", "participants")
_LAPSE = "lapse: answers given at random"
_ATTENTION, _AGAIN, _OTHERS = "clear images right", "own answer given again", "answers as most others give them"
_OVERVIEW_FACTS = ("trials", _ATTENTION, _AGAIN, _OTHERS)
OVERVIEW = ("included", *_OVERVIEW_FACTS)


@dataclass(frozen=True)
class LoneAnswer:
    """An answer that nobody else gave: the card of its stimulus, and the number of the class."""

    card: StimulusCard
    response: int


@dataclass(frozen=True)
class PersonSection:
    """What the page says of one participant.

    Parameters
    ----------
    participant_id
        A pseudonym.
    included
        Whether the quality rules let the participant in.
    facts
        Label and value.
    overview
        The participant's row of the table of all: see :data:`OVERVIEW`.
    tables
        Broken rules, models, pairs; those that there are.
    no_second_round
        Why there is no table of pairs, a sentence; empty if there is one.
    confusion
        Own answers by what most others answered, and its text cells; None without an image that others answered.
    lone
        Some of the answers that nobody else gave, and how many there are.
    n_lone
        How many there are.
    sources
        Catalog entries of the facts.
    """

    participant_id: str
    included: bool
    facts: list[tuple[str, str]]
    overview: list[str]
    tables: list[ReportTable]
    no_second_round: str
    confusion: ReportTable | None
    lone: list[LoneAnswer]
    n_lone: int
    sources: tuple[str, ...] = _ANSWERS


def person_sections(
    results: Mapping[str, Any],
    trials: pd.DataFrame,
    pairs: pd.DataFrame | None,
    cards: Sequence[StimulusCard],
    classes: Sequence[str],
    most: int,
) -> list[PersonSection]:
    """Describe participants.

    Parameters
    ----------
    results
        ``participants``, ``exclusions``, ``alignment_metrics``, ``alignment_swap_costs`` and ``manipulation_summary``.
    trials
        Trial table of the first round.
    pairs
        Pair table, or None where it belongs to other answers.
    cards
        Of the gallery.
    classes
        Name of each class.
    most
        Number of participants at most, the first by their names.

    Returns
    -------
    list of PersonSection
        One a participant, by name.
    """
    people = results["participants"].sort_values("participant_id").head(most)
    names = people["participant_id"].astype("str").to_list()
    own_trials = dict(list(trials[trials["participant_id"].isin(names)].groupby("participant_id", observed=True)))
    beside, again = beside_others(trials, names, len(classes)), repeats(trials)
    models = _models(results["alignment_metrics"], results["alignment_swap_costs"])
    # the first round's card of a stimulus that a second round shows again
    shown = {card.stimulus_id: card for card in reversed(cards)}
    sections = []
    for name, (_, person) in zip(names, people.iterrows(), strict=True):
        own = beside[name]
        second = [] if pairs is None else _pairs(pairs, name)
        facts = _facts(person, own_trials.get(name, trials.iloc[:0]), again[again["participant_id"] == name], own)
        tables = [
            *_exclusions(results["exclusions"], name),
            *([ReportTable("Models", _MODEL_COLUMNS, models[name], sources=_MODEL_SOURCES)] if name in models else []),
            *second,
        ]
        sections.append(
            PersonSection(
                participant_id=name,
                included=bool(person["include"]),
                facts=[(label, text) for label, text in facts.items() if text],
                overview=["yes" if person["include"] else "no", *(facts[label] or "—" for label in _OVERVIEW_FACTS)],
                tables=tables,
                no_second_round="" if second else _no_second_round(pairs, results["manipulation_summary"]["left_out"]),
                confusion=_confusion(own, classes),
                lone=_lone(own, shown),
                n_lone=len(lone_answers(own)),
            )
        )
    return sections


def _facts(person: pd.Series, trials: pd.DataFrame, again: pd.DataFrame, own: Beside) -> dict[str, str]:
    """Return label to value, an empty text where nothing is known."""
    clear = trials[trials["is_catch"] & trials["response"].notna() & trials["expected_response"].notna()]
    right = int((clear["response"] == clear["expected_response"]).sum())
    agreed = float(np.trace(confusion_with_others(own)))
    times = trials["rt_ms"].dropna().to_numpy(dtype=np.float64)
    return {
        "trials": f"{len(trials):,}",
        "answered": f"{int(trials['response'].notna().sum()):,}",
        "left out by rules": f"{int((~trials['include'].astype(bool)).sum()):,}",
        _ATTENTION: _of(right, len(clear)),
        _LAPSE: "" if pd.isna(person["lapse"]) else f"{person['lapse']:.1%}",
        _AGAIN: _of(int(again["same"].sum()), len(again)),
        _OTHERS: _of(agreed, len(own.answers)),
        "median response time, ms": estimate_text(median_estimate(times), ".0f") if len(times) else "",
        "times the window was left": "" if pd.isna(person["blur_events"]) else cell(int(person["blur_events"])),
    }


def _of(count: float, n: int) -> str:
    return f"{estimate_text(share_estimate(count, n))} of {n:,}" if n else ""


def _exclusions(exclusions: pd.DataFrame, name: str) -> list[ReportTable]:
    """Write the rules that the participant or some of the trials broke; no table if none."""
    own = exclusions[exclusions["participant_id"] == name]
    whole, single = own[own["row_id"].isna()], own[own["row_id"].notna()]
    rows = [
        [_words(rule), "the participant", cell(found), expected]
        for rule, found, expected in whole[["rule", "found", "expected"]].itertuples(index=False)
    ]
    rows += [
        [_words(rule), f"{len(part):,} {'trial' if len(part) == 1 else 'trials'}", "—", str(part["expected"].iloc[0])]
        for rule, part in single.groupby("rule")
    ]
    columns = ["rule", "leaves out", "found", "expected"]
    return [ReportTable("Exclusions", columns, rows, sources=("exclusions",))] if rows else []


def _words(rule: object) -> str:
    return str(rule).replace("_", " ")


_MODEL_SOURCES = ("alignment_metrics", "alignment_swap_costs")
_MODEL_COLUMNS = [
    "classifier",
    "test trials",
    *(f"{LEVEL_TITLES[level]}: agreement" for level in LEVELS),
    *(f"{LEVEL_TITLES[level]}: log-loss, nats" for level in LEVELS),
    "gain over GroupNet, nats",
    "gain over others' models, nats",
]


def _models(metrics: pd.DataFrame, swap_costs: pd.DataFrame) -> dict[str, list[list[str]]]:
    """Return the rows of each participant's table of models."""
    rows = metrics[(metrics["dataset"] == "trials_test") & (metrics["entropy_bin"] == ALL) & (metrics["n_trials"] > 0)]
    rows = rows[rows["participant_id"] != ALL]
    keys = rows[["participant_id", "classifier", "level"]].astype("str").itertuples(index=False, name=None)
    scores = dict(zip(keys, rows[["n_trials", "accuracy", "log_loss"]].itertuples(index=False), strict=True))
    costs = swap_costs.set_index(["classifier", "participant_id"])["cost"].to_dict()
    people = sorted({name for name, _, _ in scores})
    classifiers = ordered_classifiers(rows["classifier"])
    return {
        name: [
            _model_row(classifier, [scores.get((name, classifier, level)) for level in LEVELS], costs, name)
            for classifier in classifiers
            if any((name, classifier, level) in scores for level in LEVELS)
        ]
        for name in people
    }


def _model_row(classifier: str, levels: list[Any], costs: dict[tuple[str, str], float], name: str) -> list[str]:
    group, own = levels[LEVELS.index("group")], levels[LEVELS.index("individual")]
    n = max(int(level.n_trials) for level in levels if level is not None)
    gain = None if group is None or own is None else group.log_loss - own.log_loss
    return [
        classifier_title(classifier),
        f"{n:,}",
        *("—" if level is None else estimate_text(share_estimate(level.accuracy * n, n), ".2f") for level in levels),
        *("—" if level is None else f"{level.log_loss:.2f}" for level in levels),
        "—" if gain is None else f"{gain:+.2f}",
        f"{costs[classifier, name]:+.2f}" if (classifier, name) in costs else "—",
    ]


def _pairs(pairs: pd.DataFrame, name: str) -> list[ReportTable]:
    """Write what the participant's pairs answered in the second round; no table without one."""
    own = pairs[(pairs["round"] == 2) & ((pairs["participant_1"] == name) | (pairs["participant_2"] == name))]
    rows = []
    for (pair, source), part in own.groupby(["pair_id", "source"], observed=True):
        first = part.iloc[0]
        other = first["participant_2"] if first["participant_1"] == name else first["participant_1"]
        n = len(part)
        kinds = [(part["direction"] == "targeted").sum(), (part["direction"] == "opposite").sum()]
        success = estimate_text(share_estimate(int(sum(kinds)), n))
        rows.append([str(pair), str(other), SOURCE_TITLES[str(source)], f"{n:,}", success, *(str(k) for k in kinds)])
    columns = ["pair", "with", "source", "stimuli", "success", "as meant", "the other way round"]
    return [ReportTable("Second round", columns, rows, sources=("manipulation_outcomes",))] if rows else []


def _no_second_round(pairs: pd.DataFrame | None, left_out: Mapping[str, str]) -> str:
    """Say why a participant has no table of pairs."""
    if pairs is None:
        return "Nothing is shown: the newest second round belongs to other answers than these."
    if not (pairs["round"] == 2).any():
        return "No second round was answered."
    if left_out:
        return "In no pair whose two people both answered it; the pairs that were left out stand in a table below."
    return "In no pair of the second round."


def _confusion(own: Beside, classes: Sequence[str]) -> ReportTable | None:
    if own.answers.empty:
        return None
    counts = confusion_with_others(own)
    rows = [[name, *(_count(value) for value in row)] for name, row in zip(classes, counts, strict=True) if row.any()]
    return ReportTable("Confusion", ["most others ↓, own →", *classes], rows, sources=("trials",))


def _count(value: float) -> str:
    return "" if value == 0 else f"{value:.1f}".removesuffix(".0")


def _lone(own: Beside, shown: Mapping[str, StimulusCard]) -> list[LoneAnswer]:
    answers = own.answers.iloc[lone_answers(own)]
    found = [
        LoneAnswer(shown[name], int(response))
        for name, response in zip(answers["stimulus_id"].astype("str"), answers["response"], strict=True)
        if name in shown
    ]
    return found[:_LONE]
