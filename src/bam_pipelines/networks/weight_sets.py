"""Writing safetensors files, the same bytes whenever they hold the same: the library's own order of a header varies."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from bam_pipelines.compute.durable import sync

Weights = dict[str, torch.Tensor]
_LENGTH = 8  # bytes that say how long a file's description is; the description is padded to as many


def write_weights(weights: Weights, path: Path, header: dict[str, str]) -> None:
    """Write tensors and a header to one safetensors file and flush it to disk.

    Parameters
    ----------
    weights
        Tensors by their names.
    path
        The file.
    header
        Its metadata, kept in their order.
    """
    tensors, data = _block(weights)
    _write({"__metadata__": header} | tensors, [data], path)


def write_weight_sets(sets: Mapping[str, Weights], path: Path, header: dict[str, str]) -> None:
    """Write sets of tensors as ``{set}/{tensor}`` to one safetensors file and flush it to disk.

    One set at a time is held as bytes: together they may not fit the memory.

    Parameters
    ----------
    sets
        At least one set by its name, each with the same tensors' names, types and shapes; read in turn, each once.
    path
        The file.
    header
        Its metadata.

    Raises
    ------
    ValueError
        If a set is unlike the first.

    References
    ----------
    The format: huggingface.co/docs/safetensors, "Format".
    """
    first, data = _block(next(iter(sets.values())))
    description: dict[str, Any] = {"__metadata__": header}
    for place, owner in enumerate(sets):
        for name, tensor in first.items():
            offsets = [offset + place * len(data) for offset in tensor["data_offsets"]]
            description[f"{owner}/{name}"] = tensor | {"data_offsets": offsets}
    _write(description, _alike_blocks(sets, first), path)


def _alike_blocks(sets: Mapping[str, Weights], first: dict[str, Any]) -> Iterable[bytes]:
    for owner, tensors in sets.items():
        found, data = _block(tensors)
        if found != first:
            raise ValueError(f"the weights of {owner!r} have other names, types or shapes than those of the first.")
        yield data


def _write(description: dict[str, Any], blocks: Iterable[bytes], path: Path) -> None:
    text = json.dumps(description).encode()
    text += b" " * (-len(text) % _LENGTH)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(_LENGTH, "little") + text)
        for data in blocks:
            file.write(data)
    sync(path)


def _block(tensors: Weights) -> tuple[dict[str, Any], bytes]:
    """Return the description of tensors and their bytes, as safetensors writes them."""
    # copied, because networks may use one tensor twice and safetensors refuses shared memory
    content = save({name: value.detach().clone().contiguous() for name, value in tensors.items()})
    begin = _LENGTH + int.from_bytes(content[:_LENGTH], "little")
    return json.loads(content[_LENGTH:begin]), content[begin:]
