"""Device, precision and parallelism, resolved once from conf."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True)
class Compute:
    """How numbers are computed.

    Parameters
    ----------
    device
        Where networks run.
    bfloat16
        Whether networks run under bfloat16 autocast; weights and losses stay float32.
    workers
        Processes for work that is cut into shards; does not change any result.
    threads
        Torch threads of work that is not cut into shards; another number may change the last bits of a result.
    compiled
        Whether sampling compiles its networks; changes the last bits of a result.
    """

    device: torch.device
    bfloat16: bool
    workers: int
    threads: int
    compiled: bool = False

    def autocast(self) -> torch.autocast:
        """Return the context in which networks run."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16)


def resolve_compute(parameters: Mapping[str, Any]) -> Compute:
    """Turn ``params:compute`` into a :class:`Compute`.

    Parameters
    ----------
    parameters
        ``workers`` and ``threads``, at least 1; ``device``: auto, cpu or cuda; ``precision``: auto, float32 or
        bfloat16; ``compile``: true or false. ``auto`` takes a GPU when there is one, and bfloat16 where the processor
        multiplies it natively.

    Raises
    ------
    ValueError
        If a value is outside these ranges, a GPU is asked for and absent, or networks are to be compiled for several
        workers.
    """
    for key in ("workers", "threads"):
        if not isinstance(parameters[key], int) or parameters[key] < 1:
            raise ValueError(f"compute.{key} is {parameters[key]!r}, expected an integer of at least 1.")
    device, precision, compiled = parameters["device"], parameters["precision"], parameters["compile"]
    if device not in ("auto", "cpu", "cuda"):
        raise ValueError(f"compute.device is {device!r}, expected auto, cpu or cuda.")
    if precision not in ("auto", "float32", "bfloat16"):
        raise ValueError(f"compute.precision is {precision!r}, expected auto, float32 or bfloat16.")
    if not isinstance(compiled, bool):
        raise ValueError(f"compute.compile is {compiled!r}, expected true or false.")
    if compiled and parameters["workers"] > 1:
        raise ValueError("compute.compile is true, but compiled networks cannot be sent to workers: set workers to 1.")
    if device == "cuda" and not torch.cuda.is_available():
        raise ValueError("compute.device is cuda, but torch sees no GPU here; set it to auto or cpu.")
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    bfloat16 = precision == "bfloat16" or (precision == "auto" and _native_bfloat16(device))
    return Compute(torch.device(device), bfloat16, parameters["workers"], parameters["threads"], compiled)


def _native_bfloat16(device: str) -> bool:
    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu.get_capabilities().get("avx512_bf16", False))


@contextmanager
def torch_threads(threads: int) -> Iterator[None]:
    """Use ``threads`` torch threads inside, and as many as before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
