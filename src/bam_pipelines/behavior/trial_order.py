"""The order in which one participant sees stimuli, repeats and catch digits."""

import math
from collections.abc import Collection

import numpy as np
import pandas as pd

from bam_pipelines.behavior.settings import SessionSettings
from bam_pipelines.compute.faults import InputError


def trial_order(
    stimulus_ids: list[str],
    catch_ids: list[str],
    settings: SessionSettings,
    repeat_share: float,
    draw: np.random.Generator,
    repeated: Collection[str] | None = None,
) -> pd.DataFrame:
    """Order one sitting at random.

    Parameters
    ----------
    stimulus_ids, catch_ids
        What the participant is to see once, and the clear digits to draw catch trials from; their order does not
        matter.
    settings
        Numbers of catch trials and the gap before a repeat.
    repeat_share
        Share of the stimuli that are shown again.
    draw
        The participant's generator.
    repeated
        Which stimuli are shown again, or None to draw so many as ``repeat_share`` says.

    Returns
    -------
    pandas.DataFrame
        stimulus_id, repetition (0, or 1 for a repeat), is_catch; in order of presentation. A repeat comes at least
        ``repeat_gap`` trials after the first showing.

    Raises
    ------
    ValueError
        If so many repeats or catch trials do not fit.
    """
    first = draw.permutation(sorted(stimulus_ids))
    n_repeats = round(repeat_share * len(first)) if repeated is None else len(repeated)
    origins, places = _repeats(len(first), n_repeats, settings.repeat_gap, draw)
    if repeated is not None:
        first = _brought_to(first, origins, repeated)
    n_shown = len(first) + len(origins)
    catches = _catch_digits(catch_ids, n_shown, settings, draw)
    # Sorting keys: the k-th first showing stands at k; repeats and catch trials fall in between.
    keys = np.concatenate([np.arange(len(first)), places, draw.uniform(-1, len(first), len(catches))])
    table = pd.DataFrame(
        {
            "stimulus_id": np.concatenate([first, first[origins], catches]).astype(object),
            "repetition": np.concatenate([np.zeros(len(first)), np.ones(len(origins)), np.zeros(len(catches))]),
            "is_catch": np.arange(len(keys)) >= n_shown,
        }
    )
    ordered = table.iloc[np.argsort(keys, kind="stable")].reset_index(drop=True)
    return ordered.astype({"stimulus_id": "str", "repetition": "int8"})


def _repeats(n: int, n_repeats: int, gap: int, draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return which first showings are repeated and the sorting keys of the repeats."""
    n_early = max(0, n - gap)  # first showings with at least `gap` others after them
    if n_repeats > n_early:
        raise InputError(
            f"{n_repeats} repeats, each {gap} trials after its first showing, do not fit among {n} stimuli: at most "
            f"{n_early} do; lower repeat_share or repeat_gap in behavior.session or, for pairs, in experiment.pairs."
        )
    origins = draw.choice(n_early, n_repeats, replace=False) if n_repeats else np.zeros(0, dtype=np.int64)
    # Standing just before item q means that q − origin trials lie from one to the other, others inserted apart.
    return origins, draw.integers(origins + gap, n + 1) - 0.5


def _brought_to(first: np.ndarray, origins: np.ndarray, repeated: Collection[str]) -> np.ndarray:
    """Return a random order in which the repeated stimuli stand at the origins."""
    again = np.isin(first, list(repeated))
    order = np.empty_like(first)
    at_origin = np.zeros(len(first), dtype=bool)
    at_origin[origins] = True
    order[origins], order[~at_origin] = first[again], first[~again]
    return order


def _catch_digits(
    catch_ids: list[str], n_shown: int, settings: SessionSettings, draw: np.random.Generator
) -> np.ndarray:
    n_catch = max(settings.minimum_catch, math.ceil(settings.catch_share * n_shown))
    if n_catch > len(catch_ids):
        raise InputError(
            f"{n_catch} catch trials are needed, but there are {len(catch_ids)} clear digits; "
            "raise behavior.session.catch_pool."
        )
    return draw.permutation(sorted(catch_ids))[:n_catch]
