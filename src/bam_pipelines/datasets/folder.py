"""Folders of files."""

import json
from pathlib import Path, PurePosixPath
from typing import Any

from kedro.io import AbstractDataset
from kedro.io.core import DatasetError
from kedro_datasets._typing import JSONPreview


class FolderDataset(AbstractDataset[dict[str, Any], dict[str, bytes]]):
    """Write a mapping from paths to contents as a folder, and read it back.

    Parameters
    ----------
    filepath
        The folder.

    Raises
    ------
    kedro.io.core.DatasetError
        If a path leads out of the folder.
    """

    def __init__(self, *, filepath: str) -> None:
        self._folder = Path(filepath)

    def load(self) -> dict[str, bytes]:
        """Return the content of each file by its path within the folder."""
        return {path.relative_to(self._folder).as_posix(): path.read_bytes() for path in self._files()}

    def save(self, data: dict[str, Any]) -> None:
        """Write each file: text in UTF-8, or bytes."""
        for name, content in data.items():
            path = PurePosixPath(name)
            if path.is_absolute() or ".." in path.parts:
                raise DatasetError(f"{name}: lies outside the folder {self._folder}.")
            target = self._folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)

    def preview(self, nfiles: int = 50) -> JSONPreview:
        """Return the first files and their sizes in bytes, for kedro-viz.

        Parameters
        ----------
        nfiles
            How many files; at least 1.
        """
        files = self._files()
        sizes = {path.relative_to(self._folder).as_posix(): path.stat().st_size for path in files[:nfiles]}
        return JSONPreview(json.dumps({"number_of_files": len(files), "bytes": sizes}))

    def _files(self) -> list[Path]:
        return sorted(path for path in self._folder.rglob("*") if path.is_file())

    def _exists(self) -> bool:
        return self._folder.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._folder}
