"""Where answers of people lie and how they are written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bam_pipelines.behavior.checked import settings_group
from bam_pipelines.behavior.readers.columns import ColumnMap, column_map

SOURCES = ("released", "jspsych", "jatos", "table")


@dataclass(frozen=True)
class SourceSettings:
    """Where answers of people lie and how they are written; conf/base/behavior/parameters.yml explains each.

    Parameters
    ----------
    path, images
        File or folder of the answers, and folder or tensor file of the images; seen from the project's root.
    dataset_id
        What the trial table calls the data set.
    participant_ids
        ``outside``: replaced by pseudonyms; ``published``: pseudonyms already.
    columns
        Where records hold what.
    ratings
        Fields ``category`` and ``rating`` where a trial is written as one record a class; both None else.
    """

    path: str
    images: str | None
    dataset_id: str
    participant_ids: str
    columns: ColumnMap
    ratings: Mapping[str, str | None]

    def __post_init__(self) -> None:
        if self.participant_ids not in ("outside", "published"):
            raise ValueError(f"participant_ids is {self.participant_ids!r}, expected outside or published.")
        if sorted(self.ratings) != ["category", "rating"] or len({name is None for name in self.ratings.values()}) > 1:
            raise ValueError(
                f"ratings is {dict(self.ratings)}, expected fields for category and rating, or null for both."
            )

    def of_round(self, number: int) -> "SourceSettings":
        """Return the settings for a round's answers: those of later rounds lie in a folder of their own beside."""
        return self if number == 1 else replace(self, path=f"{self.path}_round_{number}")


def source_settings(name: str, parameters: Mapping[str, Any], private: Sequence[str]) -> SourceSettings:
    """Read the parameters of one source; ``private`` are the fields that are never kept.

    Raises
    ------
    ValueError
        If a parameter is missing, unknown or out of range.
    """
    place = f"behavior.sources.{name}"
    map_names = ("columns", "rt_unit", "missing", "class_names")
    own = {key: value for key, value in parameters.items() if key not in map_names}
    try:
        mapping = column_map({key: parameters[key] for key in map_names if key in parameters} | {"private": private})
    except ValueError as error:
        raise ValueError(f"{place}.{error}") from None
    return settings_group(SourceSettings, place, own | {"columns": mapping})
