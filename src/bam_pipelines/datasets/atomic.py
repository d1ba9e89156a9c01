"""The wrapper that makes every catalog write atomic and versioned."""

import glob
import inspect
import os
import shutil
from pathlib import Path, PurePosixPath
from typing import Any

from kedro.io.core import (
    AbstractDataset,
    AbstractVersionedDataset,
    DatasetError,
    Version,
    VersionNotFoundError,
    get_protocol_and_path,
    parse_dataset_definition,
)

from bam_pipelines.compute.durable import sync, write_error
from bam_pipelines.compute.faults import Fault
from bam_pipelines.datasets.checksums import problem, write_sums

_OURS = {"filepath", "version", "versioned", "metadata"}


class VersionError(DatasetError, Fault):
    """A version is damaged or cannot be written."""


class AtomicDataset(AbstractVersionedDataset[object, object]):
    """Let another dataset write a version beside the entry, then move it into place in one step.

    The version is written to ``<entry>.partial-<version>`` with the SHA-256 sums of its files beside them, flushed to
    disk and renamed to ``<entry>/<version>``. A save that fails leaves nothing that a later run would read. Loading
    compares the sums; a version without them was put there by hand, and is taken as it is.

    Parameters
    ----------
    filepath
        The entry's path on this machine; versions are folders below it.
    dataset
        The dataset that reads and writes one file: its type, or a mapping with ``type`` and its arguments.
    version
        Set by Kedro when the entry says ``versioned: true``, which is required.
    metadata
        For others to read, for example the entry's layer in kedro-viz and what is logged to MLflow. The layer is the
        stage that makes the entry, unless ``made_by`` names another.

    Raises
    ------
    kedro.io.core.DatasetError
        If the entry is not versioned, lies on another machine, or gives the inner dataset what is the wrapper's.
    """

    def __init__(
        self,
        *,
        filepath: str,
        dataset: str | dict[str, Any],
        version: Version | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        protocol, path = get_protocol_and_path(filepath)
        if protocol != "file":
            raise DatasetError(f"{filepath}: only folders of this machine are written atomically, not {protocol}://.")
        if version is None:
            raise DatasetError(f"{filepath}: the entry is not versioned; add `versioned: true` to it.")
        super().__init__(filepath=PurePosixPath(path), version=version)
        self.metadata = metadata
        definition: tuple[Any, dict[str, Any]] = parse_dataset_definition(
            {"type": dataset} if isinstance(dataset, str) else dict(dataset)
        )
        self._kind, self._arguments = definition
        if misplaced := sorted(_OURS & set(self._arguments)):
            raise DatasetError(f"{filepath}: {', '.join(misplaced)} belong beside `dataset:`, not inside it.")
        if hasattr(self._kind, "preview"):
            self.preview = _Preview(self)

    def inner(self, path: Path) -> AbstractDataset:
        """Return the wrapped dataset for the file at ``path``."""
        dataset: AbstractDataset = self._kind(filepath=str(path), **self._arguments)
        return dataset

    @property
    def filepath(self) -> Path:
        """The file that loading reads: the newest version, or the one asked for.

        Raises
        ------
        kedro.io.core.VersionNotFoundError
            If there is no version yet.
        """
        return Path(self._get_load_path())

    def saved_path(self) -> Path:
        """Return the file that this run writes, or has written."""
        return Path(self._get_versioned_path(self.resolve_save_version()))  # type: ignore[arg-type]

    def load(self) -> object:
        """Return what the wrapped dataset reads from the version.

        Raises
        ------
        VersionError
            If a file of the version is missing, is not what was written, or cannot be read.
        """
        path = self.checked_path()
        try:
            return self.inner(path).load()
        except Exception as error:
            # the wrapped datasets raise whatever their libraries do, Kedro its own error from it
            if any(isinstance(one, MemoryError) for one in (error, error.__cause__)):
                raise  # the file is as it should be
            raise self._damaged(path, f"{path} cannot be read ({_first_line(error, path)})") from error

    def checked_path(self) -> Path:
        """Return :attr:`filepath` if its files are what was written.

        Raises
        ------
        VersionError
            If they are not, or may not be opened.
        """
        path = self.filepath
        try:
            found = problem(path)
        except PermissionError as error:
            raise VersionError(f"{error.filename} cannot be opened ({error.strerror}): allow it.") from error
        if found is not None:
            raise self._damaged(path, found)
        return path

    def save(self, data: object) -> None:
        """Write a new version, all of it or nothing.

        Raises
        ------
        VersionError
            If the disk is full or cannot be written to.
        """
        final = Path(self._get_save_path()).parent
        entry = final.parent
        partial = entry.with_name(f"{entry.name}.partial-{final.name}")
        try:
            partial.mkdir(parents=True)
            self.inner(partial / entry.name).save(data)
            write_sums(partial / entry.name)
            _flush(partial)
            entry.mkdir(exist_ok=True)
            partial.rename(final)
            sync(entry)
        except Exception as error:
            fault = write_error(final / entry.name, error)
            if fault is None:
                raise
            raise VersionError(str(fault)) from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def discard_unfinished(self) -> None:
        """Remove what runs that were killed had begun to write; no other run may be writing."""
        entry = Path(str(self._filepath))
        for partial in entry.parent.glob(f"{glob.escape(entry.name)}.partial-*"):
            shutil.rmtree(partial, ignore_errors=True)

    def versions(self) -> list[str]:
        """Return the names of all version folders, the newest last, whether they hold the file or not.

        Raises
        ------
        VersionError
            If nobody may look: Python would find no version there.
        """
        entry = Path(str(self._filepath))
        if entry.is_dir() and not os.access(entry, os.R_OK | os.X_OK):
            raise VersionError(f"{entry} cannot be read: allow it.")
        return sorted(path.name for path in entry.glob("[!.]*") if path.is_dir())

    def exists(self) -> bool:
        """Return whether there is a version to load.

        Raises
        ------
        VersionError
            If the newest version lacks its file.
        """
        try:
            return self._exists()
        except VersionNotFoundError:
            return False

    def _get_versions(self) -> list[str]:
        """Return the paths of all versions, the newest first; Kedro would pass over a folder that lacks the file."""
        paths: list[str] = super()._get_versions()
        folders = self.versions()
        if folders and (not paths or Path(paths[0]).parent.name != folders[-1]):
            path = Path(str(self._get_versioned_path(folders[-1])))
            raise self._damaged(path, f"{path} is missing from the folder of its version")
        return paths

    def _damaged(self, path: Path, what: str) -> VersionError:
        about = self.metadata or {}
        stage = about.get("made_by") or about.get("kedro-viz", {}).get("layer")
        command = f" with `kedro run --pipelines {stage}` and the same --env" if stage else ""
        return VersionError(
            f"{what}: restore it, or remove the folder {path.parent}, so that the version before it counts, or make it "
            f"again{command}."
        )

    def _exists(self) -> bool:
        return self.filepath.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "dataset": self._kind.__name__, "version": self._version}


class _Preview:
    """What kedro-viz calls as ``dataset.preview()``; it finds the kind of preview in the signature."""

    def __init__(self, dataset: AtomicDataset) -> None:
        self._dataset = dataset
        self.__signature__ = inspect.signature(dataset._kind.preview)

    def __call__(self, **arguments: int) -> object:
        return self._dataset.inner(self._dataset.filepath).preview(**arguments)  # type: ignore[attr-defined]


def _first_line(error: Exception, path: Path) -> str:
    text = str(error).removeprefix(f"{path}: ").strip() or type(error).__name__
    return text.splitlines()[0]


def _flush(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        sync(path)
