"""The wrapper that makes every catalog write atomic and versioned."""

import inspect
import shutil
from pathlib import Path, PurePosixPath
from typing import Any

from kedro.io.core import (
    AbstractDataset,
    AbstractVersionedDataset,
    DatasetError,
    Version,
    get_protocol_and_path,
    parse_dataset_definition,
)

from bam_pipelines.compute.durable import sync

_OURS = {"filepath", "version", "versioned", "metadata"}


class AtomicDataset(AbstractVersionedDataset[object, object]):
    """Let another dataset write a version beside the entry, then move it into place in one step.

    The version is written to ``<entry>.partial-<version>``, flushed to disk and renamed to ``<entry>/<version>``.
    A save that fails leaves nothing that a later run would read.

    Parameters
    ----------
    filepath
        The entry's path on this machine; versions are folders below it.
    dataset
        The dataset that reads and writes one file: its type, or a mapping with ``type`` and its arguments.
    version
        Set by Kedro when the entry says ``versioned: true``, which is required.
    metadata
        For others to read, for example the entry's layer in kedro-viz and what is logged to MLflow.

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
        """Return what the wrapped dataset reads from the version."""
        return self.inner(self.filepath).load()

    def save(self, data: object) -> None:
        """Write a new version, all of it or nothing."""
        final = Path(self._get_save_path()).parent
        entry = final.parent
        partial = entry.with_name(f"{entry.name}.partial-{final.name}")
        partial.mkdir(parents=True)
        try:
            self.inner(partial / entry.name).save(data)
            _flush(partial)
            entry.mkdir(exist_ok=True)
            partial.rename(final)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        sync(entry)

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


def _flush(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        sync(path)
