"""Work cut into shards that run in processes of one torch thread each; finished ones can be kept on disk."""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from joblib import Parallel, delayed
from tqdm import tqdm

from bam_pipelines.compute.device import torch_threads

Shard = TypeVar("Shard")
Result = TypeVar("Result")
Arrays = dict[str, np.ndarray]


def run_shards(
    function: Callable[[Shard], Result], shards: Sequence[Shard], workers: int, description: str
) -> list[Result]:
    """Apply a function to every shard; the results do not depend on the number of workers.

    Parameters
    ----------
    function
        Takes one shard. It and the shards must be picklable when ``workers`` is above 1.
    shards
        What to work on.
    workers
        Number of processes; 1 works in this process.
    description
        Label of the progress bar.

    Returns
    -------
    list
        One result a shard, in the order of the shards.
    """
    jobs = (delayed(_on_one_thread)(function, shard) for shard in shards)
    results = Parallel(n_jobs=min(workers, max(1, len(shards))), return_as="generator")(jobs)
    return list(tqdm(results, total=len(shards), desc=description, mininterval=1.0))


def _on_one_thread(function: Callable[[Shard], Result], shard: Shard) -> Result:
    # one thread a shard whatever the number of workers: the order of float additions stays the same
    with torch_threads(1):
        return function(shard)


@dataclass(frozen=True)
class ShardFolder:
    """Finished shards on disk, so that a run that was killed goes on where it was.

    Parameters
    ----------
    folder
        Where they lie; made when the first one is written. Everything that the results depend on, but for the shard
        itself, must be in its name.
    """

    folder: Path

    def run(
        self, function: Callable[[Shard], Arrays], shards: Sequence[Shard], workers: int, description: str
    ) -> list[Arrays]:
        """Do as :func:`run_shards` does, but read what was finished before and keep what is finished now.

        Parameters
        ----------
        function
            Takes one shard, returns named arrays.
        shards, workers, description
            See :func:`run_shards`; a shard's ``repr`` names it.

        Raises
        ------
        OSError
            If a shard cannot be written, for example on a full disk; those written before stay.
        """
        return run_shards(partial(_read_or_work, self, function), shards, workers, description)

    def path(self, shard: object) -> Path:
        """Return where a shard's arrays lie."""
        return self.folder / f"{hashlib.sha256(repr(shard).encode()).hexdigest()[:24]}.npz"


def _read_or_work(kept: ShardFolder, function: Callable[[Shard], Arrays], shard: Shard) -> Arrays:
    path = kept.path(shard)
    if path.exists():
        with np.load(path, allow_pickle=False) as file:
            return dict(file)
    arrays = function(shard)
    _write(path, arrays)
    return arrays


def _write(path: Path, arrays: Arrays) -> None:
    # written beside and renamed, so that a shard is there as a whole or not at all
    unfinished = path.with_suffix(f".{os.getpid()}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        reason = f"{error.strerror}; finished shards are kept: make room and run again to go on"
        raise OSError(error.errno, reason, str(path)) from error
