"""A stage whose input does not exist stops at once and says which command makes it."""

from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import CatalogProtocol
from kedro.io.core import is_parameter
from kedro.pipeline import Pipeline

from bam_pipelines.compute.faults import Fault
from bam_pipelines.hooks.provenance import environment_name
from bam_pipelines.hooks.refusal import RunRefusedError


class MissingInputHook:
    """Check a run's free inputs before anything else sees the run."""

    @hook_impl(tryfirst=True)
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Refuse the run if a dataset that no node of it makes does not exist.

        Raises
        ------
        RunRefusedError
            One sentence with the inputs and the command that makes them; or what is wrong with one of them.
        """
        try:
            missing = [name for name in sorted(pipeline.inputs()) if _is_missing(name, catalog)]
            if missing:
                # the session asked for this run's stages only; the maker may be any other
                pipelines.set_requested(None)
                stages = {name: stage for name, stage in pipelines.items() if name != "__default__"}
                absent = {name for stage in stages.values() for name in stage.inputs() if _is_missing(name, catalog)}
                raise RunRefusedError(missing_inputs_message(missing, absent, run_params, stages))
        except Fault as error:
            raise RunRefusedError(str(error)) from error


def _is_missing(name: str, catalog: CatalogProtocol) -> bool:
    return not is_parameter(name) and not catalog.exists(name)


def missing_inputs_message(
    missing: list[str], absent: set[str], run_params: dict[str, Any], stages: dict[str, Pipeline]
) -> str:
    """Say in one sentence what is missing and how to make it.

    Parameters
    ----------
    missing
        Names of datasets that the run needs, at least one.
    absent
        Every stage's inputs that do not exist: what makes ``missing`` may itself need some of them first.
    run_params
        Kedro's record of the run: ``pipeline_names`` and ``env`` are read.
    stages
        Every stage by name, in the order in which they follow one another.

    Returns
    -------
    str
        For example "sampling needs classifier_vgg, which does not exist yet: run
        `kedro run --pipelines classifiers` first."
    """
    runs = ", ".join(run_params.get("pipeline_names") or ["The default run"])
    need = f"{runs} needs {', '.join(missing)}, which {'does' if len(missing) == 1 else 'do'} not exist yet"
    made_by_nobody = [name for name in missing if not any(name in stage.all_outputs() for stage in stages.values())]
    if made_by_nobody:
        return f"{need}, and no stage makes {', '.join(made_by_nobody)}: put the files where conf/*/catalog.yml says."
    environment = environment_name(run_params.get("env"))
    options = "" if environment == "base" else f" --env {environment}"
    return f"{need}: run `kedro run --pipelines {','.join(_makers(set(missing), absent, stages))}{options}` first."


def _makers(needed: set[str], absent: set[str], stages: dict[str, Pipeline]) -> list[str]:
    """Name the stages that make what is needed, and what those need in turn."""
    makers = {name for name, stage in stages.items() if stage.all_outputs() & needed}
    more = needed | {name for maker in makers for name in stages[maker].inputs() & absent}
    return _makers(more, absent, stages) if more != needed else [name for name in stages if name in makers]
