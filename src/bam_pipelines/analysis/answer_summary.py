"""Numbers that describe the answers of one round: how many, how careful, how uncertain, how much people agree."""

from typing import Any

import pandas as pd
from scipy.stats import spearmanr

from bam_pipelines.analysis.ceilings import (
    agreement_with_oneself,
    agreement_with_others,
    repeats,
    split_half_reliability,
)
from bam_pipelines.analysis.entropy import (
    dirichlet_entropy,
    first_answers,
    miller_madow_entropy,
    plugin_entropy,
    response_counts,
)
from bam_pipelines.analysis.outcomes import guidance_outcomes, guided
from bam_pipelines.analysis.published import ANSWERS_PER_IMAGE, GUIDANCE_SHARES, ZERO_ENTROPY_SHARE
from bam_pipelines.compute.faults import InputError

_ASKED = ("main", "manipulation")  # phases whose images are no test of attention
# a person's own ceiling needs so many repeats, so many trials apart that the first answer is no longer in mind
_OWN_REPEATS, _OWN_GAP = 50, 100


def stimulus_entropies(trials: pd.DataFrame) -> pd.DataFrame:
    """Return the plug-in entropy of the answers to each stimulus of phase main or manipulation.

    Parameters
    ----------
    trials
        Trial table of one round.

    Returns
    -------
    pandas.DataFrame
        stimulus_id, n_answers, entropy (bits), median_rt_ms (null without response times); sorted by stimulus_id.
        Included first showings only. With few answers an image the plug-in entropy is too low on average.
    """
    answers = first_answers(trials, _ASKED)
    counts = answers.groupby(["stimulus_id", "response"]).size().unstack(fill_value=0)
    return pd.DataFrame(
        {
            "stimulus_id": counts.index.to_numpy(),
            "n_answers": counts.sum(axis=1).to_numpy(),
            "entropy": plugin_entropy(counts.to_numpy()) if len(counts) else [],
            "median_rt_ms": answers.groupby("stimulus_id")["rt_ms"].median().to_numpy(),
        }
    )


def person_agreement(trials: pd.DataFrame) -> float:
    """Return how often two different participants answer the same, over all pairs of answers to one image.

    An image with n answers counts as n (n − 1) / 2 pairs; NaN where no image has two answers.
    """
    answers = first_answers(trials, _ASKED)
    same = answers.groupby(["stimulus_id", "response"]).size()
    total = answers.groupby("stimulus_id").size()
    pairs = float((total * (total - 1)).sum())
    return float((same * (same - 1)).sum()) / pairs if pairs else float("nan")


def summarise_answers(trials: pd.DataFrame, participants: pd.DataFrame) -> dict[str, float]:
    """Summarise one round in flat numbers.

    Parameters
    ----------
    trials, participants
        Trial table and participant table, after the quality rules.

    Returns
    -------
    dict
        Counts of all and included participants and trials; means over participants of catch accuracy, lapse and
        repeat agreement; median response time; answers an image, share of images with zero entropy, mean entropy
        (bits), and the agreement between two different participants. What was not measured is left out.

    Raises
    ------
    ValueError
        If no included answer is left.
    """
    entropies = stimulus_entropies(trials)
    if entropies.empty:
        raise InputError("trials: no included answer outside catch trials is left; exclusions names the broken rules.")
    numbers = {
        "n_participants": len(participants),
        "n_participants_included": int(participants["include"].sum()),
        "n_trials": len(trials),
        "n_trials_included": int(trials["include"].sum()),
        "n_stimuli": len(entropies),
        "answers_per_stimulus": entropies["n_answers"].mean(),
        "catch_accuracy_mean": participants["catch_accuracy"].mean(),
        "lapse_mean": participants["lapse"].mean(),
        "repeat_agreement_mean": participants["repeat_agreement"].mean(),
        "person_agreement": person_agreement(trials),
        "median_rt_ms": trials["rt_ms"].median(),
        "zero_entropy_share": (entropies["entropy"] == 0).mean(),
        "entropy_bits_mean": entropies["entropy"].mean(),
    }
    measured = {name: number for name, number in numbers.items() if not pd.isna(number)}
    return {name: number if isinstance(number, int) else float(number) for name, number in measured.items()}


def summarise_reliability(trials: pd.DataFrame, n_classes: int, seed: int) -> dict[str, Any]:
    """Summarise how well the main trials of a round could be predicted.

    Parameters
    ----------
    trials
        Trial table, after the quality rules.
    n_classes
        Number of alternatives K.
    seed
        The run's seed.

    Returns
    -------
    dict
        ``split_half_shares`` and ``split_half_entropy``, ``agreement_with_others`` (``lower`` and ``upper`` bound) and
        ``agreement_with_oneself``, each with its interval, see :mod:`bam_pipelines.analysis.ceilings`; ``repeats`` and
        ``people_with_own_ceiling`` (at least 50 repeats at least 100 trials apart); ``entropy_bits``, the mean over
        images as ``plugin``, ``miller_madow`` and ``dirichlet`` estimate it; ``rt_entropy_spearman`` over images. Empty
        without main trials, as in a second round.
    """
    counts = response_counts(trials, n_classes).to_numpy()
    if not len(counts):
        return {}
    pairs = repeats(trials)
    far = pairs[pairs["apart"] >= _OWN_GAP].groupby("participant_id").size()
    estimators = {"plugin": plugin_entropy, "miller_madow": miller_madow_entropy, "dirichlet": dirichlet_entropy}
    return {
        "split_half_shares": split_half_reliability(trials, n_classes, "shares", seed),
        "split_half_entropy": split_half_reliability(trials, n_classes, "entropy", seed),
        "agreement_with_others": agreement_with_others(trials, n_classes, seed),
        "agreement_with_oneself": agreement_with_oneself(pairs, seed),
        "repeats": len(pairs),
        "people_with_own_ceiling": int((far >= _OWN_REPEATS).sum()),
        "entropy_bits": {name: float(estimate(counts).mean()) for name, estimate in estimators.items()},
        "rt_entropy_spearman": _rt_by_entropy(stimulus_entropies(trials)),
    }


def compare_with_published(trials: pd.DataFrame, stimuli: pd.DataFrame, n_classes: int) -> dict[str, Any]:
    """Set what a first round found beside what the paper published, as the paper counted it.

    Parameters
    ----------
    trials
        Trial table of a first round, after the quality rules.
    stimuli
        Stimulus table of the trials; without targets, as in a release, there are no outcomes.
    n_classes
        Number of alternatives K.

    Returns
    -------
    dict
        Name to ``published`` and ``found``: answers an image, the share of images with zero entropy, and the shares of
        guidance outcomes. With fewer answers an image more are unanimous, so that the first must be alike before the
        others can be. Empty without main trials.
    """
    counts = response_counts(trials, n_classes)
    if counts.empty:
        return {}
    table = {
        "answers_per_image": (ANSWERS_PER_IMAGE, float(counts.sum(axis=1).mean())),
        "zero_entropy_share": (ZERO_ENTROPY_SHARE, float((plugin_entropy(counts.to_numpy()) == 0).mean())),
    }
    # answers from elsewhere may have no images
    if len(guided(stimuli[stimuli["stimulus_id"].isin(counts.index) & stimuli["target_1"].notna()])):
        outcomes = guided(guidance_outcomes(trials, stimuli, n_classes))["outcome"]
        table |= {name: (share, float((outcomes == name).mean())) for name, share in GUIDANCE_SHARES.items()}
    return {name: {"published": published, "found": found} for name, (published, found) in table.items()}


def _rt_by_entropy(entropies: pd.DataFrame) -> float | None:
    timed = entropies.dropna(subset=["median_rt_ms"])
    if len(timed) < 3 or timed["entropy"].nunique() < 2 or timed["median_rt_ms"].nunique() < 2:
        return None
    return float(spearmanr(timed["entropy"], timed["median_rt_ms"].astype(float)).statistic)
