"""Tables as Parquet, with a preview that kedro-viz can show even when a column holds images."""

import math

import pyarrow.parquet as pq
from kedro_datasets._typing import TablePreview
from kedro_datasets.pandas import ParquetDataset


class TableDataset(ParquetDataset):
    """A pandas table as Parquet; see :class:`kedro_datasets.pandas.ParquetDataset` for its arguments."""

    def preview(self, nrows: int = 20) -> TablePreview:
        """Return the first rows as plain values, lists such as images shortened to their length.

        Parameters
        ----------
        nrows
            How many rows; at least 1.

        Returns
        -------
        dict
            ``index``, ``columns`` and ``data``, as pandas' ``to_dict(orient="split")``.
        """
        batch = next(pq.ParquetFile(self._get_load_path()).iter_batches(batch_size=nrows), None)
        rows = [] if batch is None else batch.to_pylist()
        columns = [name for name in pq.read_schema(self._get_load_path()).names if not name.startswith("__index_")]
        data = [[_shown(row[name]) for name in columns] for row in rows]
        return TablePreview({"index": list(range(len(data))), "columns": columns, "data": data})


def _shown(value: object) -> object:
    if isinstance(value, list):
        return f"{len(value)} values"
    # JSON has no NaN and no infinity, and kedro-viz refuses them
    plain = value is None or isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value))
    return value if plain else str(value)
