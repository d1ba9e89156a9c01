"""Psych-DS: a folder that says what its tables mean."""

import json
from collections.abc import Mapping

import pandas as pd

from bam_pipelines.behavior.schemas import PARTICIPANTS, TRIALS
from bam_pipelines.behavior.sharing.settings import SharingSettings
from bam_pipelines.behavior.validation import TableSchema

_EXTRA = "kept from the source as it was written there"
_PARTICIPANT_ROW = "participant_id"


def psych_ds_files(
    trials: pd.DataFrame, participants: pd.DataFrame, settings: SharingSettings, simulated: bool
) -> dict[str, str]:
    """Write a data set's files.

    Parameters
    ----------
    trials, participants
        Trial table and participant table, after the quality rules.
    settings
        What the data set is called.
    simulated
        Whether the participants are; name and description then say so.

    Returns
    -------
    dict
        Path within the folder to text: dataset_description.json, README.md, CHANGES.md, and a CSV a task and one of
        the participants in data/.

    References
    ----------
    Psych-DS specification, psych-ds.github.io.
    """
    study = settings.study
    tables = {
        f"study-{study}_task-{task}_data.csv": own for task, own in trials.groupby("task", observed=True, sort=True)
    }
    people = participants.assign(row_id=participants[_PARTICIPANT_ROW])
    tables[f"study-{study}_table-participants_data.csv"] = people[["row_id", *participants.columns]]
    name, description = (_honest(text, simulated) for text in (settings.name, settings.description))
    columns = list(dict.fromkeys(column for table in tables.values() for column in table.columns))
    about = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": name,
        "description": description,
        "variableMeasured": [_variable(column) for column in columns],
    }
    return {
        "dataset_description.json": json.dumps(about, indent=2, ensure_ascii=False) + "\n",
        "README.md": _readme(name, description, tables),
        "CHANGES.md": "# Changes\n\n1.0.0: first version.\n",
        **{f"data/{file}": table.to_csv(index=False, lineterminator="\n") for file, table in tables.items()},
    }


def _honest(text: str, simulated: bool) -> str:
    return f"{text} (simulated participants)" if simulated else text


def _variable(column: str) -> dict[str, str]:
    return {"@type": "PropertyValue", "name": column, "description": _description(column)}


def _description(column: str) -> str:
    schemas: tuple[TableSchema, ...] = (TRIALS, PARTICIPANTS)
    texts = [schema.schema.columns[column].description for schema in schemas if column in schema.kinds]
    return " / ".join(dict.fromkeys(str(text) for text in texts)) or _EXTRA


def _readme(name: str, description: str, tables: Mapping[str, pd.DataFrame]) -> str:
    rows = "\n".join(f"- `data/{file}`: {len(table)} rows" for file, table in tables.items())
    return (
        f"# {name}\n\n{description}\n\n{rows}\n\n"
        "What each column means stands in `dataset_description.json`, under `variableMeasured`. Trials and "
        "participants that a quality rule excludes are kept: `include` and `exclude_reason` say so.\n"
    )
