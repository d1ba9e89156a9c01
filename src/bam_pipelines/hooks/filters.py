"""What is to be cut out of the stages by tags, namespaces and nodes is there, and something is left."""

from collections.abc import Collection, Mapping
from typing import Any

from kedro.pipeline import Pipeline

from bam_pipelines.hooks.config_files import nearest
from bam_pipelines.hooks.refusal import RunRefusedError

# arguments of :meth:`kedro.pipeline.Pipeline.filter`, and what a run calls them
_FILTERS = {
    "tags": "tags",
    "from_nodes": "from_nodes",
    "to_nodes": "to_nodes",
    "node_names": "node_names",
    "from_inputs": "from_inputs",
    "to_outputs": "to_outputs",
    "node_namespaces": "namespaces",
}


def require_filters(asked: Mapping[str, Any], stages: Mapping[str, Pipeline]) -> None:
    """Look up tags, namespaces and versioned datasets that a run asks for, and whether any node has them all.

    Parameters
    ----------
    asked
        Arguments of :meth:`kedro.framework.session.KedroSession.run`; its pipelines, nodes and datasets are there.
    stages
        Every pipeline by name.

    Raises
    ------
    RunRefusedError
        If a tag, namespace or dataset is in none of the pipelines that are asked for, or no node is left.
    """
    names = asked.get("pipeline_names") or ["__default__"]
    chosen = sum((stages[name] for name in names), start=Pipeline([]))
    known = {
        "tags": {tag for node in chosen.nodes for tag in node.tags},
        "namespaces": _namespaces(chosen),
        "load_versions": chosen.datasets(),
    }
    for option, kind in (("tags", "tag"), ("namespaces", "namespace"), ("load_versions", "dataset")):
        for name in asked.get(option) or ():
            if name not in known[option]:
                raise RunRefusedError(f"there is no {kind} {name!r}; {nearest(name, known[option])}")
    filters = {name: asked.get(option) or None for name, option in _FILTERS.items()}
    try:
        chosen.filter(**filters)
    except ValueError:
        given = ", ".join(_shown(_FILTERS[name], value) for name, value in filters.items() if value)
        raise RunRefusedError(f"no node is left to run: none fulfils all of {given}; leave one of them out.") from None


def _namespaces(chosen: Pipeline) -> set[str]:
    """Return the namespaces of nodes, and those around them."""
    parts = [node.namespace.split(".") for node in chosen.nodes if node.namespace]
    return {".".join(names[:length]) for names in parts for length in range(1, len(names) + 1)}


def _shown(option: str, value: Collection[str]) -> str:
    name = "nodes" if option == "node_names" else option.replace("_", "-")
    return f"--{name} {','.join(value)}"
