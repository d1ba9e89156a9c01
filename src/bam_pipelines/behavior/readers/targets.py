"""The two classes between which each image lies, where a user knows them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from bam_pipelines.behavior.readers.delimited import read_delimited
from bam_pipelines.behavior.readers.texts import decode
from bam_pipelines.compute.faults import InputError

_COLUMNS = ("file", "target_1", "target_2")
Pair = tuple[int, int]


class Targets(NamedTuple):
    """Targets of images.

    Parameters
    ----------
    path
        Where they stand, for errors.
    pairs
        The two classes by the image's name.
    """

    path: Path
    pairs: Mapping[str, Pair]


def read_targets(path: Path, classes: Sequence[str]) -> Targets:
    """Read a CSV with the columns file, target_1 and target_2.

    Parameters
    ----------
    path
        The CSV; other columns are left out.
    classes
        Their names, in the order of their numbers; targets are names or numbers from 0.

    Raises
    ------
    ValueError
        If there is no such file, a column is missing, a line lacks one of the three, a target is no class or the two
        are one, or an image stands there twice.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file, expected a CSV with the columns {', '.join(_COLUMNS)}.")
    records = read_delimited(decode(path.read_bytes(), path.name), str(path))
    absent = [name for name in _COLUMNS if name not in records.fields]
    if absent:
        raise InputError(f"{path}: found no column {absent[0]}, expected {', '.join(_COLUMNS)}.")
    if len(records.rejects):
        first = records.rejects.iloc[0]
        raise InputError(f"{path}, line {first['line']}: {first['reason']}; correct or remove it.")
    numbers = {str(number): number for number in range(len(classes))}
    numbers |= {name.lower(): number for number, name in enumerate(classes)}
    pairs: dict[str, Pair] = {}
    columns = [records.origins["line"], *(records.fields[column] for column in _COLUMNS)]
    for line, name, *texts in zip(*columns, strict=True):
        found = {numbers[text.lower()]: text for text in texts if text is not None and text.lower() in numbers}
        if name is None or name in pairs or len(found) < len(texts):
            raise InputError(
                f"{path}, line {line}: found {name}, {texts[0]} and {texts[1]}, expected an image that stands in no "
                f"line before and two different classes of {', '.join(classes)}."
            )
        first, second = found
        pairs[name] = (first, second)
    return Targets(path, pairs)


def with_targets(stimuli: pd.DataFrame, ids: Mapping[str, str], targets: Targets) -> pd.DataFrame:
    """Return stimuli with the targets of their images.

    Parameters
    ----------
    stimuli
        Stimulus table without targets.
    ids
        stimulus_id of each image by its name, or by a path whose last part is its name.
    targets
        By names; images without stay without.

    Raises
    ------
    ValueError
        If none of the images has targets, or equal images have different ones.
    """
    found: dict[str, Pair] = {}
    for name, stimulus_id in ids.items():
        pair = targets.pairs.get(name) or targets.pairs.get(name.replace("\\", "/").rsplit("/", 1)[-1])
        if pair is not None and found.setdefault(stimulus_id, pair) != pair:
            raise InputError(
                f"{targets.path}: found {pair} for {name}, whose equal has {found[stimulus_id]}; equal images are one."
            )
    if not found:
        raise InputError(
            f"{targets.path}: found targets of none of the images; in `file` write their names, such as "
            f"{next(iter(ids), 'a.png')!r}."
        )
    pairs = [found.get(stimulus_id, (None, None)) for stimulus_id in stimuli["stimulus_id"]]
    return stimuli.assign(target_1=[first for first, _ in pairs], target_2=[second for _, second in pairs])
