"""Answers that a run takes are those of ``behavior.source``."""

from collections.abc import Mapping
from contextlib import suppress

import pandas as pd
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol, DatasetError
from kedro.pipeline import Pipeline

from bam_pipelines.behavior.settings import BehaviorSettings, behavior_settings
from bam_pipelines.behavior.simulator import DATASET_ID
from bam_pipelines.hooks.refusal import RunRefusedError

_ANSWERS = {"trials", "round_2.trials"}


class AnswersHook:
    """Compare the answers that a run begins with with where its parameters say that answers come from."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Remember where parameters stand."""
        self._context = context

    @hook_impl(tryfirst=True)
    def before_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Refuse a run that would take people for simulated ones, or one study's for another's.

        Raises
        ------
        RunRefusedError
            If the newest answers, or those of the version that is asked for, are of another source.
        """
        for name in sorted(_ANSWERS & pipeline.inputs()):
            with suppress(DatasetError):  # the first node that reads it says what is wrong with it
                trials: pd.DataFrame = catalog.load(name)
                require_source(name, set(trials["dataset_id"]), behavior_settings(self._context.params["behavior"]))


def require_source(name: str, found: set[str], settings: BehaviorSettings) -> None:
    """Check that answers are those of ``behavior.source``.

    Parameters
    ----------
    name
        The answers' entry, for the error.
    found
        What its column ``dataset_id`` holds.
    settings
        Of the run.

    Raises
    ------
    RunRefusedError
        If they are of another source.
    """
    ids: dict[str, str] = {"simulated": DATASET_ID}
    ids |= {source: one.dataset_id for source, one in settings.sources.items()}
    if found <= {ids[settings.source]}:
        return
    other = min(found - {ids[settings.source]})
    raise RunRefusedError(
        f"{name} holds answers of {other}, and behavior.source is {settings.source}: {_remedy(other, ids)}, or read "
        "other answers by the stage behavior first."
    )


def _remedy(dataset_id: str, ids: Mapping[str, str]) -> str:
    source = next((source for source, one in ids.items() if one == dataset_id), None)
    if source is None:
        return f"give the --env or the dataset_id with which {dataset_id} was read"
    return f"add --params behavior.source={source}"
