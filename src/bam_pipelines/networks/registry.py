"""Every architecture by the name that stands in a weights file's header, and reading and writing of such files."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import torch
from safetensors import safe_open
from torch import nn

from bam_pipelines.compute.faults import InputError
from bam_pipelines.compute.fingerprint import fingerprint
from bam_pipelines.compute.untrusted import decoding
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.classifiers import CLASSIFIER_NAMES, build_classifier, build_vgg
from bam_pipelines.networks.denoiser import PatchUNet
from bam_pipelines.networks.recognition import FeatureNetwork, ObserverNetwork, StridedJudge
from bam_pipelines.networks.weight_sets import write_weights

_DIGEST = "digest"
_WHOLE = "a whole safetensors file; restore it or make it again"

ARCHITECTURES: dict[str, Callable[..., nn.Module]] = {
    **{name: partial(build_classifier, name) for name in CLASSIFIER_NAMES},
    "patch_unet": PatchUNet,
    "vgg_judge": build_vgg,
    "strided_judge": StridedJudge,
    "feature_network": FeatureNetwork,
    "observer_network": ObserverNetwork,
}


def build_network(specification: NetworkSpecification, seed: int) -> nn.Module:
    """Build the untrained network that a specification names, its weights drawn from ``seed``.

    The global random state is left as it was.

    Raises
    ------
    ValueError
        If the architecture is unknown or does not take the arguments.
    """
    if specification.architecture not in ARCHITECTURES:
        raise InputError(
            f"architecture {specification.architecture!r} is unknown, expected one of {', '.join(ARCHITECTURES)}."
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        try:
            return ARCHITECTURES[specification.architecture](**specification.arguments)
        except TypeError as error:
            raise InputError(f"architecture {specification.architecture!r}: {error}; correct its arguments.") from error


def write_network(trained: TrainedNetwork, path: Path) -> None:
    """Write weights and specification to one safetensors file and flush it to disk."""
    write_tensors(trained.network.state_dict(), path, trained.specification.to_header())


def read_network(path: Path) -> TrainedNetwork:
    """Read what :func:`write_network` wrote.

    Raises
    ------
    ValueError
        If the file is damaged, its header lacks a field, or weights and architecture do not fit.
    """
    tensors, header = read_tensors(path)
    try:
        specification = NetworkSpecification.from_header(header)
        check_weights(planned_network(specification), tensors)
        network = build_network(specification, seed=0)
        network.load_state_dict(tensors)
    except ValueError as error:
        raise InputError(f"{path}: {error} Train the network again or restore the file.") from error
    return TrainedNetwork(network, specification)


def planned_network(specification: NetworkSpecification) -> nn.Module:
    """Build the network that a file's header asks for, its weights without memory or values.

    Raises
    ------
    ValueError
        If the architecture is unknown or does not take the arguments.
    """
    with decoding("the weights' header", "the arguments of an architecture"), torch.device("meta"):
        return build_network(specification, seed=0)


def check_weights(planned: nn.Module, tensors: Mapping[str, torch.Tensor]) -> None:
    """Check that weights are those of a network, before the memory is taken that a file's header asks for.

    Parameters
    ----------
    planned
        Of :func:`planned_network`.
    tensors
        What the file holds.

    Raises
    ------
    ValueError
        If one is missing, unknown, or of another size or kind.
    """
    expected = planned.state_dict()
    different = sorted(
        {name for name, value in expected.items() if name not in tensors or _kind(tensors[name]) != _kind(value)}
        | (set(tensors) - set(expected))
    )
    if different:
        raise InputError(
            f"weights {different[0]!r:.80} are {_shown(tensors.get(different[0]))}, expected "
            f"{_shown(expected.get(different[0]))}."
        )


def _kind(tensor: torch.Tensor) -> tuple[torch.Size, bool]:
    return tensor.shape, tensor.is_floating_point()


def _shown(tensor: torch.Tensor | None) -> str:
    return "nothing" if tensor is None else f"{tensor.dtype} {tuple(tensor.shape)}"


def write_tensors(tensors: dict[str, torch.Tensor], path: Path, header: dict[str, str]) -> None:
    """Write tensors and a header to a safetensors file, with a digest of both in the header, and flush it to disk."""
    write_weights(tensors, path, digested_header(tensors, header))


def digested_header(tensors: Mapping[str, torch.Tensor], header: dict[str, str]) -> dict[str, str]:
    """Return a header with the digest of it and the tensors; see :func:`checked_header`."""
    return header | {_DIGEST: fingerprint(tensors, header)}


def read_tensors(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Read a safetensors file and its header, without the digest.

    Raises
    ------
    ValueError
        If the file is not a whole safetensors file, or its content is not what was written; files without a digest,
        which other programs write, are not checked.
    """
    with decoding(path, _WHOLE), safe_open(path, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no dict
        header = file.metadata() or {}
    return tensors, checked_header(path, tensors, header)


def read_names(path: Path) -> tuple[list[str], dict[str, str]]:
    """Read the names of the tensors in a safetensors file, and its header with the digest, but no tensor.

    Raises
    ------
    ValueError
        If the file is not a whole safetensors file.
    """
    with decoding(path, _WHOLE), safe_open(path, "pt") as file:
        return list(file.keys()), file.metadata() or {}


def checked_header(path: Path, tensors: Mapping[str, torch.Tensor], header: dict[str, str]) -> dict[str, str]:
    """Return the header of a file without the digest, which the tensors must have.

    Parameters
    ----------
    path
        The file, for the error.
    tensors, header
        What was read; each tensor is looked at once, in the order of their names.

    Raises
    ------
    ValueError
        If they are not what was written; files without a digest, which other programs write, are not checked.
    """
    plain = {key: value for key, value in header.items() if key != _DIGEST}
    if header.get(_DIGEST) not in (None, fingerprint(tensors, plain)):
        raise InputError(
            f"{path}: damaged, its weights or header are not what was written; restore it or make it again."
        )
    return plain
