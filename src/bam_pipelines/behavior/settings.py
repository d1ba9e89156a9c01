"""What the parameters of the behavior stage say, checked once and typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from bam_pipelines.behavior.readers.columns import ColumnMap, column_map

Settings = TypeVar("Settings")

# what every variance between people is multiplied by
POPULATIONS = {"identical": 0.0, "varied": 1.0, "doubled": 2.0}

SOURCES = ("released", "jspsych", "jatos", "table")


@dataclass(frozen=True)
class ParticipantSettings:
    """How simulated participants differ; conf/base/behavior/parameters.yml gives units and ranges.

    Parameters
    ----------
    population
        ``varied``: people differ as the other parameters say; ``identical``: not at all; ``doubled``: every variance
        between them is twice as large.
    n_participants, n_clusters
        Number of people, and of hidden clusters whose members weigh features alike.
    cluster_sd, person_sd
        Standard deviation of log attention between clusters and within them.
    bias_sd
        Standard deviation of a person's class biases, in logits.
    temperature_median, temperature_log_sd
        Decision noise that logits are divided by: median, and standard deviation of its logarithm.
    lapse_mean, lapse_concentration
        Mean λ and concentration a + b of the beta distribution of lapses.
    drift_mean, drift_sd
        Growth of the logarithm of the temperature in 100 trials: mean, and standard deviation between people.
    """

    population: str
    n_participants: int
    n_clusters: int
    cluster_sd: float
    person_sd: float
    bias_sd: float
    temperature_median: float
    temperature_log_sd: float
    lapse_mean: float
    lapse_concentration: float
    drift_mean: float
    drift_sd: float

    def __post_init__(self) -> None:
        if self.population not in POPULATIONS:
            raise ValueError(f"population is {self.population!r}, expected {', '.join(POPULATIONS)}.")
        for name in ("n_participants", "n_clusters"):
            _check(self, name, getattr(self, name) >= 1, "at least 1")
        for name in ("cluster_sd", "person_sd", "bias_sd", "temperature_log_sd", "drift_sd"):
            _check(self, name, getattr(self, name) >= 0, "at least 0")
        for name in ("temperature_median", "lapse_concentration"):
            _check(self, name, getattr(self, name) > 0, "above 0")
        _check(self, "lapse_mean", 0 <= self.lapse_mean < 1, "from 0 to below 1")

    @property
    def spread(self) -> float:
        """What standard deviations between people are multiplied by."""
        return POPULATIONS[self.population] ** 0.5

    @property
    def lapse_shape(self) -> tuple[float, float] | None:
        """The two parameters of the beta distribution of lapses; None where everyone lapses as the mean does.

        Raises
        ------
        ValueError
            If twice the variance is more than a beta distribution of that mean can have.
        """
        factor = POPULATIONS[self.population]
        if factor == 0 or self.lapse_mean == 0:
            return None
        concentration = (self.lapse_concentration + 1) / factor - 1  # the variance is m (1 − m) / (concentration + 1)
        if concentration <= 0:
            raise ValueError(
                f"lapse_concentration is {self.lapse_concentration}, expected above {factor - 1:g} for population "
                f"{self.population}."
            )
        return self.lapse_mean * concentration, (1 - self.lapse_mean) * concentration


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
            _check(self, name, 0 <= getattr(self, name) <= 1, "from 0 to 1")
        for name in ("minimum_catch", "catch_pool", "repeat_gap"):
            _check(self, name, getattr(self, name) >= 1, "at least 1")

    def round_repeat_share(self, round_number: int) -> float:
        """Return the share of stimuli that are repeated in a round."""
        return self.repeat_share if round_number == 1 else self.second_round_repeat_share


@dataclass(frozen=True)
class ResponseTimeSettings:
    """Response times: a drift diffusion, longer where two answers are about as likely.

    Parameters
    ----------
    non_decision_ms
        Seeing and pressing the key, from stimulus onset.
    undecided_ms
        Mean decision time where the answer and its strongest rival are equally likely.
    person_log_sd
        Standard deviation of the logarithm of a person's level.
    fixation_ms
        Pause before each stimulus.
    """

    non_decision_ms: float
    undecided_ms: float
    person_log_sd: float
    fixation_ms: int

    def __post_init__(self) -> None:
        for name in ("non_decision_ms", "undecided_ms"):
            _check(self, name, getattr(self, name) > 0, "above 0")
        for name in ("person_log_sd", "fixation_ms"):
            _check(self, name, getattr(self, name) >= 0, "at least 0")


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
            _check(self, name, 0 <= getattr(self, name) <= 1, "from 0 to 1")
        for name in ("minimum_catch_answered", "minimum_clear_repeats"):
            _check(self, name, getattr(self, name) >= 1, "at least 1")
        for name in ("rt_deviation", "longest_run", "response_entropy_bits", "blur_events"):
            _check(self, name, getattr(self, name) is None or getattr(self, name) >= 0, "at least 0, or null")
        agreement = self.clear_repeat_agreement
        _check(self, "clear_repeat_agreement", agreement is None or 0 <= agreement <= 1, "from 0 to 1, or null")
        _check(self, "longest_rt_ms", self.longest_rt_ms > self.shortest_rt_ms, "above shortest_rt_ms")


@dataclass(frozen=True)
class SourceSettings:
    """Where answers of people lie and how they are written; conf/base/behavior/parameters.yml explains each.

    Parameters
    ----------
    path, images
        File or folder of the answers, and folder or tensor file of the images; seen from the project's root.
    dataset_id
        What the trial table calls the data set.
    participant_ids
        ``outside``: replaced by pseudonyms; ``published``: pseudonyms already.
    columns
        Where records hold what.
    ratings
        Fields ``category`` and ``rating`` where a trial is written as one record a class; both None else.
    """

    path: str
    images: str | None
    dataset_id: str
    participant_ids: str
    columns: ColumnMap
    ratings: Mapping[str, str | None]

    def __post_init__(self) -> None:
        if self.participant_ids not in ("outside", "published"):
            raise ValueError(f"participant_ids is {self.participant_ids!r}, expected outside or published.")
        if sorted(self.ratings) != ["category", "rating"] or len({name is None for name in self.ratings.values()}) > 1:
            raise ValueError(
                f"ratings is {dict(self.ratings)}, expected fields for category and rating, or null for both."
            )


@dataclass(frozen=True)
class BehaviorSettings:
    """All parameters of the stage.

    Parameters
    ----------
    source
        Where answers come from: ``simulated``, or one of :data:`SOURCES`.
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
        _check(self, "n_classes", self.n_classes >= 2, "at least 2")
        _check(self, "max_reject_share", 0 <= self.max_reject_share <= 1, "from 0 to 1")


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
    _check_names(BehaviorSettings, "behavior", parameters)
    groups: dict[str, Any] = {
        name: _group(kind, f"behavior.{name}", parameters[name]) for name, kind in _GROUPS.items()
    }
    plain: dict[str, Any] = {name: parameters[name] for name in ("source", "n_classes", "max_reject_share")}
    return BehaviorSettings(
        splits=dict(parameters["splits"]),
        sharing=dict(parameters["sharing"]),
        private=tuple(parameters["private"]),
        sources={name: _source(name, parameters["sources"][name], parameters["private"]) for name in SOURCES},
        **plain,
        **groups,
    )


def _source(name: str, parameters: Mapping[str, Any], private: Sequence[str]) -> SourceSettings:
    place = f"behavior.sources.{name}"
    map_names = ("columns", "rt_unit", "missing", "class_names")
    own = {key: value for key, value in parameters.items() if key not in map_names}
    try:
        mapping = column_map({key: parameters[key] for key in map_names if key in parameters} | {"private": private})
    except ValueError as error:
        raise ValueError(f"{place}.{error}") from None
    return _group(SourceSettings, place, own | {"columns": mapping})


def _group(kind: type[Settings], name: str, parameters: Mapping[str, Any]) -> Settings:
    _check_names(kind, name, parameters)
    try:
        return kind(**parameters)
    except ValueError as error:
        raise ValueError(f"{name}.{error}") from None


def _check_names(kind: type, name: str, parameters: Mapping[str, Any]) -> None:
    expected = {field.name for field in fields(kind)}
    missing, unknown = sorted(expected - set(parameters)), sorted(set(parameters) - expected)
    if missing:
        raise ValueError(f"parameter {name}.{missing[0]} is missing; set it in conf/base/behavior/parameters.yml.")
    if unknown:
        raise ValueError(f"parameter {name}.{unknown[0]} is unknown; expected {', '.join(sorted(expected))}.")


def _check(settings: object, name: str, fulfilled: bool, expected: str) -> None:
    if not fulfilled:
        raise ValueError(f"{name} is {getattr(settings, name)}, expected a number {expected}.")
