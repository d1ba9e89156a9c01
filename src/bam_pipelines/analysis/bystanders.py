"""What classifiers that had no part in making stimuli see in them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import nn

from bam_pipelines.analysis.outcomes import outcome_of_shares
from bam_pipelines.compute.faults import InputError

LEAST_BYSTANDERS = 5


@torch.no_grad()
def bystander_probabilities(bystanders: Sequence[nn.Module], images: torch.Tensor) -> np.ndarray:
    """Average the probabilities of classifiers that neither guided nor screened.

    Parameters
    ----------
    bystanders
        At least five networks in eval mode, images to logits (N, K).
    images
        Float, (N, C, H, W) in [0, 1].

    Returns
    -------
    numpy.ndarray
        float64, (N, K); each row sums to 1.

    Raises
    ------
    ValueError
        If there are fewer than five: the mean of a few networks is one network's boundary again.
    """
    if len(bystanders) < LEAST_BYSTANDERS:
        raise InputError(f"{len(bystanders)} bystanders, expected at least {LEAST_BYSTANDERS}.")
    batches = [
        torch.stack([network(batch).double().softmax(dim=1) for network in bystanders]).mean(dim=0)
        for batch in images.split(500)
    ]
    return torch.cat(batches).numpy()


def bystander_views(probabilities: np.ndarray, targets: np.ndarray) -> pd.DataFrame:
    """Say how ambiguous each stimulus is to the bystanders, between the two digits it was made for.

    Parameters
    ----------
    probabilities
        (N, K) from :func:`bystander_probabilities`.
    targets
        int, (N, 2).

    Returns
    -------
    pandas.DataFrame
        ``bystander_minimum``, min(p(o1), p(o2)); ``bystander_mass``, p(o1) + p(o2), which catches noise but is highest
        for plain digits, so never to be read alone; ``bystander_ambiguous``, whether the mean probabilities are what
        is a *success* in people: a mass of at least .8 and a minimum of at least .1.
    """
    chosen = np.take_along_axis(probabilities, targets, axis=1)
    outcome = outcome_of_shares(chosen[:, 0], chosen[:, 1])
    return pd.DataFrame(
        {
            "bystander_minimum": chosen.min(axis=1),
            "bystander_mass": chosen.sum(axis=1),
            "bystander_ambiguous": outcome == "success",
        }
    )
