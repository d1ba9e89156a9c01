"""The files of a configuration: which ones are read, and what is wrong with one that cannot be."""

import difflib
import glob
from collections.abc import Iterable
from pathlib import Path

import yaml
from kedro.config import OmegaConfigLoader
from omegaconf import DictConfig, OmegaConf

_READ = (".yml", ".yaml", ".json")


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
    if not names:
        return "there are none."
    near = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {near[0]}?" if near else f"expected one of {', '.join(names)}."


def unreadable_file(loader: OmegaConfigLoader, kind: str) -> str | None:
    """Name the first file of a kind of configuration that cannot be read, and where; None if all can."""
    files = (file for env in environments_of(loader) for file in files_of(loader, kind, env))
    return next((problem for file in files if (problem := _problem(file)) is not None), None)


def _problem(file: Path) -> str | None:
    try:
        found = OmegaConf.load(file)
    except UnicodeDecodeError:
        return f"{shown_path(file)} is no text in UTF-8: save it in that encoding."
    except yaml.MarkedYAMLError as error:
        if error.problem_mark is None:
            return f"{shown_path(file)} is no YAML: {error.problem}; correct it."
        line = error.problem_mark.line
        place = f"{shown_path(file)}, line {line + 1}"
        if "\t" in "".join(file.read_text(encoding="utf-8").splitlines()[line : line + 1]):
            return f"{place} holds a tab, which YAML does not take: indent with spaces."
        return f"{place} is no YAML: {error.problem}; correct it."
    except OSError as error:  # OmegaConf's own, of a file that holds a bare word or number
        return f"{shown_path(file)} cannot be read ({error}): write a line `name: value` for each entry."
    if isinstance(found, DictConfig):
        return None
    return f"{shown_path(file)} holds a list: write a line `name: value` for each entry."


def misnamed_files(loader: OmegaConfigLoader) -> list[str]:
    """Name the files of a run's environment that hold parameters or entries of base and are not read."""
    env, base = environments_of(loader)[0], loader.base_env
    if env == base:
        return []
    known = {
        kind: {key for file in files_of(loader, kind, base) for key in entries_of(file)}
        for kind in ("parameters", "catalog")
    }
    read = {file for kind in loader.config_patterns for file in files_of(loader, kind, env)}
    others = (file for file in sorted((Path(loader.conf_source) / env).rglob("*")) if file.suffix in _READ)
    meant = {file: [kind for kind, keys in known.items() if keys & _keys(file)] for file in others if file not in read}
    return [
        f"{shown_path(file)} is read by nothing: name it {kinds[0]}.yml, or put what it holds there."
        for file, kinds in meant.items()
        if kinds
    ]


def _keys(file: Path) -> set[str]:
    return set() if _problem(file) else set(entries_of(file))


def shared_data(loader: OmegaConfigLoader) -> str | None:
    """Say that an environment has no data folder of its own; None of one that has, and of the default one."""
    env = environments_of(loader)[0]
    if env in (loader.default_run_env, loader.base_env):
        return None
    if any("data_root" in entries_of(file) for file in files_of(loader, "globals", env)):
        return None
    return (
        f"environment {env} has no data folder of its own, so this run reads and writes the default run's results: "
        f"give it one by `data_root: data/{env}` in conf/{env}/globals.yml."
    )


def left_out(loader: OmegaConfigLoader) -> str | None:
    """Say that files of the environment without ``--env`` do not count in this run; None if there are none."""
    env, default = environments_of(loader)[0], loader.default_run_env
    own = [one for kind in ("parameters", "catalog", "globals", "mlflow") for one in files_of(loader, kind, default)]
    if env in (default, loader.base_env) or not own:
        return None
    return f"{shown_path(own[0])} does not count in this run: with --env {env} only conf/{env} and conf/base do."
