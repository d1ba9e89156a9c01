"""How configuration is read: as Kedro does, with a sentence where a file cannot be used."""

import difflib
import glob
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from kedro.config import OmegaConfigLoader
from kedro_mlflow.config.kedro_mlflow_config import KedroMlflowConfig
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ValidationError

from bam_pipelines.hooks.refusal import RunRefusedError

_READ = (".yml", ".yaml", ".json")


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
        _require_environment(Path(conf_source), env or options.get("default_run_env"))
        super().__init__(conf_source, env, runtime_params, **options)
        _require_globals(self)

    def __getitem__(self, key: str) -> dict[str, Any]:
        """Return one kind of configuration, merged and resolved."""
        try:
            found = super().__getitem__(key)
        except yaml.YAMLError as error:
            raise RunRefusedError(_unreadable(self, key, error)) from None
        except (OmegaConfBaseException, ValueError) as error:
            raise RunRefusedError(f"{key} cannot be read: {' '.join(str(error).split())}") from None
        if key == "mlflow":
            _require_mlflow(found)
        if key == "catalog":
            _require_whole_entries(found)
        return found


def environments_of(loader: OmegaConfigLoader) -> list[str]:
    """Return the environments that a run reads, the one that wins first."""
    return list(dict.fromkeys([loader.env or loader.default_run_env, loader.base_env]))


def files_of(loader: OmegaConfigLoader, kind: str, env: str) -> list[Path]:
    """Return the files of an environment that a kind of configuration is read from; none outside of a folder."""
    folder, patterns = Path(loader.conf_source) / env, loader.config_patterns[kind]
    found = {folder / file for one in patterns for file in glob.glob(one, root_dir=folder, recursive=True)}
    return sorted(file for file in found if file.is_file() and file.suffix in _READ)


def entries_of(file: Path) -> dict[str, object]:
    """Return what stands in a file by its keys, interpolations as they are written."""
    found = OmegaConf.to_container(OmegaConf.load(file), resolve=False)
    return {str(key): value for key, value in found.items()} if isinstance(found, dict) else {}


def shown_path(path: Path) -> str:
    """Return a file as seen from the present folder, where it lies below."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return which of the known names may have been meant, or all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {near[0]}?" if near else f"expected one of {', '.join(names)}."


def _require_environment(conf: Path, env: str | None) -> None:
    if env is None or not conf.is_dir() or (conf / env).is_dir():
        return
    there = (path.name for path in conf.iterdir() if path.is_dir() and not path.name.startswith("."))
    raise RunRefusedError(f"there is no environment {env!r} in {shown_path(conf)}; {nearest(env, there)}")


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


def _unreadable(loader: OmegaConfigLoader, kind: str, error: yaml.YAMLError) -> str:
    """Name the file and line that are no YAML; Kedro names no file for some errors."""
    for env in environments_of(loader):
        for file in files_of(loader, kind, env):
            try:
                OmegaConf.load(file)
            except yaml.MarkedYAMLError as found:
                line = "" if found.problem_mark is None else f", line {found.problem_mark.line + 1}"
                return f"{shown_path(file)}{line} is no YAML: {found.problem}; correct it."
    return str(error)
