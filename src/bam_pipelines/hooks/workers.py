"""A run's shards are worked on where conf says."""

from contextlib import ExitStack
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl

from bam_pipelines.compute.workers import WorkersLostError, open_workers, resolve_workers
from bam_pipelines.hooks.refusal import RunRefusedError


class WorkersHook:
    """Open the workers of ``params:compute`` before a run, and close them after it."""

    def __init__(self) -> None:
        self._open = ExitStack()

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Remember where the run's parameters stand."""
        self._context = context

    @hook_impl(trylast=True)
    def before_pipeline_run(self) -> None:
        """Start workers, or connect to them.

        Raises
        ------
        RunRefusedError
            If the parameters ask for what is not there.
        """
        parameters: dict[str, Any] = self._context.params["compute"]
        try:
            self._open.enter_context(open_workers(resolve_workers(parameters)))
        except (ValueError, WorkersLostError) as error:
            raise RunRefusedError(str(error)) from error

    @hook_impl(tryfirst=True)
    def after_pipeline_run(self) -> None:
        """Close them."""
        self._open.close()

    @hook_impl(tryfirst=True)
    def on_pipeline_error(self) -> None:
        """Close them."""
        self._open.close()
