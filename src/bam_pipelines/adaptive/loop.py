"""A round of the loop: learn from all answers so far, choose what to ask next, score predictions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch

from bam_pipelines.adaptive.answer_model import AnswerModel, answer_model, answer_probabilities
from bam_pipelines.adaptive.choice import choose_round, known_of
from bam_pipelines.adaptive.posterior import Asked, Posterior, fit_posterior, padded
from bam_pipelines.adaptive.settings import LoopSettings
from bam_pipelines.adaptive.state import answers_name
from bam_pipelines.alignment.hierarchical import HierarchicalSettings, fit_hierarchical
from bam_pipelines.alignment.trial_data import trial_data
from bam_pipelines.compute.faults import InputError
from bam_pipelines.compute.seeds import numpy_generator, torch_generator
from bam_pipelines.images.table import table_images
from bam_pipelines.networks.checkpoints import TrainedNetwork

HELD_OUT, AIMED_AT = "test", "validation"


@dataclass(frozen=True)
class Standing:
    """What is known of everyone.

    Parameters
    ----------
    names
        Of P participants.
    stimulus_ids
        Of N images.
    model
        Of the images.
    asked
        What each has answered and was learned from.
    posterior
        What that tells of them.
    """

    names: list[str]
    stimulus_ids: list[str]
    model: AnswerModel
    asked: Asked
    posterior: Posterior

    @property
    def places(self) -> dict[str, int]:
        """Return where each stimulus stands among the images."""
        return {name: place for place, name in enumerate(self.stimulus_ids)}


def learn(
    group: TrainedNetwork,
    trials: pd.DataFrame,
    loop_trials: pd.DataFrame,
    stimuli: pd.DataFrame,
    settings: HierarchicalSettings,
    seed: int,
) -> Standing:
    """Fit the population to all answers so far, and everyone's own values.

    Parameters
    ----------
    group
        GroupNet.
    trials
        Of the first round, split by image; fitted to those of split train, stopped by those of split validation.
    loop_trials
        Of the loop; all are learned from.
    stimuli
        Stimulus table of all that was shown, may be shown or is to be predicted.
    settings
        Of the population's fit.
    seed
        The run's seed.

    Returns
    -------
    Standing
        Of everyone with a training trial, and of all stimuli.

    Raises
    ------
    ValueError
        If nobody has a training trial, or an image of a trial is missing.
    """
    every = pd.concat([trials, _as_training(loop_trials)], ignore_index=True) if len(loop_trials) else trials
    data = trial_data(every, stimuli, group.specification.arguments["n_classes"])
    names = sorted(set(data.participant[data.rows("train")].tolist()))
    fit = fit_hierarchical(group, data, names, settings, seed)
    ids = stimuli["stimulus_id"].to_list()
    model = answer_model(fit, table_images(stimuli), ids)
    asked = _asked(every[every["split"] == "train"], names, ids)
    return Standing(names, ids, model, asked, fit_posterior(model, asked))


def learn_more(standing: Standing, loop_trials: pd.DataFrame) -> Standing:
    """Add answers to what is known of each person, with the population as it was."""
    new = _asked(_as_training(loop_trials), standing.names, standing.stimulus_ids)
    old = standing.asked
    asked = Asked(
        torch.cat([old.images, new.images], dim=1),
        torch.cat([old.responses, new.responses], dim=1),
        torch.cat([old.given, new.given], dim=1),
    )
    return replace(standing, asked=asked, posterior=fit_posterior(standing.model, asked, standing.posterior.mean))


def _as_training(loop_trials: pd.DataFrame) -> pd.DataFrame:
    taught = loop_trials["is_catch"] | (loop_trials["phase"] == "practice")
    return loop_trials[~taught].assign(split="train", phase="main")


def _asked(trials: pd.DataFrame, names: Sequence[str], stimulus_ids: Sequence[str]) -> Asked:
    usable = trials["include"] & (trials["task"] == "digit") & (trials["phase"] == "main") & trials["response"].notna()
    places = {name: place for place, name in enumerate(stimulus_ids)}
    own = {name: table for name, table in trials[usable].groupby("participant_id")}
    nothing = trials[:0]
    tables = [own.get(name, nothing) for name in names]
    images = [table["stimulus_id"].map(places).to_numpy(dtype=np.int64) for table in tables]
    return padded(images, [table["response"].to_numpy(dtype=np.int64) for table in tables])


def plan_round(
    standing: Standing,
    pool: Sequence[str],
    aims: Mapping[str, Sequence[str]],
    settings: LoopSettings,
    number: int,
    seed: int,
) -> pd.DataFrame:
    """Choose everyone's next stimuli.

    Parameters
    ----------
    standing
        What is known.
    pool
        Stimuli that may be shown.
    aims
        Stimuli whose answers are to be predicted, by participant.
    settings
        How to choose.
    number
        Of the loop's round, from 1.
    seed
        The run's seed.

    Returns
    -------
    pandas.DataFrame
        Rows of :class:`~bam_pipelines.adaptive.state.LoopState`'s plan.

    Raises
    ------
    ValueError
        If too few stimuli of the pool are left for someone.
    """
    places, single = standing.places, standing.model.to(torch.float32)
    rows = np.array([places[name] for name in pool], dtype=np.int64)
    shown = single.take(torch.from_numpy(rows))
    plans = []
    for person, name in enumerate(standing.names):
        known = known_of(
            standing.posterior, person, settings.samples, torch_generator(seed, "loop/samples", number, name)
        )
        targets = single.take(torch.tensor([places[one] for one in aims[name]], dtype=torch.long))
        own = standing.asked.images[person][standing.asked.given[person]].numpy()
        answered = np.flatnonzero(np.isin(rows, own))
        draw = numpy_generator(seed, "loop/choice", number, name)
        try:
            chosen = choose_round(known, shown, targets, answered, settings, draw)
        except ValueError as error:
            raise InputError(f"participant {name}: {error}") from None
        plans.append(
            pd.DataFrame(
                {
                    "participant_id": name,
                    "round": number,
                    "stimulus_id": np.asarray(pool, dtype=object)[chosen["image"]],
                    "reason": chosen["reason"],
                    "score": chosen["score"],
                }
            )
        )
    return pd.concat(plans, ignore_index=True).astype({"stimulus_id": "str"})


def held_out_losses(
    standing: Standing, trials: pd.DataFrame, settings: LoopSettings, number: int, seed: int
) -> pd.DataFrame:
    """Score everyone's predictions on their answers to test images of the first round.

    Parameters
    ----------
    standing
        What is known of everyone.
    trials
        Of the first round, split by image; only those of split test are used.
    settings
        Samples of what is personal, and the acquisition that the rows name.
    number
        Of the round, from 0 for what was known before the loop.
    seed
        The run's seed.

    Returns
    -------
    pandas.DataFrame
        Rows of :class:`~bam_pipelines.adaptive.state.LoopState`'s metrics; nobody without a held-out trial.

    Raises
    ------
    ValueError
        If nobody answered a test image.
    """
    asked = _asked(trials[trials["split"] == HELD_OUT], standing.names, standing.stimulus_ids)
    scores = []
    for person, name in enumerate(standing.names):
        given = asked.given[person]
        if not given.any():
            continue
        model = standing.model.take(asked.images[person][given])
        samples = standing.posterior.samples(person, settings.samples, torch_generator(seed, "loop/predict", name))
        chances = answer_probabilities(model, samples).mean(dim=0)
        logs = chances.gather(1, asked.responses[person][given][:, None]).log()
        scores.append(
            {
                "participant_id": name,
                "round": number,
                "acquisition": settings.acquisition,
                "n_trials": int(standing.asked.given[person].sum()),
                "n_held_out": int(given.sum()),
                "log_loss": -logs.mean().item(),
            }
        )
    if not scores:
        raise InputError("nobody has an answer to a test image, on which the loop's predictions are scored.")
    return pd.DataFrame(scores).assign(first_answers=answers_name(trials))


def pool_and_aims(
    trials: pd.DataFrame, stimuli: pd.DataFrame, candidates: pd.DataFrame | None, names: Sequence[str]
) -> tuple[list[str], dict[str, list[str]]]:
    """Say which stimuli may be shown, and which answers are worth predicting.

    Parameters
    ----------
    trials
        Of the first round.
    stimuli
        Boundary stimuli. Those that are validation or test images are never shown.
    candidates
        Customised stimuli with pair_id, or None.
    names
        Of participants.

    Returns
    -------
    pool
        Stimulus ids.
    aims
        By participant: stimuli of their pairs; of those without any, the validation images.
    """
    kept_back = set(trials["stimulus_id"][trials["split"].isin([HELD_OUT, AIMED_AT])])
    pool = [name for name in stimuli["stimulus_id"] if name not in kept_back]
    validation = sorted(set(trials["stimulus_id"][trials["split"] == AIMED_AT]))
    by_pair = {} if candidates is None else candidates.groupby("pair_id")["stimulus_id"].agg(list).to_dict()
    own: dict[str, list[str]] = {name: [] for name in names}
    people = set(trials["participant_id"])
    for pair_id, ids in by_pair.items():
        for name in _members(str(pair_id), people):
            if name in own:
                own[name] += ids
    return pool, {name: ids or validation for name, ids in own.items()}


def _members(pair_id: str, people: set[str]) -> tuple[str, ...]:
    """Return the two of a pair, whose ids an x joins; an id of another lab's may hold an x itself."""
    places = [place for place, letter in enumerate(pair_id) if letter == "x"]
    cuts = [(pair_id[:place], pair_id[place + 1 :]) for place in places]
    return next((cut for cut in cuts if people.issuperset(cut)), ())


def summarise_rounds(metrics: pd.DataFrame) -> dict[str, object]:
    """Return what the newest round says, and the mean log-loss by round, nats."""
    last = metrics[metrics["round"] == metrics["round"].max()]
    return {
        "round": int(last["round"].iloc[0]),
        "participants": len(last),
        "trials": float(last["n_trials"].mean()),
        "log_loss": float(last["log_loss"].mean()),
        "log_loss_by_round": metrics.groupby("round")["log_loss"].mean().tolist(),
    }
