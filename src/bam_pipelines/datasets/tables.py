"""Several tables as one folder, and what an earlier run may have left."""

from pathlib import Path

import pandas as pd
from kedro.io import AbstractDataset

from bam_pipelines.datasets.atomic import AtomicDataset


class TablesDataset(AbstractDataset[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]):
    """Pandas tables by name, each a Parquet file of one folder: all of them are written, or none.

    Parameters
    ----------
    filepath
        The folder.
    """

    def __init__(self, *, filepath: str) -> None:
        self._folder = Path(filepath)

    def load(self) -> dict[str, pd.DataFrame]:
        """Return each table by its name."""
        return {path.stem: pd.read_parquet(path) for path in sorted(self._folder.glob("*.parquet"))}

    def save(self, data: dict[str, pd.DataFrame]) -> None:
        """Write each table."""
        self._folder.mkdir(parents=True)
        for name, table in data.items():
            table.to_parquet(self._folder / f"{name}.parquet")

    def _exists(self) -> bool:
        return self._folder.is_dir()

    def _describe(self) -> dict[str, Path]:
        return {"filepath": self._folder}


class EarlierDataset(AtomicDataset):
    """What an earlier run left in an entry, or None: for a stage that goes on where it was, or takes what is there.

    A stage cannot read and write one entry, and a run stops where an input does not exist. This is the same file under
    another name, which always exists. Its arguments are those of :class:`AtomicDataset`; it is never written.
    """

    def load(self) -> object:
        """Return what the wrapped dataset reads from the newest version, or None without any."""
        return super().load() if self._left() else None

    def save(self, data: object) -> None:
        """Refuse.

        Raises
        ------
        NotImplementedError
            Always.
        """
        raise NotImplementedError(f"{self._filepath} is read under this name and written under another one.")

    def resolve_load_version(self) -> str | None:
        """Return the version that is read; None without any."""
        version: str | None = super().resolve_load_version() if self._left() else None
        return version

    def _left(self) -> bool:
        return bool(self._get_versions())

    def _exists(self) -> bool:
        return True
