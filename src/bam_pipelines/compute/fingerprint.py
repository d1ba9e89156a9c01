"""One short name for everything that a result depends on."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import nn


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...


def fingerprint(*parts: object) -> str:
    """Name values by their content.

    Parameters
    ----------
    *parts
        Networks (structure and weights), tensors and arrays (every value), dataclasses, mappings (in any order),
        sequences, and anything else whose ``repr`` is stable.

    Returns
    -------
    str
        16 hex digits, the same for the same content on every machine.
    """
    digest = hashlib.sha256()
    for part in parts:
        _feed(digest, part)
    return digest.hexdigest()[:16]


def module_texts(*places: str | Path) -> list[str]:
    """Return the text of modules, for what other code made must not be taken for what this one makes.

    Parameters
    ----------
    *places
        Files, or folders of which every module is read.

    Returns
    -------
    list of str
        One a module; a folder's in the order of their names.
    """
    files = [
        file for place in map(Path, places) for file in ([place] if place.is_file() else sorted(place.glob("*.py")))
    ]
    return [file.read_text(encoding="utf-8") for file in files]


def _feed(digest: _Digest, part: object) -> None:
    kind = dict if isinstance(part, Mapping) else type(part)  # whatever mapping: one that reads from a file, too
    digest.update(f"<{kind.__name__}>".encode())
    if isinstance(part, nn.Module):
        digest.update(repr(part).encode())
        _feed(digest, part.state_dict())
    elif isinstance(part, torch.Tensor):
        _feed(digest, part.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
        digest.update(f"{part.dtype}{tuple(part.shape)}".encode())
    elif isinstance(part, np.ndarray):
        digest.update(f"{part.dtype}{part.shape}".encode() + np.ascontiguousarray(part).tobytes())
    elif is_dataclass(part):
        _feed(digest, {field.name: getattr(part, field.name) for field in fields(part)})
    elif isinstance(part, Mapping):
        for key in sorted(part, key=repr):
            _feed(digest, key)
            _feed(digest, part[key])
    elif isinstance(part, Sequence) and not isinstance(part, str | bytes):
        digest.update(str(len(part)).encode())
        for value in part:
            _feed(digest, value)
    else:
        digest.update(repr(part).encode())
    digest.update(b"</>")
