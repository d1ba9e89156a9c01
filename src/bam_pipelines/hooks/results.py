"""What an entry's ``metadata: {mlflow: …}`` asks to be logged."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlflow.entities import Metric, Param
from mlflow.tracking import MlflowClient

from bam_pipelines.hooks.descriptions import child_name, child_note


def metrics_of(value: object, name: str = "") -> list[tuple[str, float, int]]:
    """Flatten nested results to metrics.

    Parameters
    ----------
    value
        A number, a list of numbers (a history), or a dict of such; texts and nulls are left out.
    name
        What the names begin with.

    Returns
    -------
    list of tuple
        Name, value and step. The first part of a name and the others are parted by ``/``, by which MLflow groups its
        charts, and the others by ``.``; a history's steps count from 0.
    """
    if isinstance(value, dict):
        return [metric for key, inner in value.items() for metric in metrics_of(inner, _joined(name, str(key)))]
    if isinstance(value, list):
        return [(name, float(entry), step) for step, entry in enumerate(value) if isinstance(entry, int | float)]
    return [(name, float(value), 0)] if isinstance(value, int | float) else []


def _joined(name: str, key: str) -> str:
    if not name:
        return key
    return f"{name}.{key}" if "/" in name else f"{name}/{key}"


def log_metrics(client: MlflowClient, run_id: str, metrics: list[tuple[str, float, int]]) -> None:
    """Log metrics to one run; the client cuts them into requests."""
    now = int(time.time() * 1000)
    client.log_batch(run_id, metrics=[Metric(name, value, now, step) for name, value, step in metrics])


def log_children(client: MlflowClient, run_id: str, entry: str, results: object, child: str, description: str) -> None:
    """Make a child run for each key of ``results`` and log its metrics there.

    A child has its parent's parameters and tags, so that children of two runs can be compared by what made them; the
    key is one more parameter, by which they can be grouped.

    Parameters
    ----------
    client, run_id
        Where to.
    entry
        The entry's name.
    results
        A dict of dicts.
    child
        What the keys are, ``classifier`` for example.
    description
        What a child's numbers are.

    Raises
    ------
    ValueError
        If ``results`` is no dict of dicts.
    """
    if not isinstance(results, dict) or not all(isinstance(value, dict) for value in results.values()):
        raise ValueError(f"{entry}: `mlflow: children` needs a dict of dicts, one a child run; log it as metrics.")
    parent = client.get_run(run_id)
    parameters = [Param(name, value) for name, value in parent.data.params.items()]
    inherited = {name: value for name, value in parent.data.tags.items() if not name.startswith("mlflow.")}
    tags = inherited | {"mlflow.parentRunId": run_id, "entry": entry}
    for name, values in results.items():
        noted = tags | {"mlflow.note.content": child_note(name, entry, description)}
        title = child_name(name, parent.info.run_name)
        made = client.create_run(parent.info.experiment_id, tags=noted, run_name=title).info.run_id
        client.log_batch(made, params=[*parameters, Param(child, name)])
        log_metrics(client, made, metrics_of(values))
        client.set_terminated(made)


def log_entry(
    client: MlflowClient, run_id: str, entry: str, metadata: Mapping[str, Any], data: object, path: Path
) -> None:
    """Log what was saved to a catalog entry.

    Parameters
    ----------
    client, run_id
        Where to.
    entry
        The entry's name; metrics begin with it, an artifact's folder is its namespace.
    metadata
        The entry's: ``mlflow`` is ``metrics``, ``artifact`` or ``children``; of children, ``child`` says what each is,
        and ``description`` what its numbers are.
    data
        What the node returned.
    path
        The file that the catalog wrote.

    Raises
    ------
    ValueError
        If ``mlflow`` is another.
    """
    kind = metadata["mlflow"]
    if kind == "metrics":
        log_metrics(client, run_id, metrics_of(data, entry))
    elif kind == "artifact":
        client.log_artifact(run_id, str(path), "/".join(entry.split(".")[:-1]) or None)
    elif kind == "children":
        log_children(client, run_id, entry, data, metadata["child"], metadata["description"])
    else:
        raise ValueError(f"{entry}: metadata says `mlflow: {kind}`, expected metrics, artifact or children.")
