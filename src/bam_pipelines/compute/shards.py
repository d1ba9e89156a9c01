"""Work cut into shards that run in processes of one torch thread each."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from joblib import Parallel, delayed
from tqdm import tqdm

from bam_pipelines.compute.device import torch_threads

Shard = TypeVar("Shard")
Result = TypeVar("Result")


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
