"""What a run is called in MLflow, and what stands there about it."""

import shlex
from collections.abc import Collection, Mapping
from textwrap import shorten
from typing import Any

from bam_pipelines.hooks.provenance import environment_name
from bam_pipelines.pipeline_registry import STAGES

# of kedro-mlflow's tags, those that say nothing (an object's address) or that have a better name among ours
SILENT = frozenset({"runner", "run_id", "runtime_params", "pipeline_names"})
_OPTIONS = {
    "pipelines": "pipeline_names",
    "nodes": "node_names",
    "from-nodes": "from_nodes",
    "to-nodes": "to_nodes",
    "from-inputs": "from_inputs",
    "to-outputs": "to_outputs",
    "tags": "tags",
    "namespaces": "namespaces",
}
# a run of a part is called after the part
_PARTS = {
    "node_names": "",
    "from_nodes": "from ",
    "to_nodes": "to ",
    "from_inputs": "from ",
    "to_outputs": "to ",
    "tags": "tag ",
    "namespaces": "",
}
# what changes no result
_RESOURCES = "compute"
_LONGEST = 100

EXPERIMENT = {
    # or MLflow's page shows what language models are developed with
    "mlflow.experimentKind": "custom_model_development",
    "mlflow.note.content": (
        "Runs of this project in one configuration environment. Below a run of stage alignment lies a run of each "
        "classifier. To compare runs, tick them and press Compare: `alignment_means/individual.log_loss` (nats, lower "
        "is better) is how well people's own models predict answers to images that no model was fitted to, and "
        "`alignment_means/individual_gain.log_loss` how much of that is individual."
    ),
}
_SIMULATED = "**The participants are simulated:** no number of this run says anything about people."


def given_parameters(run_params: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was given by ``--params``, by full name, without what changes no result."""
    given = run_params.get("runtime_params") or {}
    return _flat({name: value for name, value in given.items() if name != _RESOURCES})


def _flat(parameters: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in parameters.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {f"{prefix}{name}": value}
    return flat


def _typed(parameters: Mapping[str, Any]) -> str:
    return ",".join(f"{name}={value}" for name, value in parameters.items())


def command(run_params: Mapping[str, Any]) -> str:
    """Return what a run was begun with, as it is typed."""
    env = environment_name(run_params.get("env"))
    words = ["kedro", "run", *(["--env", env] if env != "base" else [])]
    for option, key in _OPTIONS.items():
        if names := run_params.get(key):
            words += [f"--{option}", ",".join(names)]
    if versions := run_params.get("load_versions"):
        words += ["--load-versions", ",".join(f"{name}:{version}" for name, version in versions.items())]
    if run_params.get("only_missing_outputs"):
        words.append("--only-missing-outputs")
    if given := run_params.get("runtime_params"):
        words += ["--params", _typed(_flat(given))]
    return shlex.join(words)


def run_name(run_params: Mapping[str, Any]) -> str:
    """Name a run by its stages, or what ran of them, and by what was given: ``alignment (method=paper)`` for example.

    Parameters
    ----------
    run_params
        As Kedro's hooks get them.
    """
    stages = _stages(run_params.get("pipeline_names") or [])
    parts = [f"{word}{', '.join(names)}" for key, word in _PARTS.items() if (names := run_params.get(key))]
    stages = ", ".join([*([stages] if stages else []), *parts]) or "default run"
    given = ", ".join(f"{name.rpartition('.')[2]}={value}" for name, value in given_parameters(run_params).items())
    return f"{stages} ({shorten(given, _LONGEST, placeholder=' …')})" if given else stages


def _stages(asked: Collection[str]) -> str:
    """Name stages in the order in which they follow one another: Kedro's is that of a set."""
    order = {name: place for place, name in enumerate(STAGES)}
    names = sorted(asked, key=lambda name: order.get(name, -1))
    return " + ".join(names).replace("__default__", "default run")


def child_name(name: str, parent: str) -> str:
    """Name a child run by its key, and by what its parent was given if that stands in the parent's name."""
    _, bracket, given = parent.partition(" (")
    return f"{name}{bracket}{given}"


def run_tags(run_params: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, str]:
    """Return our tags of an MLflow run: session, command, what was given, whether people are simulated, and a note.

    Parameters
    ----------
    run_params
        As Kedro's hooks get them.
    parameters
        All resolved parameters.
    """
    tags = {"kedro_session_id": run_params["run_id"], "kedro_command": command(run_params)}
    if given := given_parameters(run_params):
        tags["given_parameters"] = _typed(given)
    if parameters.get("behavior", {}).get("source") == "simulated":
        tags["simulated"] = "true"
    return tags | {"mlflow.note.content": _note(run_params, "simulated" in tags)}


def _note(run_params: Mapping[str, Any], simulated: bool) -> str:
    session = run_params["run_id"]
    lines = [_SIMULATED] if simulated else []
    lines.append(
        f"Environment {environment_name(run_params.get('env'))}, Kedro session `{session}`: every file that this run "
        "made lies in a folder of that name below the data folder. Metrics are called after the catalog entry that "
        "holds them and its keys; log-losses are in nats, entropies in bits, accuracies and rates shares from 0 to 1; "
        "`low` and `high` are the ends of 95 % intervals."
    )
    return "\n\n".join(lines)


def child_note(name: str, entry: str, description: str) -> str:
    """Describe a child run: which part of which catalog entry it holds, and what that is."""
    return f"{name} of `{entry}`. {description}".strip()
