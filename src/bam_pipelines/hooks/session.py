"""What a run asks for is looked up: nodes go by their names within their stages, and what is not there is refused."""

from collections.abc import Collection, Mapping
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.pipeline import Pipeline

from bam_pipelines.hooks.config_files import nearest
from bam_pipelines.hooks.faults import said_in_a_sentence
from bam_pipelines.hooks.filters import require_filters
from bam_pipelines.hooks.refusal import RunRefusedError

_NODES = ("node_names", "from_nodes", "to_nodes")
_DATASETS = ("from_inputs", "to_outputs")


class NamingSession(KedroSession):
    """Kedro's session, which looks up what a run asks for as soon as the stages are registered."""

    _asked: Mapping[str, Any] | None = None

    def run(self, *arguments: Any, **asked: Any) -> dict[str, Any]:  # noqa: ANN401  Kedro's own
        """Run pipelines.

        Raises
        ------
        RunRefusedError
            If a pipeline, node or dataset that is asked for is not there, or the run meets a fault before it begins.
        RunInterruptedError
            If it is interrupted by Ctrl+C.
        """
        # lists, because Kedro cuts the run out of the stages after they were looked up here
        self._asked = {name: list(value) if value and name in _NODES else value for name, value in asked.items()}
        with said_in_a_sentence():
            return super().run(*arguments, **self._asked)

    def load_context(self) -> KedroContext:
        """Return the context, once it is known that the run can be cut out of the stages."""
        context = super().load_context()
        if self._asked is not None:
            look_up(self._asked, dict(pipelines))
            require_filters(self._asked, dict(pipelines))
        return context


def look_up(asked: Mapping[str, Any], stages: Mapping[str, Pipeline]) -> None:
    """Look up what a run asks for; ``sample_stimuli`` becomes ``sampling.sample_stimuli``, as Kedro knows it.

    Parameters
    ----------
    asked
        Arguments of :meth:`kedro.framework.session.KedroSession.run`; its lists of nodes get their full names.
    stages
        Every pipeline by name.

    Raises
    ------
    RunRefusedError
        If a pipeline is none of the stages, or a node or dataset is in none of the pipelines that are asked for.
    """
    names = asked.get("pipeline_names") or ["__default__"]
    _require("pipeline", names, stages)
    chosen = sum((stages[name] for name in names), start=Pipeline([]))
    full_names = {node.name: node.name for node in chosen.nodes}
    full_names |= {node.short_name: node.name for node in chosen.nodes if node.namespace in stages}
    for option in _NODES:
        nodes = asked.get(option) or []
        _require("node", nodes, full_names)
        nodes[:] = [full_names[name] for name in nodes]
    for option in _DATASETS:
        _require("dataset", asked.get(option) or (), chosen.datasets())


def _require(kind: str, names: Collection[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise RunRefusedError(f"there is no {kind} {name!r}; {nearest(name, known)}")
