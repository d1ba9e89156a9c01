"""The report's gallery: each stimulus with its image, targets, probabilities and people's answers."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, sqrt
from typing import TypeVar

import numpy as np
import pandas as pd

from bam_pipelines.analysis.entropy import first_answers, plugin_entropy
from bam_pipelines.analysis.figures.manipulation import SOURCE_TITLES
from bam_pipelines.analysis.gallery import guiding_probabilities
from bam_pipelines.analysis.outcomes import OUTCOMES
from bam_pipelines.images.pictures import as_picture, png_bytes
from bam_pipelines.images.table import table_pixels

NO_OUTCOME = "none"
# values of all images together: the page of 2,000 grey images of 28 x 28 pixels, or of 500 coloured ones of 64 x 64
_LARGEST = 6_300_000
_Key = TypeVar("_Key", int, str, tuple[int, ...])
_DIRECTIONS = {"targeted": "as meant", "opposite": "the other way round"}


@dataclass(frozen=True)
class StimulusCard:
    """One stimulus, and what is known of it.

    Parameters
    ----------
    stimulus_id
        Key into the stimulus table.
    png
        The image, made smaller where many are large.
    kind
        How it was made: the strategy, or the source of a second round.
    targets
        Numbers of its two classes in their order, or none.
    lines
        Probabilities of the guiding classifiers, and for whom it was made.
    answers
        Participant to the number of the class that they answered.
    outcome
        ``success``, ``bias``, ``failure`` or :data:`NO_OUTCOME`.
    entropy
        Of the answers, bits; None without any.
    """

    stimulus_id: str
    png: bytes
    kind: str
    targets: tuple[int, ...]
    lines: list[str]
    answers: dict[str, int]
    outcome: str
    entropy: float | None

    @property
    def counts(self) -> list[tuple[int, int]]:
        """Each class that was answered and how often, the most frequent first."""
        return sorted(Counter(self.answers.values()).items(), key=lambda pair: (-pair[1], pair[0]))


@dataclass(frozen=True)
class Gallery:
    """All cards, and what they can be filtered by.

    Parameters
    ----------
    cards
        In the order shown.
    classes
        Name of each class.
    left_out
        Number of stimuli for which there was no room.
    sources
        Catalog entries that it comes from.
    """

    cards: list[StimulusCard]
    classes: list[str]
    left_out: int
    sources: tuple[str, ...]

    @cached_property
    def pairs(self) -> dict[tuple[int, ...], int]:
        """Unordered pairs of targets, and their numbers of stimuli."""
        return _counted(tuple(sorted(card.targets)) for card in self.cards if card.targets)

    @cached_property
    def targets(self) -> dict[int, int]:
        """Single targets, and their numbers of stimuli."""
        return _counted(target for card in self.cards for target in card.targets)

    @cached_property
    def kinds(self) -> dict[str, int]:
        """Ways of making stimuli in the order shown, and their numbers of stimuli."""
        return dict(Counter(card.kind for card in self.cards))

    @cached_property
    def outcomes(self) -> dict[str, int]:
        """Every outcome, and its number of stimuli."""
        found = Counter(card.outcome for card in self.cards)
        return {name: found[name] for name in (*OUTCOMES, NO_OUTCOME)}

    @cached_property
    def people(self) -> dict[str, int]:
        """Participants, and how many of the stimuli each answered."""
        return _counted(name for card in self.cards for name in card.answers)

    @cached_property
    def most_entropy(self) -> float:
        """The highest entropy of answers, rounded up to a tenth of a bit, at least one tenth."""
        return max(1, ceil(10 * max((card.entropy or 0.0 for card in self.cards), default=0.0) - 1e-9)) / 10


def _counted(keys: Iterable[_Key]) -> dict[_Key, int]:
    return dict(sorted(Counter(keys).items()))


def shown_stimuli(trials: pd.DataFrame, trial_stimuli: pd.DataFrame, stimuli: pd.DataFrame) -> pd.DataFrame:
    """Return the stimuli that a first round is about.

    Parameters
    ----------
    trials
        Trial table of the first round.
    trial_stimuli
        Every image that the trials name; those of practice and of tests of attention are left out.
    stimuli
        The newest accepted stimuli. Those that nobody was asked about are added if others of them were asked about.
    """
    asked = trial_stimuli[trial_stimuli["stimulus_id"].isin(trials.loc[trials["phase"] == "main", "stimulus_id"])]
    known = stimuli["stimulus_id"].isin(asked["stimulus_id"])
    if not known.any() or known.all():
        return asked
    return pd.concat([asked, stimuli.loc[~known, asked.columns.intersection(stimuli.columns)]], ignore_index=True)


def first_round_cards(
    shown: pd.DataFrame, trials: pd.DataFrame, outcomes: Mapping[str, str], classes: Sequence[str]
) -> list[StimulusCard]:
    """Describe stimuli and the answers that they got.

    Parameters
    ----------
    shown
        Stimulus table of those to show, in this order.
    trials
        Trial table of the first round; each participant's first answer to each stimulus counts.
    outcomes
        Guidance outcome by stimulus_id, where there is one.
    classes
        Name of each class.

    Returns
    -------
    list of StimulusCard
        One a stimulus, in the order of the table.
    """
    if shown.empty:
        return []
    counted = first_answers(trials[trials["stimulus_id"].isin(shown["stimulus_id"])])
    answers = {str(name): own for name, own in counted.groupby("stimulus_id", observed=True)}
    cards = []
    for png, (_, stimulus) in zip(_thumbnails(shown), shown.iterrows(), strict=True):
        name, targets = str(stimulus["stimulus_id"]), _targets(stimulus)
        own = answers.get(name)
        given = {} if own is None else dict(zip(own["participant_id"].astype(str), own["response"], strict=True))
        cards.append(
            StimulusCard(
                stimulus_id=name,
                png=png,
                kind=str(stimulus["strategy"]),
                targets=targets,
                lines=guiding_probabilities(stimulus, [classes[target] for target in targets]) if targets else [],
                answers=given,
                outcome=outcomes.get(name, NO_OUTCOME),
                entropy=_entropy(given, len(classes)),
            )
        )
    return cards


def second_round_cards(stimuli: pd.DataFrame, pairs: pd.DataFrame, classes: Sequence[str]) -> list[StimulusCard]:
    """Describe the stimuli of a second round, one card a pair of participants that saw one.

    Parameters
    ----------
    stimuli
        Stimulus table of the second round.
    pairs
        Pair table; see :func:`bam_pipelines.analysis.pairs.pair_outcomes`. Other rounds are left out.
    classes
        Name of each class.

    Returns
    -------
    list of StimulusCard
        Customised stimuli first, then controls.
    """
    columns = ["pair_id", "participant_1", "participant_2", "choice_1", "choice_2", "outcome", "direction", "source"]
    seen = pairs.loc[pairs["round"] == 2, ["stimulus_id", *columns]]
    table = stimuli.drop(columns=columns, errors="ignore").merge(seen, on="stimulus_id")
    if table.empty:
        return []
    table = table.sort_values(["source", "pair_id", "target_1", "target_2", "stimulus_id"], kind="stable")
    order = {source: place for place, source in enumerate(("individual", *SOURCE_TITLES))}
    table = table.sort_values("source", key=lambda sources: sources.astype("str").map(order), kind="stable")
    return [_pair_card(png, row, classes) for png, (_, row) in zip(_thumbnails(table), table.iterrows(), strict=True)]


def _pair_card(png: bytes, row: pd.Series, classes: Sequence[str]) -> StimulusCard:
    targets = _targets(row)
    people = [str(row["participant_1"]), str(row["participant_2"])]
    answers = {name: int(row[f"choice_{side}"]) for side, name in enumerate(people, 1)}
    names = [classes[target] for target in targets]
    meant = ", ".join(f"{name} for {person}" for name, person in zip(names, people, strict=True))
    direction = _DIRECTIONS.get(str(row["direction"]))
    return StimulusCard(
        stimulus_id=str(row["stimulus_id"]),
        png=png,
        kind=f"second round: {SOURCE_TITLES[str(row['source'])]}",
        targets=targets,
        lines=[*guiding_probabilities(row, names), meant, *([direction] if direction else [])],
        answers=answers,
        outcome=str(row["outcome"]),
        entropy=_entropy(answers, len(classes)),
    )


def _targets(stimulus: pd.Series) -> tuple[int, ...]:
    return () if pd.isna(stimulus["target_1"]) else (int(stimulus["target_1"]), int(stimulus["target_2"]))


def _entropy(answers: Mapping[str, int], n_classes: int) -> float | None:
    if not answers:
        return None
    return float(plugin_entropy(np.bincount(list(answers.values()), minlength=n_classes)[None])[0])


def _thumbnails(table: pd.DataFrame) -> list[bytes]:
    """Encode images as PNG, all made smaller by the same whole number where they are too much for one page."""
    pixels = table_pixels(table)
    factor = ceil(sqrt(pixels.size / _LARGEST))
    return [png_bytes(as_picture(image).reduce(factor)) for image in pixels]
