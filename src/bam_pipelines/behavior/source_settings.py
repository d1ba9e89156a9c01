"""Where answers of people lie and how they are written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from bam_pipelines.behavior.readers.columns import ColumnMap, ColumnName, TimeUnit, column_map
from bam_pipelines.compute.checked import NO_PARAMETER, CheckedSettings, Problem, wrong

PeopleSource = Literal["released", "jspsych", "jatos", "table"]


@dataclass(frozen=True)
class SourceSettings(CheckedSettings):
    """Where answers of people lie and how they are written; conf/base/behavior/parameters.yml explains each.

    Parameters
    ----------
    path, images
        File or folder of the answers, and folder or tensor file of the images; seen from the project's root.
    targets
        CSV of the two classes between which each of those images lies, or None; see
        :func:`~bam_pipelines.behavior.readers.targets.read_targets`.
    dataset_id
        What the trial table calls the data set.
    participant_ids
        ``outside``: replaced by pseudonyms; ``published``: pseudonyms already.
    rt_unit, missing, class_names, columns
        How records are written, and where they hold what; see
        :class:`~bam_pipelines.behavior.readers.columns.ColumnMap`.
    ratings
        Fields ``category`` and ``rating`` where a trial is written as one record a class; both None else.
    private
        Fields that may name a person; see there.
    """

    path: str
    images: str | None
    targets: str | None
    dataset_id: str
    participant_ids: Literal["outside", "published"]
    rt_unit: TimeUnit
    missing: Sequence[str]
    class_names: Sequence[str]
    columns: Mapping[ColumnName, str | Sequence[str] | None]
    ratings: Mapping[Literal["category", "rating"], str | None]
    private: Sequence[str] = field(default=(), metadata=NO_PARAMETER)

    def conflicts(self) -> Iterable[Problem]:
        """Give ratings of which one half is said."""
        if sorted(self.ratings) != ["category", "rating"] or len({name is None for name in self.ratings.values()}) > 1:
            yield wrong("ratings", self.ratings, "fields for category and rating, or null for both")

    @property
    def column_map(self) -> ColumnMap:
        """How to read trials out of records."""
        how = {"rt_unit": self.rt_unit, "missing": self.missing, "class_names": self.class_names}
        return column_map({"columns": self.columns, "private": self.private, **how})

    def of_round(self, number: int) -> "SourceSettings":
        """Return the settings for a round's answers: those of later rounds lie in a folder of their own beside."""
        return self if number == 1 else replace(self, path=f"{self.path}_round_{number}")
