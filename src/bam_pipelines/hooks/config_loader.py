"""How configuration is read: as Kedro does, with a sentence where a file cannot be used."""

from pathlib import Path
from typing import Any

import yaml
from kedro.config import OmegaConfigLoader
from kedro_mlflow.config.kedro_mlflow_config import KedroMlflowConfig
from omegaconf.errors import OmegaConfBaseException
from pydantic import ValidationError

from bam_pipelines.hooks.config_files import (
    entries_of,
    environments_of,
    files_of,
    nearest,
    shown_path,
    unreadable_file,
)
from bam_pipelines.hooks.refusal import RunRefusedError

# Kedro looks for files below the project's folder by patterns, in which these mean something else
_IN_PATTERNS = "*?[]"


class SpeakingConfigLoader(OmegaConfigLoader):
    """Refuse an environment that is not there, a file that is no YAML, and unknown globals, naming what was meant.

    Parameters
    ----------
    conf_source, env, runtime_params, **options
        As for :class:`kedro.config.OmegaConfigLoader`.

    Raises
    ------
    RunRefusedError
        With one sentence.
    """

    def __init__(
        self,
        conf_source: str | Path,
        env: str | None = None,
        runtime_params: dict[str, Any] | None = None,
        **options: Any,  # noqa: ANN401  Kedro's own
    ) -> None:
        _require_plain_path(Path(conf_source))
        _require_environment(Path(conf_source), env or options.get("default_run_env"))
        super().__init__(conf_source, env, runtime_params, **options)
        _require_globals(self)

    def __getitem__(self, key: str) -> dict[str, Any]:
        """Return one kind of configuration, merged and resolved."""
        try:
            found = super().__getitem__(key)
        except (yaml.YAMLError, OmegaConfBaseException, AttributeError, OSError, ValueError) as error:
            problem = unreadable_file(self, key) or f"{key} cannot be read: {' '.join(str(error).split())}"
            raise RunRefusedError(problem) from None
        if key == "mlflow":
            _require_mlflow(found)
        if key == "catalog":
            _require_whole_entries(found)
        return found


def _require_plain_path(conf: Path) -> None:
    if found := sorted(set(_IN_PATTERNS) & set(str(conf.absolute()))):
        raise RunRefusedError(
            f"the path of the project's folder, {conf.absolute().parent}, holds {' and '.join(found)}, and Kedro finds "
            "no file below such a path: rename the folder."
        )


def _require_environment(conf: Path, env: str | None) -> None:
    if not conf.exists() and ":" not in str(conf):  # it may be elsewhere, or an archive
        raise RunRefusedError(
            f"there is no configuration at {conf}: go to the project's folder, or name its conf by --conf-source."
        )
    if env is None or not conf.is_dir() or (conf / env).is_dir():
        return
    there = (path.name for path in conf.iterdir() if path.is_dir() and not path.name.startswith("."))
    hint = " Without --env it is this one, which may be an empty folder: make it." if env == "local" else ""
    raise RunRefusedError(f"there is no environment {env!r} in {shown_path(conf)}; {nearest(env, there)}{hint}")


def _require_globals(loader: OmegaConfigLoader) -> None:
    """Refuse a global that base does not have: nothing reads it, and what was meant keeps its value."""
    known: dict[str, object] = {}
    for file in files_of(loader, "globals", loader.base_env):
        known |= entries_of(file)
    for env in environments_of(loader):
        for file in files_of(loader, "globals", env):
            for key, value in entries_of(file).items():
                if key not in known:
                    raise RunRefusedError(f"{shown_path(file)}: {key} is unknown; {nearest(key, known)}")
                if isinstance(known[key], list) != isinstance(value, list) or not _texts(value):
                    expected = "a list of texts in quotes" if isinstance(known[key], list) else "text"
                    raise RunRefusedError(f"{shown_path(file)}: {key} is {value!r}, expected {expected}.")


def _texts(value: object) -> bool:
    """Tell whether a value is a text or a list of texts, none of them empty."""
    texts = value if isinstance(value, list) else [value]
    return bool(texts) and all(isinstance(text, str) and text for text in texts)


def _require_mlflow(settings: dict[str, Any]) -> None:
    try:
        KedroMlflowConfig.model_validate(settings)
    except ValidationError as error:
        wrong = (f"{'.'.join(map(str, one['loc']))} ({one['msg']})" for one in error.errors())
        raise RunRefusedError(f"mlflow.yml cannot be used: {'; '.join(wrong)}; see kedro-mlflow's manual.") from None


def _require_whole_entries(catalog: dict[str, Any]) -> None:
    for name, entry in catalog.items():
        if not isinstance(entry, dict) or "type" not in entry:
            raise RunRefusedError(
                f"catalog entry {name} has no type: an environment's entry replaces that of base, so write all of it."
            )
