"""What the parameters of the behavior stage say, checked once and typed."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, get_args

from annotated_types import Interval

from bam_pipelines.behavior.participant_settings import ParticipantSettings, ResponseTimeSettings
from bam_pipelines.behavior.sharing.settings import SharingSettings
from bam_pipelines.behavior.source_settings import PeopleSource, SourceSettings
from bam_pipelines.behavior.splits import Split
from bam_pipelines.compute.checked import (
    CheckedSettings,
    Count,
    NotNegative,
    Positive,
    Problem,
    Share,
    WholeNumber,
    missing,
    read_settings,
    wrong,
)
from bam_pipelines.images.classes import ClassNames


@dataclass(frozen=True)
class SessionSettings(CheckedSettings):
    """What a participant is shown in a sitting.

    Parameters
    ----------
    stimuli_per_participant
        Different stimuli of the first round for each participant; None for all.
    catch_share, minimum_catch
        Catch trials: this share of all others, at least so many.
    catch_pool, clear_share
        Number of clear digits that a round's catch trials draw from, and the share of the natural digits, the surest
        to the front end, that count as clear.
    repeat_share, second_round_repeat_share
        Share of the stimuli that are shown a second time, by round.
    repeat_gap
        Trials between a stimulus and its repeat, at least.
    """

    stimuli_per_participant: Count | None
    catch_share: Share
    minimum_catch: Count
    catch_pool: Count
    clear_share: Annotated[float, Interval(gt=0, le=1)]
    repeat_share: Share
    second_round_repeat_share: Share
    repeat_gap: Count

    def round_repeat_share(self, round_number: int) -> float:
        """Return the share of stimuli that are repeated in a round."""
        return self.repeat_share if round_number == 1 else self.second_round_repeat_share


@dataclass(frozen=True)
class QualityRules(CheckedSettings):
    """Thresholds of the quality rules; fixed before the data, they are the preregistration.

    Parameters
    ----------
    catch_accuracy, minimum_catch_answered
        Least share of right catch answers, and answered catch trials below which the rule does not apply.
    shortest_rt_ms, longest_rt_ms
        Response times within these bounds, both included, are kept.
    completion
        Least share of the planned trials that are answered.
    rt_deviation
        Farthest response time from what participant and image let expect, in median absolute deviations scaled to
        standard deviations; None to keep all.
    longest_run, response_entropy_bits
        Longest run of equal answers, and least entropy of someone's answers over the classes; None for any.
    clear_repeat_agreement, minimum_clear_repeats
        Least share of repeated clear digits answered as at first, None for any, and number of repeats below which the
        rule does not apply.
    blur_events
        How often the window may lose focus; None for any number.
    """

    catch_accuracy: Share
    minimum_catch_answered: Count
    shortest_rt_ms: NotNegative
    longest_rt_ms: Positive
    completion: Share
    rt_deviation: NotNegative | None
    longest_run: WholeNumber | None
    response_entropy_bits: NotNegative | None
    clear_repeat_agreement: Share | None
    minimum_clear_repeats: Count
    blur_events: WholeNumber | None

    def conflicts(self) -> Iterable[Problem]:
        """Give response times that nobody can keep to."""
        if self.longest_rt_ms <= self.shortest_rt_ms:
            yield wrong("longest_rt_ms", self.longest_rt_ms, "a number above shortest_rt_ms")


@dataclass(frozen=True)
class BehaviorSettings(CheckedSettings):
    """All parameters of the stage.

    Parameters
    ----------
    source
        Where answers come from: ``simulated``, or one of
        :data:`~bam_pipelines.behavior.source_settings.PeopleSource`.
    classes
        Names of the classes that people choose among; answers are their places, 0 to K − 1.
    sources
        Where each source of people's answers lies.
    max_reject_share
        Share of the records, of all, that may be unusable.
    private
        Fields of a source that may name a person and are never kept.
    participants, session, response_time, quality
        See their classes.
    splits
        Share of the images of train, validation and test; above 0, together 1.
    sharing
        Of the data set that is written for others.
    """

    source: Literal["simulated"] | PeopleSource
    classes: ClassNames
    sources: Mapping[PeopleSource, SourceSettings]
    max_reject_share: Share
    private: Sequence[str]
    participants: ParticipantSettings
    session: SessionSettings
    response_time: ResponseTimeSettings
    splits: Mapping[Split, Annotated[float, Interval(gt=0, lt=1)]]
    sharing: SharingSettings
    quality: QualityRules

    def __post_init__(self) -> None:
        super().__post_init__()
        # what is private is so in every source
        known = {name: replace(source, private=tuple(self.private)) for name, source in self.sources.items()}
        object.__setattr__(self, "sources", known)

    @property
    def n_classes(self) -> int:
        """Number of classes K."""
        return len(self.classes)

    @property
    def people(self) -> SourceSettings:
        """Where the answers of people lie.

        Raises
        ------
        ValueError
            If they are simulated.
        """
        if self.source == "simulated":
            raise ValueError("behavior.source is simulated, so that there are no files of answers; choose another.")
        return self.sources[self.source]

    def _conflicts_of_a_sitting(self) -> Iterable[Problem]:
        """Give repeats and catch trials that do not fit into a first round's sitting."""
        session = self.session
        stimuli = session.stimuli_per_participant or 0
        repeats = round(session.repeat_share * stimuli)
        if stimuli and repeats > max(0, stimuli - session.repeat_gap):
            expected = f"room for {repeats} repeats among stimuli_per_participant, {stimuli}"
            yield wrong("session.repeat_gap", session.repeat_gap, expected)
        catches = max(session.minimum_catch, math.ceil(session.catch_share * (stimuli + repeats)))
        if catches > session.catch_pool:
            yield wrong("session.catch_pool", session.catch_pool, f"at least the catch trials of a sitting, {catches}")

    def conflicts(self) -> Iterable[Problem]:
        """Give sittings without room, splits that do not add up, and classes that the chosen source names otherwise."""
        yield from self._conflicts_of_a_sitting()
        for name in (name for name in get_args(Split) if name not in self.splits):
            yield missing(f"splits.{name}", float)
        if not math.isclose(sum(self.splits.values()), 1):
            yield Problem("splits", f"are {sum(self.splits.values()):g} together, expected 1.")
        bits, most = self.quality.response_entropy_bits, math.log2(self.n_classes)
        if bits is not None and bits > most:
            expected = f"at most {most:.3g}, the entropy of {self.n_classes} classes, or null"
            yield wrong("quality.response_entropy_bits", bits, expected)
        named = [] if self.source == "simulated" else self.sources[self.source].class_names
        if named and len(named) != self.n_classes:
            where = f"sources.{self.source}.class_names"
            yield Problem(
                where, f"holds {len(named)} names, expected one for each of behavior.classes, {self.n_classes}."
            )


def session_settings(parameters: Mapping[str, Any]) -> SessionSettings:
    """Read ``params:behavior.session`` alone; the errors are those of :func:`behavior_settings`."""
    return read_settings(SessionSettings, "behavior.session", parameters)


def behavior_settings(parameters: Mapping[str, Any]) -> BehaviorSettings:
    """Read ``params:behavior``.

    Parameters
    ----------
    parameters
        Nested parameters, the names of :class:`BehaviorSettings` and of its groups.

    Returns
    -------
    BehaviorSettings
        The same, checked.

    Raises
    ------
    SettingsError
        Naming every parameter that is missing, unknown, of another type or out of range.
    """
    return read_settings(BehaviorSettings, "behavior", parameters)
