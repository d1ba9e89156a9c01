"""Where shards are worked on: in this process, in processes of this machine, or on a cluster."""

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import joblib
import torch

from bam_pipelines.compute.checked import read_settings
from bam_pipelines.compute.faults import Fault
from bam_pipelines.compute.settings import WorkerSettings

_LOOPBACK = "127.0.0.1"
_CONNECT_SECONDS, _WAIT_SECONDS = 30, 600

logger = logging.getLogger(__name__)


class WorkersLostError(Fault, RuntimeError):
    """Workers, or what leads them, ended before their shards did."""


@dataclass(frozen=True)
class Workers:
    """Who works on shards; no result depends on it.

    Parameters
    ----------
    backend
        ``sequential``: this process; ``loky``: processes of this machine; ``dask``: a dask cluster.
    number
        Of shards worked on at once, at least 1; None for all that there is: a worker a core or, with GPUs, a worker a
        GPU; with a scheduler, all workers that it has.
    scheduler
        Address of a running dask scheduler, such as ``tcp://10.0.0.1:8786``; None to start workers on this machine.
    """

    backend: Literal["sequential", "loky", "dask"] = "sequential"
    number: int | None = None
    scheduler: str | None = None


def resolve_workers(parameters: Mapping[str, Any]) -> Workers:
    """Turn ``params:compute`` into :class:`Workers`.

    Parameters
    ----------
    parameters
        ``backend``: sequential, loky or dask; ``workers``: auto, or an integer of at least 1; ``scheduler``: null, or
        an address, of dask only; ``device``: see :func:`~bam_pipelines.compute.device.resolve_compute`.

    Returns
    -------
    Workers
        With a number, unless a scheduler has them.

    Raises
    ------
    bam_pipelines.compute.checked.SettingsError
        If a value is outside these ranges.
    ValueError
        If more workers are asked for than there are GPUs that they are to use.
    """
    names = ("backend", "workers", "scheduler")
    settings = read_settings(WorkerSettings, "compute", {name: parameters[name] for name in names})
    if settings.scheduler is not None:
        return Workers(settings.backend, None, settings.scheduler)
    gpus = torch.cuda.device_count() if parameters["device"] != "cpu" else 0
    if settings.workers == "auto":
        return Workers(settings.backend, gpus or joblib.cpu_count())
    if gpus and settings.workers > gpus and settings.backend != "sequential":
        raise ValueError(
            f"compute.workers is {settings.workers}, expected at most {gpus}: each GPU has one worker; auto takes all."
        )
    return Workers(settings.backend, settings.workers)


@contextmanager
def open_workers(workers: Workers) -> Iterator[None]:
    """Let :func:`~bam_pipelines.compute.shards.run_shards` use these workers inside.

    It follows :class:`joblib.parallel_config`, which can be used in its place.

    Raises
    ------
    WorkersLostError
        If the scheduler cannot be reached, or has no worker for ten minutes.
    """
    if workers.backend == "sequential":
        with joblib.parallel_config("sequential"):
            yield
    elif workers.backend == "loky":
        with warnings.catch_warnings():
            # loky replaces a worker whose memory has grown, and says that it may have been killed; losses are errors
            warnings.filterwarnings("ignore", "A worker stopped while some jobs were given", UserWarning)
            # a worker's libraries use one thread: as many workers as cores would otherwise use the square of that
            with joblib.parallel_config("loky", n_jobs=workers.number or -1, inner_max_num_threads=1):
                yield
    else:
        # a second to import, for those who use it
        from bam_pipelines.compute.cluster import ClusterBackend

        # they log with a traceback what ends a shard, which is an error of the run, said in one sentence
        for talkative in ("distributed.client", "distributed.utils"):
            logging.getLogger(talkative).setLevel(logging.CRITICAL)
        with _dask_client(workers) as client, joblib.parallel_config(ClusterBackend(client)):
            yield


@contextmanager
def _dask_client(workers: Workers) -> Iterator[Any]:
    from distributed import Client, LocalCluster

    if workers.scheduler is None:
        with (
            LocalCluster(
                n_workers=workers.number,
                threads_per_worker=1,
                host=_LOOPBACK,
                dashboard_address=f"{_LOOPBACK}:0",  # a free port
                memory_limit=0,  # as loky's workers have none
            ) as cluster,
            Client(cluster, set_as_default=False) as client,
        ):
            yield client
        return
    try:
        client = Client(workers.scheduler, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise WorkersLostError(
            f"compute.scheduler is {workers.scheduler}, where no dask scheduler answers ({error}): start one there, or "
            "correct the address."
        ) from error
    with client:
        _wait_for_workers(client, workers.scheduler)
        yield client


def _wait_for_workers(client: Any, scheduler: str) -> None:  # noqa: ANN401 - imported where it is used
    if not client.ncores():
        logger.info("Waiting for the first worker of %s, %d s at most", scheduler, _WAIT_SECONDS)
    try:
        client.wait_for_workers(1, timeout=_WAIT_SECONDS)
    except TimeoutError as error:
        raise WorkersLostError(
            f"the dask scheduler {scheduler} had no worker for {_WAIT_SECONDS} s: start some, then run again."
        ) from error
