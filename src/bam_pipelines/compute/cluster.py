"""Joblib's dask backend, without what it does wrong when a cluster loses work."""

import asyncio
from typing import Any

from distributed import Client
from joblib._dask import DaskDistributedBackend


class ClusterBackend(DaskDistributedBackend):
    """Shards on a dask cluster.

    Joblib's own backend waits for ever for a shard that killed its workers, and takes the message that a shard was
    cancelled, because the scheduler is gone, for the shard's result. It also works in this process when the cluster
    has a single worker, which may be the only one with a GPU.

    Parameters
    ----------
    client
        Of the cluster.
    """

    elsewhere = True  # not on this machine alone

    def __init__(self, client: Client | None = None) -> None:
        super().__init__(client=client)

    def effective_n_jobs(self, n_jobs: int) -> int:
        """Return the number of shards worked on at once, at least 2: with 1, joblib would not ask the cluster."""
        return int(max(2, super().effective_n_jobs(n_jobs)))

    async def _collect(self) -> None:
        while self._continue:
            async for future, result in self.waiting_futures:
                waiting, callback = self._results.pop(future), self._callbacks.pop(future)
                if future.status != "finished":
                    result = _Lost(result[1] if isinstance(result, tuple) else result)
                waiting.set_result(result)
                callback(result)
            await asyncio.sleep(0.01)

    def retrieve_result_callback(self, out: Any) -> Any:  # noqa: ANN401 - whatever shards give
        """Return a shard's result, or raise what it ended with."""
        if isinstance(out, _Lost):
            raise out.error
        return super().retrieve_result_callback(out)


class _Lost:
    def __init__(self, error: BaseException) -> None:
        self.error = error
