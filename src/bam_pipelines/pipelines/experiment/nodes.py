"""Nodes of stage experiment."""

import json
from typing import Any

import pandas as pd

from bam_pipelines.behavior.observers import as_observer
from bam_pipelines.behavior.schemas import STIMULI, validate_stimuli
from bam_pipelines.behavior.settings import SessionSettings, behavior_settings, session_settings
from bam_pipelines.experiment.clear_images import ClearImages, choose_clear_images
from bam_pipelines.experiment.jatos_study import jatos_archive
from bam_pipelines.experiment.lists import build_lists
from bam_pipelines.experiment.pair_lists import build_pair_lists
from bam_pipelines.experiment.preregistration import preregistration
from bam_pipelines.experiment.settings import ExperimentSettings, experiment_settings
from bam_pipelines.experiment.study import study_files
from bam_pipelines.experiment.texts import read_texts
from bam_pipelines.networks.checkpoints import TrainedNetwork
from bam_pipelines.pipelines.places import named_path


def plan_study(
    stimuli: pd.DataFrame,
    digits: pd.DataFrame,
    observer: TrainedNetwork,
    experiment: dict[str, Any],
    session: dict[str, Any],
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, int]]:
    """Plan who sees what: lists, every image they show, and their numbers."""
    settings, sitting = experiment_settings(experiment), session_settings(session)
    clear = _clear(stimuli, digits, observer, settings, sitting, seed, 1)
    lists = build_lists(stimuli, clear, settings, sitting, seed)
    return lists, _shown(lists, stimuli, *clear), _numbers(lists)


def plan_pair_study(
    stimuli: pd.DataFrame,
    pairs: pd.DataFrame,
    digits: pd.DataFrame,
    observer: TrainedNetwork,
    experiment: dict[str, Any],
    session: dict[str, Any],
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, int], pd.DataFrame]:
    """Plan a second round: the same, and whose each list is."""
    settings, sitting = experiment_settings(experiment), session_settings(session)
    clear = _clear(stimuli, digits, observer, settings, sitting, seed, 2)
    lists, places = build_pair_lists(stimuli, pairs, clear, settings, sitting, settings.pairs, seed)
    return lists, _shown(lists, stimuli, *clear), _numbers(lists), places


def _clear(
    stimuli: pd.DataFrame,
    digits: pd.DataFrame,
    observer: TrainedNetwork,
    settings: ExperimentSettings,
    sitting: SessionSettings,
    seed: int,
    round_number: int,
) -> ClearImages:
    others = digits[~digits["stimulus_id"].isin(stimuli["stimulus_id"])]
    return choose_clear_images(others, as_observer(observer.network), settings, sitting, seed, round_number)


def _shown(lists: pd.DataFrame, *tables: pd.DataFrame) -> pd.DataFrame:
    every = pd.concat([table[list(STIMULI.kinds)].astype("object") for table in tables], ignore_index=True)
    return validate_stimuli(every[every["stimulus_id"].isin(lists["stimulus_id"])])


def _numbers(lists: pd.DataFrame) -> dict[str, int]:
    sizes = lists[lists["phase"] != "practice"].groupby("list").size()
    stimuli = lists[lists["phase"].isin(["main", "manipulation"])]["stimulus_id"].nunique()
    return {"lists": len(sizes), "most_trials": int(sizes.max()), "stimuli": int(stimuli)}


def build_study(
    lists: pd.DataFrame, stimuli: pd.DataFrame, experiment: dict[str, Any], classes: list[str], round_number: int = 1
) -> tuple[dict[str, str | bytes], dict[str, bytes]]:
    """Build the study's folder, and a folder with the archive that JATOS imports."""
    settings = experiment_settings(experiment)
    texts = read_texts(named_path(settings.texts), settings.language)
    files = study_files(lists, stimuli, texts, settings, classes, round_number)
    return files, {f"{settings.name}.jzip": jatos_archive(files, texts, settings)}


def build_pair_study(
    lists: pd.DataFrame,
    stimuli: pd.DataFrame,
    pairs: pd.DataFrame,
    experiment: dict[str, Any],
    behavior: dict[str, Any],
) -> tuple[dict[str, str | bytes], dict[str, bytes], str]:
    """Build the second round's study, and the text to register before it."""
    settings = behavior_settings(behavior)
    files, archive = build_study(lists, stimuli, experiment, list(settings.classes), 2)
    study = json.loads(files["design.json"])
    design = experiment_settings(experiment).pairs
    return files, archive, preregistration(study, lists, pairs, design, settings.quality)
