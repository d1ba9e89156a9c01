"""Nodes of stage behavior."""

import logging
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from bam_pipelines.analysis.answer_summary import compare_with_published, summarise_answers, summarise_reliability
from bam_pipelines.analysis.figures.answers import answers_figure
from bam_pipelines.analysis.pair_confusion import confusion_by_pair, target_shares
from bam_pipelines.behavior.ingestion import ingest
from bam_pipelines.behavior.observers import as_observer, draw_participants
from bam_pipelines.behavior.quality import Assessment, assess_quality, judged_by_catch
from bam_pipelines.behavior.recovery import recover_parameters, summarise_recovery
from bam_pipelines.behavior.rounds import Round, first_round, second_round
from bam_pipelines.behavior.schemas import validate_stimuli, validate_trials
from bam_pipelines.behavior.settings import BehaviorSettings, behavior_settings
from bam_pipelines.behavior.sharing.psych_ds import psych_ds_files
from bam_pipelines.behavior.splits import complete_splits
from bam_pipelines.compute.faults import InputError
from bam_pipelines.networks.checkpoints import TrainedNetwork
from bam_pipelines.pipelines.behavior.salt import read_salt
from bam_pipelines.pipelines.places import project_folder

logger = logging.getLogger(__name__)


def draw_simulated_participants(observer: TrainedNetwork, parameters: dict[str, Any], seed: int) -> pd.DataFrame:
    """Draw the true parameters of ``behavior.participants.n_participants`` people for an observer network."""
    settings = behavior_settings(parameters)
    people, head = settings.participants, as_observer(observer.network).head
    if head.out_features != settings.n_classes:
        raise InputError(
            f"behavior.classes has {settings.n_classes} names, expected one for each of the {head.out_features} "
            "classes of observer_network."
        )
    return draw_participants(people.n_participants, head.in_features, head.out_features, people, seed)


def collect_first_round(
    stimuli: pd.DataFrame,
    digits: pd.DataFrame,
    observer: TrainedNetwork,
    participants: pd.DataFrame,
    parameters: dict[str, Any],
    seed: int,
) -> Round:
    """Collect everyone's answers to all stimuli, split by image."""
    settings = behavior_settings(parameters)
    front_end = as_observer(observer.network)
    return first_round(validate_stimuli(stimuli), digits, front_end, participants, settings, seed)


def collect_second_round(
    stimuli: pd.DataFrame,
    pairs: pd.DataFrame,
    digits: pd.DataFrame,
    observer: TrainedNetwork,
    participants: pd.DataFrame,
    parameters: dict[str, Any],
    seed: int,
) -> Round:
    """Collect the answers of each pair to the stimuli made for it."""
    settings = behavior_settings(parameters)
    front_end = as_observer(observer.network)
    return second_round(validate_stimuli(stimuli), pairs, digits, front_end, participants, settings, seed)


def read_answers(parameters: dict[str, Any], seed: int, known: pd.DataFrame | None = None) -> Round:
    """Read people's answers from files, and split them by image where the source has no split of its own."""
    settings = behavior_settings(parameters)
    found = _ingested(settings, known, 1)
    trials, origin = complete_splits(found.trials, settings.splits, seed)
    return found._replace(trials=trials, report=found.report | {"split": origin})


def read_answers_to_own_stimuli(parameters: dict[str, Any], seed: int, stimuli: pd.DataFrame) -> Round:
    """Read people's answers to what a study of this project shows."""
    return read_answers(parameters, seed, validate_stimuli(stimuli))


def _ingested(settings: BehaviorSettings, known: pd.DataFrame | None, round_number: int) -> Round:
    source = settings.people.of_round(round_number)
    root, share = project_folder(), settings.max_reject_share
    found = ingest(settings.source, source, root, read_salt(), known, share, settings.n_classes)
    logger.info(
        "Read %(trials)d trials of %(participants)d participants, %(images)d images; %(rejects)d records are of no use",
        found.report,
    )
    unseen = found.report["trials_without_an_image"]
    if unseen:
        logger.warning(
            "%d of %d trials have no image, which alignment needs: say where the images are by "
            "--params behavior.sources.%s.images=<folder>",
            unseen,
            len(found.trials),
            settings.source,
        )
    return found


def read_second_round(parameters: dict[str, Any], stimuli: pd.DataFrame) -> Round:
    """Read people's answers to the stimuli of their pairs; nothing is fitted to them, so they are not split."""
    return _ingested(behavior_settings(parameters), validate_stimuli(stimuli), 2)


def flag_answers(collected: pd.DataFrame, sittings: pd.DataFrame, parameters: dict[str, Any]) -> Assessment:
    """Apply the quality rules."""
    settings = behavior_settings(parameters)
    return assess_quality(validate_trials(collected), sittings, settings.quality, settings.n_classes)


def recover_participants(
    trials: pd.DataFrame, stimuli: pd.DataFrame, observer: TrainedNetwork, participants: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Fit simulated participants to their own answers and compare with the truth."""
    recovered = recover_parameters(trials, stimuli, as_observer(observer.network), participants)
    return recovered, summarise_recovery(recovered)


def share_answers(trials: pd.DataFrame, participants: pd.DataFrame, parameters: dict[str, Any]) -> dict[str, str]:
    """Bring the answers into a Psych-DS folder."""
    settings = behavior_settings(parameters)
    return psych_ds_files(trials, participants, settings.sharing, settings.source == "simulated")


def report_answers(
    trials: pd.DataFrame, participants: pd.DataFrame, stimuli: pd.DataFrame, parameters: dict[str, Any], seed: int
) -> tuple[dict[str, Any], Figure, pd.DataFrame]:
    """Summarise a round in numbers, a figure, and a table of what was answered for each pair of digits."""
    settings = behavior_settings(parameters)
    confusion = confusion_by_pair(trials, stimuli)
    shares = target_shares(confusion, settings.n_classes)
    simulated = settings.source == "simulated"
    judged = judged_by_catch(trials, settings.quality)
    figure = answers_figure(
        trials, participants, shares, settings.quality.catch_accuracy, judged, simulated, settings.classes
    )
    numbers = {
        **summarise_answers(trials, participants),
        **summarise_reliability(trials, settings.n_classes, seed),
        "compared_with_paper": compare_with_published(trials, stimuli, settings.n_classes),
    }
    return numbers, figure, confusion
