"""Records of one rating a class, several a trial, to one answer a trial."""

from collections.abc import Mapping

import pandas as pd

from bam_pipelines.behavior.readers.records import Records
from bam_pipelines.behavior.readers.text_values import parse_class, parse_number
from bam_pipelines.compute.faults import InputError


def choose_highest(
    records: Records, category: str, rating: str, class_numbers: Mapping[str, int], n_classes: int
) -> Records:
    """Bring the ratings of a trial together: the answer is the class rated highest, none where two are.

    Records belong to one trial if they agree in every field but the two.

    Parameters
    ----------
    records
        One a class and trial.
    category
        Field with the class that is rated, a number or a name.
    rating
        Field with the rating, a number.
    class_numbers
        Number of each class by its name in lower case, if they are named.
    n_classes
        Number of classes K: ratings a trial.

    Returns
    -------
    Records
        One a trial, at its first line: ``response`` is the class's number, or null; ``rating_0`` to ``rating_{K-1}``
        are the ratings. A trial without a rating for each class is among the rejects.

    Raises
    ------
    ValueError
        If a field is absent.
    """
    fields = records.fields
    for name in (category, rating):
        if name not in fields:
            raise InputError(f"found no column {name}, expected one of {', '.join(map(str, fields.columns))}.")
    trial = _trial_numbers(fields.drop(columns=[category, rating]))
    classes, _ = parse_class(fields[category].astype("str"), class_numbers)
    values, _ = parse_number(fields[rating].astype("str"))
    long = (
        pd.DataFrame({"trial": trial, "class": classes, "value": values}).dropna().drop_duplicates(["trial", "class"])
    )
    ratings = long.pivot(index="trial", columns="class", values="value").reindex(columns=range(n_classes)).dropna()
    first = ~trial.duplicated()
    whole = trial.isin(ratings.index)
    reason = f"found no rating for each of {n_classes} classes, expected one"
    rejects = records.origins[first & ~whole].assign(reason=reason, content="")
    kept = (first & whole).to_numpy()
    answers = fields[kept].drop(columns=[category, rating]).reset_index(drop=True)
    ratings = ratings.loc[trial[kept]].reset_index(drop=True)
    alone = ratings.eq(ratings.max(axis=1), axis=0).sum(axis=1) == 1
    columns = {f"rating_{number}": ratings[number].map(repr) for number in ratings.columns}
    answers = answers.assign(response=ratings.idxmax(axis=1).astype("str").where(alone).astype("object"), **columns)
    return Records(
        answers.where(answers.notna(), None),
        records.origins[kept].reset_index(drop=True),
        pd.concat([records.rejects, rejects], ignore_index=True),
    )


def _trial_numbers(fields: pd.DataFrame) -> pd.Series:
    """Return the same number for records that agree in all fields."""
    return fields.groupby(list(fields.columns), dropna=False, sort=False).ngroup()
