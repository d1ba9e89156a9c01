"""Nodes of the loop stage."""

from dataclasses import replace
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from bam_pipelines.adaptive.loop import (
    Standing,
    held_out_losses,
    learn,
    learn_more,
    plan_round,
    pool_and_aims,
    summarise_rounds,
)
from bam_pipelines.adaptive.simulated import short_session, simulated_answers
from bam_pipelines.adaptive.state import ROUNDS_BEFORE, LoopState, loop_state, require_same_answers
from bam_pipelines.alignment.hierarchical import HierarchicalSettings
from bam_pipelines.analysis.figures import figure_loop
from bam_pipelines.behavior.ingestion import ingest
from bam_pipelines.behavior.observers import as_observer
from bam_pipelines.behavior.quality import assess_quality
from bam_pipelines.behavior.schemas import STIMULI, row_ids, validate_stimuli
from bam_pipelines.behavior.settings import BehaviorSettings, behavior_settings
from bam_pipelines.compute.checked import read_settings
from bam_pipelines.compute.device import resolve_compute, torch_threads
from bam_pipelines.compute.faults import InputError
from bam_pipelines.experiment.clear_images import choose_clear_images
from bam_pipelines.experiment.planned_lists import build_planned_lists
from bam_pipelines.experiment.settings import experiment_settings
from bam_pipelines.networks.checkpoints import TrainedNetwork
from bam_pipelines.pipelines.behavior.salt import read_salt
from bam_pipelines.pipelines.experiment.nodes import build_study
from bam_pipelines.pipelines.loop.settings import loop_settings
from bam_pipelines.pipelines.places import named_path, project_folder

Tables = dict[str, pd.DataFrame]


def read_state(tables: Tables | None) -> LoopState:
    """Take up the loop where the last round left it."""
    return loop_state(tables)


def read_planned_answers(tables: Tables | None, shown: pd.DataFrame | None, behavior: dict[str, Any]) -> LoopState:
    """Take up the loop, and read people's answers to the round that was planned last."""
    state, settings = loop_state(tables), behavior_settings(behavior)
    if shown is None or state.planned_round == state.answered_round:
        return state
    source = settings.people.of_round(ROUNDS_BEFORE + state.planned_round)
    if not named_path(source.path).exists():
        raise InputError(
            f"round {state.planned_round} of the loop is planned and not answered: no answers at {source.path}; serve "
            "its study with `kedro experiment serve --study <loop_study> --answers <that folder>`."
        )
    known = validate_stimuli(shown)
    share, root = settings.max_reject_share, project_folder()
    found = ingest(settings.source, source, root, read_salt(), known, share, settings.n_classes)
    _require_planned(found.trials, state)
    return state.with_rows(trials=_within_time(found.trials, found.sittings, settings, state.planned_round))


def _require_planned(trials: pd.DataFrame, state: LoopState) -> None:
    planned = set(state.plan["participant_id"][state.plan["round"] == state.planned_round])
    others = sorted(set(trials["participant_id"]) - planned)
    if others:
        raise InputError(
            f"{len(others)} of those who answered round {state.planned_round} of the loop have no plan in it, "
            f"{others[0]} first: take their answers away, or set BAM_SALT to what it was when they were planned."
        )


def _within_time(trials: pd.DataFrame, sittings: pd.DataFrame, settings: BehaviorSettings, number: int) -> pd.DataFrame:
    """Flag answers that came too fast or too late; the other rules need more trials than a round of the loop has."""
    rules = replace(
        settings.quality,
        catch_accuracy=0.0,
        completion=0.0,
        rt_deviation=None,
        longest_run=None,
        response_entropy_bits=None,
        clear_repeat_agreement=None,
        blur_events=None,
    )
    study_round = ROUNDS_BEFORE + number
    # of a page that was opened again each sitting counts trials from 0
    order = trials.sort_values(["participant_id", "session", "trial_index"])
    indices = order.groupby("participant_id").cumcount()
    numbered = trials.assign(round=study_round, session=study_round, trial_index=indices)
    numbered = numbered.astype({"round": "int16", "session": "int16", "trial_index": "int32"})
    numbered["row_id"] = row_ids(numbered)
    return assess_quality(numbered, sittings, rules, settings.n_classes).trials


def learn_from_answers(
    state: LoopState,
    trials: pd.DataFrame,
    trial_stimuli: pd.DataFrame,
    stimuli: pd.DataFrame,
    candidates: pd.DataFrame | None,
    options: dict[str, Any],
    population: dict[str, Any],
    compute: dict[str, Any],
    seed: int,
    **groups: TrainedNetwork,
) -> Standing:
    """Fit the population to all answers so far, and everyone's own values."""
    require_same_answers(state, trials)
    name = loop_settings(options).classifier
    every = _joined(trial_stimuli, stimuli, *([] if candidates is None else [candidates]))
    settings = read_settings(HierarchicalSettings, "alignment.hierarchical", population)
    with torch_threads(resolve_compute(compute).threads):
        return learn(groups[name], trials, state.trials, every, settings, seed)


def choose_stimuli(
    state: LoopState,
    standing: Standing,
    trials: pd.DataFrame,
    stimuli: pd.DataFrame,
    candidates: pd.DataFrame | None,
    options: dict[str, Any],
    seed: int,
) -> LoopState:
    """Score predictions, and plan the next round."""
    settings, number = loop_settings(options), state.planned_round
    if number == 0 or number not in set(state.metrics["round"]):
        state = state.with_rows(metrics=held_out_losses(standing, trials, settings, number, seed))
    pool, aims = pool_and_aims(trials, stimuli, candidates, standing.names)
    return state.with_rows(plan=plan_round(standing, pool, aims, settings, number + 1, seed))


def answer_stimuli(
    state: LoopState,
    standing: Standing,
    trials: pd.DataFrame,
    stimuli: pd.DataFrame,
    digits: pd.DataFrame,
    observer: TrainedNetwork,
    participants: pd.DataFrame,
    options: dict[str, Any],
    behavior: dict[str, Any],
    seed: int,
) -> LoopState:
    """Let simulated participants answer the planned round, learn from it, and score predictions again."""
    number = state.planned_round
    plan = state.plan[state.plan["round"] == number]
    front_end = as_observer(observer.network)
    answers = simulated_answers(plan, stimuli, digits, front_end, participants, behavior_settings(behavior), seed)
    after = learn_more(standing, answers)
    scores = held_out_losses(after, trials, loop_settings(options), number, seed)
    return state.with_rows(trials=answers, metrics=scores)


def plan_loop_study(
    state: LoopState,
    stimuli: pd.DataFrame,
    digits: pd.DataFrame,
    observer: TrainedNetwork,
    experiment: dict[str, Any],
    behavior: dict[str, Any],
    seed: int,
) -> tuple[dict[str, str | bytes], dict[str, bytes], pd.DataFrame, pd.DataFrame]:
    """Build the planned round's study: one list a person, whose each list is, and every image that is shown."""
    settings, answers = experiment_settings(experiment), behavior_settings(behavior)
    sitting, number = short_session(answers.session), ROUNDS_BEFORE + state.planned_round
    others = digits[~digits["stimulus_id"].isin(stimuli["stimulus_id"])]
    front_end = as_observer(observer.network)
    clear = choose_clear_images(others, front_end, settings, sitting, seed, ROUNDS_BEFORE + 1)
    plan = state.plan[state.plan["round"] == state.planned_round]
    lists, places = build_planned_lists(plan, clear, settings, sitting, seed, number)
    every = _joined(stimuli, *clear)
    shown = every[every["stimulus_id"].isin(lists["stimulus_id"])].reset_index(drop=True)
    files, archive = build_study(lists, shown, experiment, list(answers.classes), number)
    return files, archive, places, shown


def keep_state(state: LoopState, places: pd.DataFrame) -> Tables:
    """Hand the loop to the next round, as one version, once the planned round's study is there.

    A round that is killed before leaves the old state, and is planned alike when it is run again.
    """
    del places
    return state.tables()


def report_loop(tables: Tables, behavior: dict[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any], Figure]:
    """Give trials, metrics, numbers and a learning curve of what was kept."""
    state = loop_state(tables)
    figure = figure_loop(state.metrics, behavior["source"] == "simulated")
    return state.trials, state.metrics, summarise_rounds(state.metrics), figure


def _joined(*tables: pd.DataFrame) -> pd.DataFrame:
    """Return stimulus tables as one, each stimulus once."""
    every = pd.concat([table[list(STIMULI.kinds)].astype("object") for table in tables], ignore_index=True)
    return validate_stimuli(every.drop_duplicates("stimulus_id").reset_index(drop=True))
