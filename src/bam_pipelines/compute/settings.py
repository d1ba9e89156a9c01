"""What the parameters of section compute may be; what of it this machine has is seen where it is used."""

from dataclasses import dataclass
from typing import Literal

from bam_pipelines.compute.checked import CheckedSettings, Count


@dataclass(frozen=True)
class ComputeSettings(CheckedSettings):
    """How numbers are computed; conf/base/parameters.yml explains each.

    Parameters
    ----------
    backend, workers, scheduler
        See :func:`~bam_pipelines.compute.workers.resolve_workers`.
    threads, device, precision, compile
        See :func:`~bam_pipelines.compute.device.resolve_compute`.
    working_folder
        Where finished shards of unfinished work lie; seen from the project's root.
    """

    backend: Literal["sequential", "loky", "dask"]
    workers: Literal["auto"] | Count
    scheduler: str | None
    threads: Count
    device: Literal["auto", "cpu", "cuda"]
    precision: Literal["auto", "float32", "bfloat16"]
    compile: bool
    working_folder: str
