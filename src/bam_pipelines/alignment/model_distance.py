"""How much the models of any two people differ."""

import numpy as np
import torch
from scipy.special import softmax

from bam_pipelines.alignment.individuals import IndividualModels


def model_distances(models: IndividualModels, images: torch.Tensor) -> np.ndarray:
    """Return the distances between what people's models say about images.

    Parameters
    ----------
    models
        Individual models of n people.
    images
        float32, (N, C, H, W) in [0, 1].

    Returns
    -------
    numpy.ndarray
        float64, (n, n): the squared Hellinger distance of the class probabilities, 0 to 1, averaged over images; in
        the order of ``models.participant_ids``.

    References
    ----------
    Le Cam 1986, "Asymptotic methods in statistical decision theory": the distance says how many answers it takes to
    tell two sources of answers apart.
    """
    roots = np.stack([np.sqrt(softmax(logits.double().numpy(), axis=1)).ravel() for _, logits in models.logits(images)])
    return np.asarray(np.clip(1 - roots @ roots.T / len(images), 0.0, 1.0))
