"""A stage whose input does not exist stops at once and says which command makes it."""

from collections.abc import Mapping
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import CatalogProtocol
from kedro.io.core import is_parameter
from kedro.pipeline import Pipeline

from bam_pipelines.compute.faults import Fault
from bam_pipelines.datasets.atomic import AtomicDataset
from bam_pipelines.hooks.config_files import nearest
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
            One sentence with the inputs and the command that makes them; or what is wrong with one of them, or with the
            version of one that is asked for.
        """
        try:
            _require_versions(run_params.get("load_versions") or {}, catalog)
            missing = [name for name in sorted(pipeline.inputs()) if _is_missing(name, catalog)]
            if missing:
                # the session asked for this run's stages only; the maker may be any other
                pipelines.set_requested(None)
                stages = {name: stage for name, stage in pipelines.items() if name != "__default__"}
                absent = {name for stage in stages.values() for name in stage.inputs() if _is_missing(name, catalog)}
                raise RunRefusedError(missing_inputs_message(missing, absent, run_params, stages))
        except Fault as error:
            raise RunRefusedError(str(error)) from error


def _require_versions(asked: Mapping[str, str], catalog: CatalogProtocol) -> None:
    for name, version in asked.items():
        dataset = catalog.get(name)
        if isinstance(dataset, AtomicDataset) and version not in (there := dataset.versions()):
            raise RunRefusedError(f"{name} has no version {version!r}; {nearest(version, there)}")


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
        Kedro's record of the run: ``pipeline_names``, ``env`` and ``runtime_params`` are read.
    stages
        Every stage by name, in the order in which they follow one another.

    Returns
    -------
    str
        For example "sampling needs classifier_vgg, which does not exist yet: run
        `kedro run --pipelines classifiers` first."
    """
    asked = run_params.get("pipeline_names") or []
    # Kedro's order is that of a set
    runs = ", ".join(sorted(asked, key=list(stages).index)) if set(asked) <= set(stages) else ", ".join(asked)
    verb = "need" if len(asked) > 1 else "needs"
    there = "does" if len(missing) == 1 else "do"
    need = f"{runs or 'The default run'} {verb} {', '.join(missing)}, which {there} not exist yet"
    kept = sorted(set(missing) & (stages["prior"].all_outputs() if "prior" in stages else set()))
    made_by_nobody = [name for name in missing if not any(name in stage.all_outputs() for stage in stages.values())]
    if made_by_nobody:
        return f"{need}, and no stage makes {', '.join(made_by_nobody)}: put the files where conf/*/catalog.yml says."
    environment = environment_name(run_params.get("env"))
    options = "" if environment == "base" else f" --env {environment}"
    makers = f"run `kedro run --pipelines {','.join(_makers(set(missing), absent, stages))}{options}` first"
    if not kept:
        return f"{need}: {makers}."
    root = (run_params.get("runtime_params") or {}).get("prior_root")
    place = f"prior_root {root}, which --params names" if root else "data/06_models"
    return (
        f"{need}: bring {', '.join(kept)} back into {place}, as the project came, or {makers}, which trains for hours."
    )


def _makers(needed: set[str], absent: set[str], stages: dict[str, Pipeline]) -> list[str]:
    """Name the stages that make what is needed, and what those need in turn; of two that make one thing the first."""
    makers = {name for one in needed for name in _first_maker(one, stages)}
    more = needed | {name for maker in makers for name in stages[maker].inputs() & absent}
    return _makers(more, absent, stages) if more != needed else [name for name in stages if name in makers]


def _first_maker(dataset: str, stages: dict[str, Pipeline]) -> list[str]:
    return [name for name, stage in stages.items() if dataset in stage.all_outputs()][:1]
