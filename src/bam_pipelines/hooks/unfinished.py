"""Finished shards of a node go when the run that needed them has saved its outputs."""

import shutil

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.pipeline import Pipeline

from bam_pipelines.pipelines.places import working_folder


class UnfinishedWorkHook:
    """Keep shards until their tables are on disk: a disk that is full at that moment costs no sampling."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Remember where the run's parameters stand."""
        self._context = context

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline) -> None:
        """Remove the working folders of the nodes that ran, and no others."""
        for node in pipeline.nodes:
            shutil.rmtree(working_folder(self._context.params["compute"], node.short_name), ignore_errors=True)
