"""Which GPU a worker process uses: one of its own."""

import fcntl
import os
import tempfile
from functools import cache
from pathlib import Path

import torch

_workers: set[int] = set()


def become_worker() -> None:
    """Remember that this process works on shards for another one, which leaves it the choice of its GPU."""
    _workers.add(os.getpid())


def take_gpu() -> torch.device:
    """Return torch's device ``cuda``; in a worker process it is a GPU that no other worker of this user has.

    A worker holds its GPU for as long as it lives, by a file lock, which the system gives back whatever ends it. From
    then on torch uses algorithms that give the same bits each time: guidance would make other images of the smallest
    difference, and on an H100 they sample as fast.

    Raises
    ------
    RuntimeError
        If other workers hold all of them.
    """
    _same_bits()
    if os.getpid() in _workers:
        torch.cuda.set_device(_claimed())  # torch keeps it by thread
    return torch.device("cuda")


@cache
def _same_bits() -> None:
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when the first network arrives there
    torch.use_deterministic_algorithms(True, warn_only=True)
    # quick attention has gradients of other bits each time, which the line above, as it only warns, leaves as they are
    torch.backends.cuda.enable_cudnn_sdp(False)
    torch.backends.cuda.enable_flash_sdp(False)
    torch.backends.cuda.enable_mem_efficient_sdp(False)


@cache
def _claimed() -> int:
    number = torch.cuda.device_count()
    for index in range(number):
        handle = os.open(_claim_file(index), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            continue
        return index  # the handle stays open
    raise RuntimeError(f"all {number} GPUs are in use by other workers: set compute.workers to auto or to fewer.")


def _claim_file(index: int) -> Path:
    # by the card's own name: processes that see different cards number them differently
    card = torch.cuda.get_device_properties(index).uuid
    return Path(tempfile.gettempdir()) / f"bam_pipelines-{os.getuid()}-{card}.lock"
