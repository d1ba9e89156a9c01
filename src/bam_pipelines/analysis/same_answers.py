"""Whether results belong to the answers at hand: a stage that was not run again still holds those of other answers."""

import numpy as np
import pandas as pd

from bam_pipelines.analysis.entropy import first_answers, plugin_entropy, response_counts

_CLOSE = 1e-6


def are_entropies_of(entropies: pd.DataFrame, trials: pd.DataFrame, n_classes: int) -> bool:
    """Tell whether people's entropies were those of these trials.

    Parameters
    ----------
    entropies
        ``stimulus_id`` and ``human_entropy`` (bits) of every stimulus, as often as there are models.
    trials
        Trial table of the first round.
    n_classes
        Number of alternatives K.
    """
    counts = response_counts(trials, n_classes)
    expected = pd.Series(plugin_entropy(counts.to_numpy()), index=counts.index)
    found = entropies.drop_duplicates(["stimulus_id", "human_entropy"]).set_index("stimulus_id")["human_entropy"]
    if found.index.has_duplicates or set(found.index) != set(expected.index):
        return False
    return bool(np.allclose(found, expected.loc[found.index], atol=_CLOSE))


def are_choices_of(outcomes: pd.DataFrame, trials: pd.DataFrame) -> bool:
    """Tell whether a pair table was made of these trials: by its choices of the first round, or its people if none.

    Parameters
    ----------
    outcomes
        Pair table; see :func:`bam_pipelines.analysis.pairs.pair_outcomes`.
    trials
        Trial table of the first round.
    """
    answers = first_answers(trials).set_index(["participant_id", "stimulus_id"])["response"]
    sides = [
        outcomes[["round", "participant_" + side, "stimulus_id", "choice_" + side]].set_axis(
            ["round", "participant_id", "stimulus_id", "choice"], axis=1
        )
        for side in "12"
    ]
    chosen = pd.concat(sides)
    first = chosen[chosen["round"] == 1]
    if first.empty:
        return set(chosen["participant_id"]) <= set(trials["participant_id"])
    places = pd.MultiIndex.from_frame(first[["participant_id", "stimulus_id"]])
    known = answers.reindex(places)
    return bool((known.to_numpy() == first["choice"].to_numpy(dtype=np.float64)).all())
