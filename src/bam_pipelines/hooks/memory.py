"""Memory that a run is done with goes back to the system."""

import ctypes

from kedro.framework.hooks import hook_impl


class MemoryHook:
    """Let the allocator give back what is free after each node and each dataset that is saved.

    The C library keeps freed arrays of up to 32 MB for later: after some hundred networks were fine-tuned that is
    gigabytes, which the nodes that follow and their workers could use.
    """

    def __init__(self) -> None:
        # of glibc only; other C libraries give back by themselves
        self._trim = getattr(ctypes.CDLL(None), "malloc_trim", lambda _: None)

    @hook_impl
    def after_node_run(self) -> None:
        """Give back what the node worked with."""
        self._trim(0)

    @hook_impl
    def after_dataset_saved(self) -> None:
        """Give back what writing took."""
        self._trim(0)
