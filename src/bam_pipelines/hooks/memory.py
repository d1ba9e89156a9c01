"""Memory that a run is done with goes back to the system."""

import ctypes

import pyarrow as pa
from kedro.framework.hooks import hook_impl


class MemoryHook:
    """Let allocators give back what is free after each node and each dataset that is loaded or saved.

    The C library keeps freed arrays of up to 32 MB for later: after some hundred networks were fine-tuned that is
    gigabytes, which the nodes that follow and their workers could use. Arrow has an allocator of its own, which keeps
    half a gigabyte of what it took to read 60,000 digits.
    """

    def __init__(self) -> None:
        # of glibc only; other C libraries give back by themselves
        self._trim = getattr(ctypes.CDLL(None), "malloc_trim", lambda _: None)

    @hook_impl
    def after_node_run(self) -> None:
        """Give back what the node worked with."""
        self._give_back()

    @hook_impl
    def after_dataset_loaded(self) -> None:
        """Give back what reading took."""
        self._give_back()

    @hook_impl
    def after_dataset_saved(self) -> None:
        """Give back what writing took."""
        self._give_back()

    def _give_back(self) -> None:
        pa.default_memory_pool().release_unused()
        self._trim(0)
