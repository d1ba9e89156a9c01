"""Fisher information of answers about one person: what answers tell while little is left to learn.

For small posterior covariances Σ the information that the answer to x brings on the answers to targets, in nats, is
tr(F_x Σ F_* Σ) / 2, with F_x the Fisher information of x's answer and F_* the targets' mean. It needs no samples, so
that whole pools can be looked through; and as F does not depend on the answer, what a planned trial leaves to learn is
known before it is answered.
"""

import torch

from bam_pipelines.adaptive.answer_model import AnswerModel, answer_derivatives


def information_roots(model: AnswerModel, personal: torch.Tensor) -> torch.Tensor:
    """Return Q_x, (N, K, size), for all images: Q_xᵀ Q_x is the Fisher information at ``personal`` (size,)."""
    everything = torch.arange(len(model.logits))[None]
    probabilities, derivatives = answer_derivatives(model, everything, personal[None])
    return (derivatives / probabilities.sqrt()[..., None])[0]


def mean_information(roots: torch.Tensor) -> torch.Tensor:
    """Return the mean over images of the Fisher information, (size, size), from roots (T, K, size)."""
    flat = roots.flatten(0, 1)
    return flat.T @ flat / len(roots)


def linear_epig(roots: torch.Tensor, targets: torch.Tensor, covariance: torch.Tensor) -> torch.Tensor:
    """Return the information on target images that the answer to each image brings, (N,) nats, while that is little.

    Parameters
    ----------
    roots
        (N, K, size), of :func:`information_roots`.
    targets
        (size, size), of :func:`mean_information`.
    covariance
        (size, size), of what is personal.

    References
    ----------
    Kirsch & Gal 2022, "Unifying approaches in active learning and active sampling via Fisher information and
    information-theoretic quantities", TMLR, section 5.
    """
    middle = covariance @ targets @ covariance
    return 0.5 * ((roots @ middle) * roots).sum(dim=(1, 2))


def after_answer(covariance: torch.Tensor, root: torch.Tensor) -> torch.Tensor:
    """Return the covariance (size, size) after one more answer, to the image with the root (K, size)."""
    seen = root @ covariance
    noise = torch.eye(len(root), dtype=root.dtype)
    left: torch.Tensor = covariance - seen.T @ torch.linalg.solve(noise + seen @ root.T, seen)
    return left
