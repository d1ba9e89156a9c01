"""What the parameters of section compute may be; what of it this machine has is seen by :mod:`.device`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from bam_pipelines.compute.checked import CheckedSettings, Count, Problem, wrong


@dataclass(frozen=True)
class ComputeSettings(CheckedSettings):
    """How numbers are computed; conf/base/parameters.yml explains each.

    Parameters
    ----------
    workers, threads
        Shards at once, and torch threads of work that is not cut into shards.
    device, precision, compile
        See :func:`~bam_pipelines.compute.device.resolve_compute`.
    working_folder
        Where finished shards of unfinished work lie; seen from the project's root.
    """

    workers: Count
    threads: Count
    device: Literal["auto", "cpu", "cuda"]
    precision: Literal["auto", "float32", "bfloat16"]
    compile: bool
    working_folder: str

    def conflicts(self) -> Iterable[Problem]:
        """Give compiled networks that would have to be sent to workers."""
        if self.compile and self.workers > 1:
            yield wrong("compile", self.compile, "false, or workers of 1: compiled networks cannot be sent to workers")
