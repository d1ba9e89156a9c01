"""The last lines of a run: where lies what people look at, and which command shows it."""

import logging
import os
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from bam_pipelines.hooks.provenance import environment_name

logger = logging.getLogger(__name__)


class NextStepHook:
    """Say where the report or the study is that a run has made."""

    @hook_impl(tryfirst=True)
    def after_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Log the report's path, and how the study is served in this environment."""
        made = pipeline.all_outputs()
        if "study" in made:
            environment = environment_name(run_params.get("env"))
            options = "" if environment == "base" else f" --env {environment}"
            logger.info("The study is built; take part in it by: kedro experiment serve%s", options)
        if "report" in made:
            logger.info("The report: %s", os.path.relpath(catalog["report"].saved_path()))
