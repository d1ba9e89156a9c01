"""Files of other programs to the trial table."""

from pathlib import Path
from typing import Any

import pandas as pd

from bam_pipelines.behavior.pseudonyms import Pseudonyms
from bam_pipelines.behavior.readers.images import (
    Find,
    find_images,
    from_folder,
    from_tensor,
    name_ids,
    read_tensor,
    strategy_of,
)
from bam_pipelines.behavior.readers.ratings import choose_highest
from bam_pipelines.behavior.readers.records import REJECT_COLUMNS
from bam_pipelines.behavior.readers.sources import (
    RELEASE_PICTURES,
    RELEASE_TENSOR,
    SourceRecords,
    read_source,
    release_root,
)
from bam_pipelines.behavior.readers.targets import Targets, read_targets, with_targets
from bam_pipelines.behavior.readers.trials import Reading, read_trials
from bam_pipelines.behavior.rounds import Round
from bam_pipelines.behavior.schemas import (
    REJECTS,
    SITTINGS,
    STIMULI,
    TRIALS,
    empty_table,
    row_ids,
    validate_stimuli,
    validate_trials,
)
from bam_pipelines.behavior.source_settings import SourceSettings
from bam_pipelines.behavior.validation import validate
from bam_pipelines.compute.faults import InputError
from bam_pipelines.compute.paths import seen_from

_AMONG_OURS = (
    "among the newest study's stimuli; answers to an older study are read with "
    "`--load-versions <its stimuli's entry>:<version>`, for example study_stimuli:<version>"
)
_ENDINGS = (".png", ".jpg", ".jpeg")
_FEW_TRAINING_TRIALS = 100  # the paper fits no individual model with fewer


def ingest(
    source: str,
    settings: SourceSettings,
    root: Path,
    salt: str | None,
    known: pd.DataFrame | None,
    max_reject_share: float,
    n_classes: int,
) -> Round:
    """Read a source.

    Parameters
    ----------
    source
        ``released``, ``jspsych``, ``jatos`` or ``table``.
    settings
        Where it lies and what its columns mean.
    root
        Folder that relative paths are seen from.
    salt
        Secret text for pseudonyms; needed if ids come from outside.
    known
        Stimulus table of a study of ours, whose trials name stimulus ids; None for others.
    max_reject_share
        Share of rejected records, of all, above which nothing is returned.
    n_classes
        Number of classes K.

    Returns
    -------
    Round
        Its trials have the source's split, train or test, or else none.

    Raises
    ------
    ValueError
        If files are absent or unreadable, a salt is needed and absent, too many records are rejected, there are
        answers of several rounds, or records contradict each other.
    """
    pseudonyms = pseudonyms_for(settings, salt)
    path = seen_from(root, settings.path)
    found, mapping = read_source(source, path, settings.column_map)
    records = found.records
    category, rating = settings.ratings["category"], settings.ratings["rating"]
    if category is not None and rating is not None:
        records = choose_highest(records, category, rating, mapping.class_numbers, n_classes)
    reading = read_trials(records, mapping, pseudonyms, n_classes, found.unread)
    _require_one_round(reading.trials)
    targets = _targets(settings, root, n_classes)
    trials, stimuli, lost = _with_images(reading, source, settings, path, root, known, targets)
    rejects = pd.concat([reading.rejects, lost], ignore_index=True)
    _check_share(rejects, len(trials), max_reject_share)
    table = _as_trials(trials, settings.dataset_id)
    report = _report(found, reading, table, trials, stimuli, rejects)
    return Round(table, stimuli, validate(rejects, REJECTS), _sittings(found, trials, pseudonyms), report)


def _require_one_round(trials: pd.DataFrame) -> None:
    others = trials[trials["round"] != trials["round"].iloc[0]] if len(trials) else trials
    if len(others):
        row = others.iloc[0]
        raise InputError(
            f"{row['file']}, line {row['line']}: found round {row['round']} among answers of round "
            f"{trials['round'].iloc[0]}, expected one round: put each round's answers into a folder of its own."
        )


def pseudonyms_for(settings: SourceSettings, salt: str | None) -> Pseudonyms:
    """Return how the people of a source are named.

    Raises
    ------
    ValueError
        If their ids come from outside, and the salt is missing or too short.
    """
    if settings.participant_ids == "published":
        return Pseudonyms(None)
    if not salt:
        raise InputError(
            "ids of people from outside are replaced before anything is written, which needs a salt: set the "
            "environment variable BAM_SALT to a secret text or to a file that holds one, the same for the whole study "
            "(`export BAM_SALT=<text or file>`), or give --params "
            "behavior.sources.<source>.participant_ids=published if the ids are pseudonyms already."
        )
    return Pseudonyms(salt)


def _targets(settings: SourceSettings, root: Path, n_classes: int) -> Targets | None:
    if settings.targets is None:
        return None
    classes = settings.class_names or [str(number) for number in range(n_classes)]
    return read_targets(seen_from(root, settings.targets), classes)


def _with_images(
    reading: Reading,
    source: str,
    settings: SourceSettings,
    path: Path,
    root: Path,
    known: pd.DataFrame | None,
    targets: Targets | None,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return trials with stimulus_id, their stimulus table, and rejects for images that are not there."""
    trials = reading.trials
    find, column, place = _finder(source, settings, path, root)
    if column not in trials:
        raise InputError(f"{path}: found no column stimulus_id, which says where in {RELEASE_TENSOR} an image stands.")
    named = trials.dropna(subset=[column]).drop_duplicates(column)
    strategies = named["stimulus"].map(strategy_of) if source == "released" else ["natural"] * len(named)
    ours = known[known["stimulus_id"].isin(named[column])] if known is not None else empty_table(STIMULI)
    ids = dict(zip(ours["stimulus_id"], ours["stimulus_id"], strict=True))
    if find is None:
        stand_ins = {} if known is not None else name_ids(named[column], settings.dataset_id)
        stimuli = ours
    else:
        missing = ~named[column].isin(ids)
        found, stand_ins = find_images(named[column][missing], find, pd.Series(strategies, index=named.index)[missing])
        found = found if targets is None else with_targets(found, stand_ins, targets)
        stimuli = pd.concat([ours.astype("object"), found], ignore_index=True)
    ids |= stand_ins
    there = trials[column].isin(ids)
    reasons = {name: _no_image(name, place, find) for name in set(trials[column][~there])}
    lost = trials[~there].assign(reason=trials[column][~there].map(reasons).astype("object"), content="")
    kept = trials[there].reset_index(drop=True)
    kept = kept.assign(stimulus_id=kept[column].map(ids).astype("str")).rename(columns={"stimulus": "extra_stimulus"})
    return kept, validate_stimuli(stimuli.drop_duplicates("stimulus_id")), lost[list(REJECT_COLUMNS)]


def _no_image(name: str, place: str, find: Find | None) -> str:
    ending = next((one for one in _ENDINGS if find is not None and find(f"{name}{one}") is not None), None)
    hint = f"; there is {name}{ending}: write names with their endings" if ending else ""
    return f"no image for {name!r}, expected one {place}{hint}"


def _finder(source: str, settings: SourceSettings, path: Path, root: Path) -> tuple[Find | None, str, str]:
    """Return how images are found, None where there are none; by which column of the trials; and where they lie."""
    if settings.images is not None:
        images = seen_from(root, settings.images)
        if not images.exists():
            raise InputError(
                f"{images} does not exist, expected images; change behavior.sources.{source}.images or set it null."
            )
        find = from_folder(images) if images.is_dir() else from_tensor(read_tensor(images))
        return find, "stimulus", f"in {settings.images}"
    if source != "released":
        return None, "stimulus", _AMONG_OURS
    folder = release_root(path)
    if (folder / RELEASE_TENSOR).is_file():
        return from_tensor(read_tensor(folder / RELEASE_TENSOR)), "extra_stimulus_id", f"in {RELEASE_TENSOR}"
    pictures = folder / RELEASE_PICTURES
    return from_folder(pictures if pictures.is_dir() else folder), "stimulus", f"in {RELEASE_PICTURES}"


def _check_share(rejects: pd.DataFrame, accepted: int, highest: float) -> None:
    everything = accepted + len(rejects)
    if everything == 0:
        raise InputError("found no trial at all; expected at least one.")
    if len(rejects) > highest * everything or accepted == 0:
        first = rejects.sort_values(["file", "line"]).iloc[0]
        raise InputError(
            f"{len(rejects)} of {everything} records cannot be used, more than behavior.max_reject_share of {highest}; "
            f"the first: {first['file']}, line {first['line']}: {first['reason']}. Correct "
            "them, or read without them by --params behavior.max_reject_share=<a larger share>."
        )


def _as_trials(trials: pd.DataFrame, dataset_id: str) -> pd.DataFrame:
    split = trials["is_train"].map({True: "train", False: "test"}).astype("object").where(trials["is_train"].notna())
    table = trials.assign(
        row_id=row_ids(trials),
        dataset_id=dataset_id,
        split=split.where(trials["phase"].isin(["main"]), None).fillna("none"),
        include=True,
        exclude_reason="",
    )
    extras = [name for name in table.columns if name.startswith("extra_")]
    return validate_trials(table[[*TRIALS.kinds, *extras]])


def _sittings(found: SourceRecords, trials: pd.DataFrame, pseudonyms: Pseudonyms) -> pd.DataFrame:
    blurs = {pseudonyms.of(person): count for person, count in found.blurs.items()}
    people = sorted(trials["participant_id"].unique())
    table = pd.DataFrame(
        {
            "participant_id": people,
            "planned_trials": trials.groupby("participant_id")["planned"].max().reindex(people).astype("Int32").array,
            "blur_events": pd.Series([blurs.get(person) for person in people], dtype="Int32"),
        }
    )
    return validate(table, SITTINGS)


def _report(
    found: SourceRecords,
    reading: Reading,
    trials: pd.DataFrame,
    read: pd.DataFrame,
    stimuli: pd.DataFrame,
    rejects: pd.DataFrame,
) -> dict[str, Any]:
    splits = trials[trials["split"] != "none"].groupby("stimulus_id")["split"].nunique()
    training = trials[trials["split"] == "train"].groupby("participant_id").size()
    people = trials["participant_id"].nunique()
    said = bool((trials["split"] != "none").any())
    names = read.groupby("stimulus_id")["extra_stimulus"].nunique()
    return {
        "trials": len(trials),
        "participants": people,
        "images": len(stimuli),
        "trials_without_an_image": int((~trials["stimulus_id"].isin(stimuli["stimulus_id"])).sum()),
        "images_of_several_names": int((names > 1).sum()),
        "rejects": len(rejects),
        "duplicate_records": reading.duplicates,
        "duplicate_files": found.copies,
        "records_that_are_no_trials": found.others,
        "fields_not_kept": list(reading.dropped),
        "stimuli_in_both_splits": int((splits > 1).sum()) if said else None,
        "participants_below_100_training_trials": (
            int(people - (training >= _FEW_TRAINING_TRIALS).sum()) if said else None
        ),
    }
