"""Kedro datasets that kedro-datasets lacks; each is imported when a catalog entry first needs it."""

import importlib

_HOMES = {
    "AtomicDataset": "atomic",
    "EarlierDataset": "tables",
    "FigureDataset": "figure",
    "FolderDataset": "folder",
    "IndividualsDataset": "network",
    "NetworkDataset": "network",
    "PageDataset": "page",
    "TableDataset": "table",
    "TablesDataset": "tables",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> type:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    kind: type = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    return kind
