"""What the parameters of the behavior stage say, checked once and typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bam_pipelines.behavior.checked import check, check_names, settings_group
from bam_pipelines.behavior.participant_settings import ParticipantSettings, ResponseTimeSettings
from bam_pipelines.behavior.source_settings import SOURCES, SourceSettings, source_settings


@dataclass(frozen=True)
class SessionSettings:
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

    stimuli_per_participant: int | None
    catch_share: float
    minimum_catch: int
    catch_pool: int
    clear_share: float
    repeat_share: float
    second_round_repeat_share: float
    repeat_gap: int

    def __post_init__(self) -> None:
        for name in ("catch_share", "clear_share", "repeat_share", "second_round_repeat_share"):
            check(self, name, 0 <= getattr(self, name) <= 1, "from 0 to 1")
        for name in ("minimum_catch", "catch_pool", "repeat_gap"):
            check(self, name, getattr(self, name) >= 1, "at least 1")

    def round_repeat_share(self, round_number: int) -> float:
        """Return the share of stimuli that are repeated in a round."""
        return self.repeat_share if round_number == 1 else self.second_round_repeat_share


@dataclass(frozen=True)
class QualityRules:
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

    catch_accuracy: float
    minimum_catch_answered: int
    shortest_rt_ms: float
    longest_rt_ms: float
    completion: float
    rt_deviation: float | None
    longest_run: int | None
    response_entropy_bits: float | None
    clear_repeat_agreement: float | None
    minimum_clear_repeats: int
    blur_events: int | None

    def __post_init__(self) -> None:
        for name in ("catch_accuracy", "completion"):
            check(self, name, 0 <= getattr(self, name) <= 1, "from 0 to 1")
        for name in ("minimum_catch_answered", "minimum_clear_repeats"):
            check(self, name, getattr(self, name) >= 1, "at least 1")
        for name in ("rt_deviation", "longest_run", "response_entropy_bits", "blur_events"):
            check(self, name, getattr(self, name) is None or getattr(self, name) >= 0, "at least 0, or null")
        agreement = self.clear_repeat_agreement
        check(self, "clear_repeat_agreement", agreement is None or 0 <= agreement <= 1, "from 0 to 1, or null")
        check(self, "longest_rt_ms", self.longest_rt_ms > self.shortest_rt_ms, "above shortest_rt_ms")


@dataclass(frozen=True)
class BehaviorSettings:
    """All parameters of the stage.

    Parameters
    ----------
    source
        Where answers come from: ``simulated``, or one of :data:`~bam_pipelines.behavior.source_settings.SOURCES`.
    n_classes
        Number of classes K; answers are 0 to K − 1.
    sources
        Where each source of people's answers lies.
    max_reject_share
        Share of the records, of all, that may be unusable.
    private
        Fields of a source that may name a person and are never kept.
    participants, session, response_time, quality
        See their classes.
    splits
        Share of the images of train, validation and test.
    sharing
        ``study``, ``name`` and ``description`` of the data set that is written for others.
    """

    source: str
    n_classes: int
    sources: Mapping[str, SourceSettings]
    max_reject_share: float
    private: Sequence[str]
    participants: ParticipantSettings
    session: SessionSettings
    response_time: ResponseTimeSettings
    splits: dict[str, float]
    sharing: Mapping[str, str]
    quality: QualityRules

    def __post_init__(self) -> None:
        if self.source not in ("simulated", *SOURCES):
            raise ValueError(f"behavior.source is {self.source!r}, expected simulated or {', '.join(SOURCES)}.")
        check(self, "n_classes", self.n_classes >= 2, "at least 2")
        check(self, "max_reject_share", 0 <= self.max_reject_share <= 1, "from 0 to 1")


def session_settings(parameters: Mapping[str, Any]) -> SessionSettings:
    """Read ``params:behavior.session`` alone; the errors are those of :func:`behavior_settings`."""
    return settings_group(SessionSettings, "behavior.session", parameters)


_GROUPS = {
    "participants": ParticipantSettings,
    "session": SessionSettings,
    "response_time": ResponseTimeSettings,
    "quality": QualityRules,
}


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
    ValueError
        If a parameter is missing, unknown or out of range; the message names it and what was expected.
    """
    check_names(BehaviorSettings, "behavior", parameters)
    groups: dict[str, Any] = {
        name: settings_group(kind, f"behavior.{name}", parameters[name]) for name, kind in _GROUPS.items()
    }
    plain: dict[str, Any] = {name: parameters[name] for name in ("source", "n_classes", "max_reject_share")}
    return BehaviorSettings(
        splits=dict(parameters["splits"]),
        sharing=dict(parameters["sharing"]),
        private=tuple(parameters["private"]),
        sources={name: source_settings(name, parameters["sources"][name], parameters["private"]) for name in SOURCES},
        **plain,
        **groups,
    )
