"""What must fit before sampling begins: image sizes, value ranges, logits, classes."""

from collections.abc import Mapping, Sequence

import torch

from bam_pipelines.guidance.cells import Cell
from bam_pipelines.networks.checkpoints import TrainedNetwork

UNIT_RANGE = (0.0, 1.0)


def check_sampling_inputs(
    cells: Sequence[Cell],
    classifiers: Mapping[str, TrainedNetwork],
    prior: TrainedNetwork,
    judge: TrainedNetwork,
) -> None:
    """Check that networks and cells fit each other, before anything is sampled.

    Parameters
    ----------
    cells
        What is asked for.
    classifiers
        Networks by the names that the cells use. A header whose notes have ``value_range`` is taken at its word;
        without it, images in [0, 1] are expected.
    prior, judge
        The diffusion prior and the digit judge.

    Raises
    ------
    ValueError
        One sentence: a cell names a classifier that is not given, classifiers of different classes or a target outside
        them; a network takes another image size, number of channels or value range, is in training mode, or gives
        probabilities where logits are expected.
    """
    unknown = sorted({name for cell in cells for name in cell.models} - set(classifiers))
    if unknown:
        raise ValueError(f"cells name the classifiers {', '.join(unknown)}, but only {', '.join(classifiers)} exist.")
    if prior.network.training:
        raise ValueError("the prior is in training mode; call eval() before sampling.")
    shape = [prior.specification.arguments[key] for key in ("channels", "image_size", "image_size")]
    probe = torch.rand(4, *shape, generator=torch.Generator().manual_seed(0))
    _check_network("the judge", judge, probe)
    n_classes = {name: _check_classifier(name, trained, probe) for name, trained in classifiers.items()}
    for cell in cells:
        numbers = {name: n_classes[name] for name in cell.models}
        if len(set(numbers.values())) > 1:
            raise ValueError(
                f"{' and '.join(f'{name} has {number} classes' for name, number in numbers.items())}; classifiers that "
                "guide together need the same classes."
            )
        limit = min(numbers.values(), default=max(n_classes.values()))
        if not (min(cell.targets) >= 0 and max(cell.targets) < limit and cell.targets[0] != cell.targets[1]):
            names = " and ".join(cell.models) or "no classifier"
            raise ValueError(
                f"a cell of {names} has the targets {cell.targets}, expected two different classes from 0 to "
                f"{limit - 1}."
            )


def _check_network(name: str, trained: TrainedNetwork, probe: torch.Tensor) -> torch.Tensor:
    arguments, notes = trained.specification.arguments, trained.specification.notes
    for key, expected in (("channels", probe.shape[1]), ("image_size", probe.shape[3])):
        if arguments.get(key, expected) != expected:
            raise ValueError(
                f"{name} was trained on images with {key} {arguments[key]}, the prior with {expected}; train both on "
                "the same images: stage prior makes prior and judges, stage classifiers the classifiers."
            )
    if tuple(notes.get("value_range", UNIT_RANGE)) != UNIT_RANGE:
        raise ValueError(f"{name} takes images in {notes['value_range']}, expected [0, 1]; train it on such images.")
    if trained.network.training:
        raise ValueError(f"{name} is in training mode; call eval() before sampling.")
    with torch.no_grad():
        output: torch.Tensor = trained.network(probe)
    return output


def _check_classifier(name: str, trained: TrainedNetwork, probe: torch.Tensor) -> int:
    logits = _check_network(f"classifier {name}", trained, probe).float()
    sums = logits.sum(dim=1)
    if bool((logits >= 0).all()) and torch.allclose(sums, torch.ones_like(sums), atol=1e-3):
        raise ValueError(f"classifier {name} returns probabilities, expected logits; leave out its softmax.")
    return logits.shape[1]
