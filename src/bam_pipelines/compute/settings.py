"""What the parameters of section compute may be; what of it this machine has is seen where it is used."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from bam_pipelines.compute.checked import CheckedSettings, Count, Problem, wrong


@dataclass(frozen=True)
class DeviceSettings(CheckedSettings):
    """How numbers are computed; conf/base/parameters.yml explains each.

    Parameters
    ----------
    threads, device, precision, compile
        As :class:`~bam_pipelines.compute.device.Compute` has them.
    """

    threads: Count
    device: Literal["auto", "cpu", "cuda"]
    precision: Literal["auto", "float32", "bfloat16"]
    compile: bool


@dataclass(frozen=True)
class WorkerSettings(CheckedSettings):
    """Who works on shards; conf/base/parameters.yml explains each.

    Parameters
    ----------
    backend, workers, scheduler
        As :class:`~bam_pipelines.compute.workers.Workers` has them; ``auto`` for as many as fit.
    """

    backend: Literal["sequential", "loky", "dask"]
    workers: Literal["auto"] | Count
    scheduler: str | None

    def conflicts(self) -> Iterable[Problem]:
        """Give what fits no scheduler."""
        if self.scheduler is not None and self.backend != "dask":
            yield wrong("scheduler", self.scheduler, "null, or an address with compute.backend: dask")
        if self.scheduler is not None and self.workers != "auto":
            yield wrong("workers", self.workers, "auto: a scheduler's workers are as many as were started")


@dataclass(frozen=True)
class ComputeSettings(WorkerSettings, DeviceSettings):
    """The whole section.

    Parameters
    ----------
    working_folder
        Where finished shards of unfinished work lie; seen from the project's root.
    """

    working_folder: str
