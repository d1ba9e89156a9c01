"""All parameters of the project, by the settings that their stages read, and what they say against one another."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from bam_pipelines.alignment.settings import AlignmentSettings
from bam_pipelines.analysis.power import PowerSettings
from bam_pipelines.behavior.calibration import CalibrationSettings
from bam_pipelines.behavior.settings import BehaviorSettings
from bam_pipelines.compute.checked import (
    CheckedSettings,
    Problem,
    SettingsError,
    WholeNumber,
    read_settings,
    wrong,
)
from bam_pipelines.compute.device import resolve_compute
from bam_pipelines.compute.settings import ComputeSettings
from bam_pipelines.compute.workers import resolve_workers
from bam_pipelines.experiment.settings import ExperimentSettings
from bam_pipelines.experiment.texts import read_texts
from bam_pipelines.guidance.settings import SamplingSettings
from bam_pipelines.networks.classifiers import ClassifierName
from bam_pipelines.networks.training import PassSettings
from bam_pipelines.pipelines.loop.settings import LoopStageSettings
from bam_pipelines.pipelines.manipulation.settings import ManipulationSettings
from bam_pipelines.pipelines.own_stimuli.settings import OwnStimuliSettings
from bam_pipelines.pipelines.places import named_path
from bam_pipelines.pipelines.preprocessing.settings import DigitSettings
from bam_pipelines.pipelines.prior.settings import PriorSettings
from bam_pipelines.pipelines.reporting.settings import ReportingSettings


@dataclass(frozen=True)
class ProjectSettings(CheckedSettings):
    """All parameters; a section is what the stage of its name reads."""

    seed: WholeNumber
    compute: ComputeSettings
    preprocessing: DigitSettings
    classifiers: Mapping[ClassifierName, PassSettings]
    prior: PriorSettings
    sampling: SamplingSettings
    own_stimuli: OwnStimuliSettings
    experiment: ExperimentSettings
    calibration: CalibrationSettings
    behavior: BehaviorSettings
    alignment: AlignmentSettings
    manipulation: ManipulationSettings
    power: PowerSettings
    loop: LoopStageSettings
    reporting: ReportingSettings


def parameter_problems(parameters: Mapping[str, Any], used: Collection[str]) -> list[Problem]:
    """Check all parameters before a run.

    Parameters
    ----------
    parameters
        As the configuration has them, resolved.
    used
        Sections that the run takes parameters of. Every section is checked by itself, for a misspelt name is one
        wherever it stands; what sections say against one another counts only where the run uses them.

    Returns
    -------
    list of Problem
        Everything that is wrong; sections are compared, and texts of a study read, once each is right by itself.
    """
    try:
        settings = read_settings(ProjectSettings, "", parameters)
        resolve_compute(parameters["compute"])
        resolve_workers(parameters["compute"])
    except SettingsError as error:
        return error.problems
    except ValueError as error:
        name, _, rest = str(error).partition(" ")
        return [Problem(name, rest)]
    found = [problem for sections, problem in _disagreements(settings) if sections <= set(used)]
    return found + (_unreadable_texts(settings.experiment) if "experiment" in used else [])


def _unreadable_texts(study: ExperimentSettings) -> list[Problem]:
    """Read what people are to read, which the stage does only once there are stimuli."""
    try:
        read_texts(named_path(study.texts), study.language)
    except ValueError as error:
        name, _, rest = str(error).partition(" ")
        language = name == "experiment.language"
        return [Problem(name, rest) if language else Problem("experiment.texts", f"cannot be used: {error}")]
    return []


def _disagreements(settings: ProjectSettings) -> Iterator[tuple[set[str], Problem]]:
    """Give what cannot be had together, with the sections that say so."""
    yield from _other_classes(settings)
    yield from _too_large_batches(settings)
    yield from _too_many_digit_pairs(settings)
    yield from _too_few_stimuli(settings)
    yield from _too_few_people(settings)
    yield from _too_few_digits(settings)


def _other_classes(settings: ProjectSettings) -> Iterator[tuple[set[str], Problem]]:
    """Give stages that do not have the classes of the images."""
    for section, names in (("behavior", settings.behavior.classes), ("reporting", settings.reporting.classes)):
        if list(names) != list(settings.preprocessing.classes):
            expected = "what preprocessing.classes is; change `classes` in globals.yml alone, which all of them take"
            yield {"preprocessing", section}, wrong(f"{section}.classes", names, expected)


def _too_large_batches(settings: ProjectSettings) -> Iterator[tuple[set[str], Problem]]:
    n_train = settings.preprocessing.n_train
    passes: dict[str, PassSettings] = {f"classifiers.{name}": one for name, one in settings.classifiers.items()}
    passes |= {f"prior.{name}": getattr(settings.prior, name) for name in ("feature_network", "observer_network")}
    sizes = {name: one.batch_size for name, one in passes.items()}
    sizes["prior.diffusion_prior.training"] = settings.prior.diffusion_prior.training.batch_size
    for name, size in sizes.items():
        if size > n_train:
            expected = f"at most preprocessing.n_train, {n_train}"
            yield {"preprocessing", name.split(".")[0]}, wrong(f"{name}.batch_size", size, expected)


def _too_many_digit_pairs(settings: ProjectSettings) -> Iterator[tuple[set[str], Problem]]:
    n_classes = settings.preprocessing.n_classes
    unordered = n_classes * (n_classes - 1) // 2
    sampling = settings.sampling
    asked = [
        ("sampling.uncertainty", sampling.uncertainty.digit_pairs, unordered),
        ("sampling.controversial", sampling.controversial.digit_pairs, 2 * unordered),
        ("sampling.reference", sampling.reference.digit_pairs, unordered),
        ("sampling.unguided", sampling.unguided.digit_pairs, unordered),
        ("manipulation", settings.manipulation.digit_pairs, unordered),
        ("power", settings.power.digit_pairs, unordered),
    ]
    for name, pairs, most in asked:
        if pairs is not None and pairs > most:
            expected = f"at most {most}, the digit pairs of {n_classes} classes"
            yield {name.split(".")[0]}, wrong(f"{name}.digit_pairs", pairs, expected)


def _too_few_stimuli(settings: ProjectSettings) -> Iterator[tuple[set[str], Problem]]:
    most, each = _most_stimuli(settings), settings.behavior.session.stimuli_per_participant
    if not most:
        yield {"sampling"}, Problem("sampling", "asks for no digit pair; give one strategy digit_pairs of at least 1.")
    elif settings.behavior.source == "simulated" and each is not None and each > most:
        expected = f"at most the stimuli that sampling asks for, {most}"
        yield {"sampling", "behavior"}, wrong("behavior.session.stimuli_per_participant", each, expected)


def _most_stimuli(settings: ProjectSettings) -> int:
    """Return how many stimuli the sampling stage makes at most."""
    n_classes, models = settings.preprocessing.n_classes, len(get_args(ClassifierName))
    unordered = n_classes * (n_classes - 1) // 2
    asked = settings.sampling
    kinds = (
        (asked.uncertainty, models, unordered),
        (asked.controversial, models * (models - 1) // 2, 2 * unordered),
        (asked.reference, models, unordered),
        (asked.unguided, 1, unordered),
    )
    return sum(one.quota * hands * (deck if one.digit_pairs is None else one.digit_pairs) for one, hands, deck in kinds)


def _too_few_people(settings: ProjectSettings) -> Iterator[tuple[set[str], Problem]]:
    if settings.behavior.source != "simulated":
        return
    people, asked = settings.behavior.participants.n_participants, settings.manipulation
    needed = asked.n_groups * asked.group_size if asked.pairs in ("random", "different") else 2
    if "swapped" in asked.controls:
        needed = max(needed, 4)  # two others guide
    if needed > people:
        expected = f"at least the {needed} people that manipulation pairs and takes for its controls"
        yield {"behavior", "manipulation"}, wrong("behavior.participants.n_participants", people, expected)
    session, least = settings.behavior.session, settings.alignment.min_training_trials
    each = session.stimuli_per_participant
    if each is not None and least > each + round(session.repeat_share * each):
        expected = f"at most the trials that a participant has, behavior.session.stimuli_per_participant of {each}"
        yield {"behavior", "alignment"}, wrong("alignment.min_training_trials", least, expected)


def _too_few_digits(settings: ProjectSettings) -> Iterator[tuple[set[str], Problem]]:
    """Give catch trials for which there are not enough clear digits among the test digits."""
    session, study = settings.behavior.session, settings.experiment
    clear = round(session.clear_share * settings.preprocessing.n_test)
    in_study = study.practice_trials + session.catch_pool
    if study.task == "judgment":
        in_study -= in_study // 2  # the others are scribbles
    needed = {"behavior": session.catch_pool, "manipulation": 2 * session.catch_pool}
    if settings.behavior.source != "simulated":
        needed = {}
    for stage, count in {**needed, "experiment": in_study}.items():
        if count > clear:
            expected = f"so many that stage {stage} finds its {count} clear digits among {clear}"
            used = {"preprocessing", "behavior", stage}
            yield used, wrong("behavior.session.catch_pool", session.catch_pool, expected)
