"""Work cut into shards that run on one thread each, wherever joblib is told to; finished ones can be kept on disk."""

import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import cloudpickle
import joblib
import numpy as np
from joblib.externals.loky.process_executor import TerminatedWorkerError
from joblib.parallel import get_active_backend
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from bam_pipelines.compute.arrays import DamagedArraysError, read_arrays, write_arrays
from bam_pipelines.compute.device import torch_threads
from bam_pipelines.compute.gpu import become_worker
from bam_pipelines.compute.workers import WorkersLostError

Shard = TypeVar("Shard")
Result = TypeVar("Result")
Arrays = dict[str, np.ndarray]

logger = logging.getLogger(__name__)

_AGAIN = "shards that were finished are kept where the stage keeps any: run again to go on"


def run_shards(function: Callable[[Shard], Result], shards: Sequence[Shard], description: str) -> list[Result]:
    """Apply a function to every shard; the results do not depend on who works on them.

    Parameters
    ----------
    function
        Takes one shard. It and the shards must be picklable unless all work is done in this process.
    shards
        What to work on: in this process, or by the workers of the surrounding
        :func:`~bam_pipelines.compute.workers.open_workers` or :class:`joblib.parallel_config`.
    description
        Label of the progress bar.

    Returns
    -------
    list
        One result a shard, in the order of the shards.

    Raises
    ------
    WorkersLostError
        If workers were killed, or their scheduler was.
    """
    bar = partial(tqdm, total=len(shards), desc=description, mininterval=1.0, delay=1.0)
    with _losses():
        number = joblib.effective_n_jobs(None)
        # a cluster may have what this machine has not
        if number <= 1 or (len(shards) <= 1 and not getattr(get_active_backend()[0], "elsewhere", False)):
            return [_on_one_thread(function, shard) for shard in bar(shards)]
        # as an array, joblib sends it to each machine once, not with every shard: networks and digits are in it
        content = np.frombuffer(cloudpickle.dumps(function), dtype=np.uint8)
        name = hashlib.sha256(content.data).hexdigest()
        jobs = (joblib.delayed(_work)(content, name, shard) for shard in shards)
        # one by one: a batch of shards would be lost as a whole
        return list(bar(joblib.Parallel(n_jobs=min(number, len(shards)), batch_size=1, return_as="generator")(jobs)))


_unpacked: dict[str, Callable[[Any], Any]] = {}


def _work(content: np.ndarray, name: str, shard: Any) -> Any:  # noqa: ANN401 - whatever the function takes and gives
    become_worker()
    if name not in _unpacked:
        _unpacked.clear()  # shards of one function follow one another, and what it holds may be large
        _unpacked[name] = cloudpickle.loads(content.data)
    return _on_one_thread(_unpacked[name], shard)


def _on_one_thread(function: Callable[[Shard], Result], shard: Shard) -> Result:
    # one thread a shard wherever it is worked on: the order of float additions stays the same
    with torch_threads(1), threadpool_limits(1, user_api="blas"):
        return function(shard)


@contextmanager
def _losses() -> Iterator[None]:
    """Say what it means for a run when its workers are lost."""
    try:
        yield
    except TerminatedWorkerError as error:
        raise WorkersLostError(
            f"a worker process was killed, for want of memory perhaps; {_AGAIN}, with fewer compute.workers if it was."
        ) from error
    except Exception as error:
        # named by their module: distributed takes a second to import, for those who use it
        if not type(error).__module__.startswith("distributed."):
            raise
        raise WorkersLostError(
            f"the dask cluster lost a shard, since a worker or the scheduler ended ({type(error).__name__}); {_AGAIN}."
        ) from error


@dataclass(frozen=True)
class ShardFolder:
    """Finished shards on disk, so that a run that was killed goes on where it was.

    Parameters
    ----------
    folder
        Where they lie, seen from every worker; made when the first one is written. Everything that the results depend
        on, but for the shard itself, must be in its name.
    """

    folder: Path

    def run(self, function: Callable[[Shard], Arrays], shards: Sequence[Shard], description: str) -> list[Arrays]:
        """Do as :func:`run_shards` does, but read what was finished before and keep what is finished now.

        Parameters
        ----------
        function
            Takes one shard, returns named arrays.
        shards, description
            See :func:`run_shards`; a shard's ``repr`` names it. One whose file is damaged is done again.

        Returns
        -------
        list of dict
            Of named arrays, one a shard, in their order.

        Raises
        ------
        WorkersLostError
            If workers were killed, or their scheduler was; what they finished stays.
        bam_pipelines.compute.durable.WriteError
            If a shard cannot be written, for example on a full disk; those written before stay.
        """
        return run_shards(partial(_read_or_work, self, function), shards, description)

    def leave(self, function: Callable[[Shard], Arrays], shards: Sequence[Shard], description: str) -> list[Path]:
        """Do as :meth:`run` does, but leave the arrays on disk, where they may be more than fits the memory.

        Parameters
        ----------
        function, shards, description
            See :meth:`run`.

        Returns
        -------
        list of Path
            The file of each shard, in their order; :func:`~bam_pipelines.compute.arrays.read_arrays` reads it.
        """
        return run_shards(partial(_leave, self, function), shards, description)

    def path(self, shard: object) -> Path:
        """Return where a shard's arrays lie."""
        return self.folder / f"{hashlib.sha256(repr(shard).encode()).hexdigest()[:24]}.npz"


def _leave(kept: ShardFolder, function: Callable[[Shard], Arrays], shard: Shard) -> Path:
    _read_or_work(kept, function, shard)
    return kept.path(shard)


def _read_or_work(kept: ShardFolder, function: Callable[[Shard], Arrays], shard: Shard) -> Arrays:
    path = kept.path(shard)
    if path.exists():
        try:
            return read_arrays(path)
        except DamagedArraysError:
            logger.warning("%s is damaged, so its shard is done again", path)
    arrays = function(shard)
    write_arrays(path, arrays)
    return arrays
