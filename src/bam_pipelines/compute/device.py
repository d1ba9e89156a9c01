"""Device, precision and threads, resolved from conf where the numbers are computed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from bam_pipelines.compute.checked import read_settings
from bam_pipelines.compute.gpu import take_gpu
from bam_pipelines.compute.settings import DeviceSettings


@dataclass(frozen=True)
class Compute:
    """How numbers are computed.

    ``auto`` is resolved by the process that reads :attr:`device` and :attr:`bfloat16`: a worker on another machine uses
    what that machine has.

    Parameters
    ----------
    wanted_device
        ``auto`` (a GPU where there is one), ``cpu`` or ``cuda``.
    wanted_precision
        ``auto`` (bfloat16 where the processor multiplies it natively), ``float32`` or ``bfloat16``.
    threads
        Torch threads of work that is not cut into shards; another number may change the last bits of a result.
    compiled
        Whether sampling compiles its networks; changes the last bits of a result.
    """

    wanted_device: str = "cpu"
    wanted_precision: str = "float32"
    threads: int = 1
    compiled: bool = False

    @property
    def device(self) -> torch.device:
        """Where networks run in this process.

        Raises
        ------
        ValueError
            If a GPU is asked for and absent.
        RuntimeError
            If this is a worker and other workers hold all GPUs.
        """
        available = torch.cuda.is_available()
        if self.wanted_device == "cuda" and not available:
            raise ValueError("compute.device is cuda, but torch sees no GPU here; set it to auto or cpu.")
        return take_gpu() if available and self.wanted_device != "cpu" else torch.device("cpu")

    @property
    def bfloat16(self) -> bool:
        """Whether networks run under bfloat16 autocast in this process; weights and losses stay float32."""
        if self.wanted_precision != "auto":
            return self.wanted_precision == "bfloat16"
        if self.device.type == "cuda":
            return bool(torch.cuda.is_bf16_supported(including_emulation=False))
        return bool(torch.cpu.get_capabilities().get("avx512_bf16", False))

    @property
    def arithmetic(self) -> tuple[str, bool, bool]:
        """Device, precision and compilation in this process: what the last bits of a result depend on."""
        return self.device.type, self.bfloat16, self.compiled

    def autocast(self) -> torch.autocast:
        """Return the context in which networks run."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16)


def resolve_compute(parameters: Mapping[str, Any]) -> Compute:
    """Turn ``params:compute`` into a :class:`Compute`.

    Parameters
    ----------
    parameters
        ``threads``, at least 1; ``device``: auto, cpu or cuda; ``precision``: auto, float32 or bfloat16; ``compile``:
        true or false.

    Returns
    -------
    Compute
        The same, checked.

    Raises
    ------
    bam_pipelines.compute.checked.SettingsError
        If a value is outside these ranges.
    ValueError
        If a GPU is asked for and absent.
    """
    names = ("threads", "device", "precision", "compile")
    settings = read_settings(DeviceSettings, "compute", {name: parameters[name] for name in names})
    compute = Compute(settings.device, settings.precision, settings.threads, settings.compile)
    _ = compute.device  # a GPU that is not there is named now, not by the first network
    return compute


@contextmanager
def torch_threads(threads: int) -> Iterator[None]:
    """Use ``threads`` torch threads inside, in a way that gives the same bits each time; as before afterwards."""
    before, same_bits = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(threads)
    # else several threads add up the gradients of indexing in the order in which they come to it
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        torch.use_deterministic_algorithms(same_bits, warn_only=True)
