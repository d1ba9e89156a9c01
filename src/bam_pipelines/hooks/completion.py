"""``--only-missing-outputs`` completes the first run in a data folder, and nothing else."""

import json
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl

from bam_pipelines.compute.durable import WriteError, write_whole
from bam_pipelines.hooks.refusal import RunRefusedError

RECORD = ".parameters.json"


class CompletionHook:
    """Keep the parameters of the first run beside its data.

    Kedro takes any older version for an existing output and cannot see that a parameter changed since.
    """

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Remember where the run's parameters and data folder stand."""
        self._context = context

    @hook_impl(tryfirst=True)
    def before_pipeline_run(self, run_params: dict[str, Any]) -> None:
        """Store the parameters of a first run; refuse to complete a run that had others.

        Raises
        ------
        RunRefusedError
            If ``--only-missing-outputs`` was given and the data folder holds results of other parameters.
        """
        root = Path(self._context.project_path) / self._context.config_loader["globals"]["data_root"]
        check_completion(root, self._context.params, run_params["run_id"], bool(run_params.get("only_missing_outputs")))


def check_completion(root: Path, parameters: dict[str, Any], session_id: str, only_missing: bool) -> None:
    """Compare a run's parameters with those of the first run in ``root``, and keep the record.

    Parameters
    ----------
    root
        The data folder; made if there is none.
    parameters
        All resolved parameters of the run; JSON values.
    session_id
        The run's Kedro session id.
    only_missing
        Whether the run is to make missing outputs only.

    Raises
    ------
    RunRefusedError
        If ``only_missing`` and a run in ``root`` had other parameters, or the record is damaged or cannot be written.
    """
    file = root / RECORD
    current = json.loads(json.dumps(parameters, default=str))
    record = _read(file) if file.exists() else {"parameters": current, "other_runs": []}
    different = _differences(record["parameters"], current)
    if only_missing and different:
        raise RunRefusedError(
            f"--only-missing-outputs completes the first run in {root}, but {different[0]}: "
            "run without the flag, or with the first run's parameters."
        )
    if only_missing and record["other_runs"]:
        raise RunRefusedError(
            f"--only-missing-outputs completes the first run in {root}, but run {record['other_runs'][0]} had other "
            "parameters and its results are there too: run without the flag."
        )
    if different:
        record["other_runs"].append(session_id)
    try:
        write_whole(file, lambda unfinished: unfinished.write_text(json.dumps(record, indent=1), encoding="utf-8"))
    except WriteError as error:
        raise RunRefusedError(str(error)) from error


def _read(file: Path) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return {"parameters": dict(record["parameters"]), "other_runs": list(record["other_runs"])}
    except (KeyError, RecursionError, TypeError, ValueError) as error:
        raise RunRefusedError(
            f"{file} is damaged, and only it says what the results in {file.parent} were made with: restore it, or "
            "remove it if they were made with the present parameters."
        ) from error


def _differences(first: object, now: object, name: str = "") -> list[str]:
    """Name each parameter whose value differs, as ``stage.key is 2, there it was 3``."""
    if isinstance(first, dict) and isinstance(now, dict):
        return [
            text
            for key in sorted({*first, *now})
            for text in _differences(first.get(key), now.get(key), f"{name}.{key}" if name else key)
        ]
    return [] if first == now else [f"{name} is {now}, there it was {first}"]
