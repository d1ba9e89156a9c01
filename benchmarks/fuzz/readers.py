"""Every reader of the project: whole files to begin with, and what reading one means."""

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import torch
import yaml

from bam_pipelines.alignment.individuals import read_individuals
from bam_pipelines.behavior.ingestion import ingest
from bam_pipelines.behavior.judgments import judgment_shares
from bam_pipelines.behavior.readers.delimited import read_delimited
from bam_pipelines.behavior.readers.images import from_tensor, read_image, read_tensor
from bam_pipelines.behavior.readers.jatos import read_archive
from bam_pipelines.behavior.readers.json_text import read_json
from bam_pipelines.behavior.readers.jspsych import read_jspsych
from bam_pipelines.behavior.readers.texts import decode
from bam_pipelines.behavior.schemas import validate_stimuli, validate_trials
from bam_pipelines.behavior.source_settings import SourceSettings
from bam_pipelines.compute.checked import read_settings
from bam_pipelines.datasets.table import TableDataset
from bam_pipelines.experiment.server.plan import read_plan
from bam_pipelines.experiment.server.store import LOG
from bam_pipelines.experiment.texts import PAGES, read_texts
from bam_pipelines.images.archive import archive_digits
from bam_pipelines.images.idx import read_idx
from bam_pipelines.networks.registry import read_network
from benchmarks.fuzz import samples
from benchmarks.fuzz.server import open_store, poster, read_log, write_study

PROJECT = Path(__file__).parents[2]
CONF = PROJECT / "conf" / "base"
_ANSWERS = "study_result_7/comp_result_9/data.txt"
_SALT = "a secret of the fuzz run"


@dataclass(frozen=True)
class Reader:
    """One reader.

    Parameters
    ----------
    file
        Name of the file that it reads, in a folder of its own.
    whole
        Whole files.
    read
        Takes the file.
    share
        How many inputs it gets, of those of all readers.
    named
        Whether each error must name the file; else table and row, or what was posted.
    pack
        Makes the file of what changes, where that is a part which a checksum or a length protects in the file.
    """

    file: str
    whole: list[bytes]
    read: Callable[[Path], object]
    share: int
    named: bool = True
    pack: Callable[[bytes], bytes] = bytes


def _text(read: Callable[[str, str], object], path: Path) -> object:
    return read(decode(path.read_bytes(), path.name), path.name)


def _settings(source: str, path: Path, images: Path | None = None, env: str | None = None) -> SourceSettings:
    behavior = yaml.safe_load((CONF / "behavior" / "parameters.yml").read_text())["behavior"]
    parameters: dict[str, Any] = dict(behavior["sources"][source])
    if env is not None:
        other = yaml.safe_load((PROJECT / "conf" / env / "behavior" / "parameters.yml").read_text())["behavior"]
        changes = other["sources"][source]
        parameters |= {**changes, "columns": parameters["columns"] | changes["columns"]}
    parameters |= {"path": str(path), "images": None if images is None else str(images)}
    settings = read_settings(SourceSettings, f"behavior.sources.{source}", parameters)
    return replace(settings, private=tuple(behavior["private"]))


def _ingest(source: str, n_classes: int, env: str | None, path: Path) -> object:
    place = path.parent if source == "released" else path
    return ingest(source, _settings(source, place, env=env), path.parent, _SALT, None, 0.9, n_classes)


def _tensor(path: Path) -> object:
    return from_tensor(read_tensor(path))("0")


def _individuals(path: Path) -> object:
    models = read_individuals(path)
    return list(models.logits(torch.zeros(1, 1, 8, 8)))


def _trials(path: Path) -> object:
    return validate_trials(TableDataset(filepath=str(path)).load())


def _stimuli(path: Path) -> pd.DataFrame:
    return validate_stimuli(TableDataset(filepath=str(path)).load())


def _judgments(trials: pd.DataFrame, path: Path) -> object:
    return judgment_shares(trials, _stimuli(path))


def _texts(path: Path) -> object:
    return read_texts(path.parents[1], path.parent.name)


def _place_texts(folder: Path) -> None:
    """Lay the texts of the study where the file that is changed is one of them."""
    for name in ("en", "xx"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for text in (CONF / "experiment" / "texts" / "en").iterdir():
            (folder / name / text.name).write_bytes(text.read_bytes())


def _ingesting(folder: Path) -> Mapping[str, Reader]:
    archive = samples.archives()[0]
    (folder / "ingest released").mkdir(parents=True, exist_ok=True)
    (folder / "ingest released" / "images.pt").write_bytes(samples.tensors()[0])
    return {
        "ingest jspsych": Reader("answers.json", samples.answers(), partial(_ingest, "jspsych", 10, None), 2, False),
        "ingest jatos": _part(
            "results.jzip",
            archive,
            _ANSWERS,
            partial(samples.in_zip, archive),
            partial(_ingest, "jatos", 10, None),
            2,
            False,
        ),
        "ingest table": Reader("trials.csv", samples.tables(), partial(_ingest, "table", 10, None), 2, False),
        "ingest ratings": Reader("trials.csv", samples.ratings(), partial(_ingest, "table", 3, "golan2020"), 2, False),
        "ingest released": Reader(
            "df_DigitRecog.csv", samples.release(), partial(_ingest, "released", 10, None), 2, False
        ),
    }


def _packed(folder: Path) -> Mapping[str, Reader]:
    """Return readers of files whose parts change before they are packed."""
    archive = partial(samples.in_zip, samples.archives()[0])
    tensor = partial(samples.in_zip, samples.tensors()[0])
    network, own = samples.networks(folder)[0], samples.own_images()[0]
    (pickled,) = [name for name in samples.members(samples.tensors()[0]) if name.endswith("data.pkl")]
    return {
        "jatos metadata": _part("results.jzip", samples.archives()[0], "metadata.json", archive, _archive, 120),
        "jatos answers": _part("results.jzip", samples.archives()[0], _ANSWERS, archive, _archive, 20),
        "own images' array": _part("images.npz", own, "images.npy", partial(samples.in_zip, own), _own_images, 60),
        "tensor pickle": _part("images.pt", samples.tensors()[0], pickled, tensor, _tensor, 60),
        "network header": Reader(
            "network.safetensors",
            [samples.header(network)],
            read_network,
            80,
            pack=partial(samples.with_header, network),
        ),
        "idx gzipped": Reader("images", samples.idx()[:1], partial(read_idx, dimensions=3), 80, pack=gzip.compress),
    }


def _part(
    file: str,
    whole: bytes,
    member: str,
    pack: Callable[[str, bytes], bytes],
    read: Callable[[Path], object],
    share: int,
    named: bool = True,
) -> Reader:
    return Reader(file, [samples.members(whole)[member]], read, share, named, partial(pack, member))


def _own_images(path: Path) -> object:
    return archive_digits(path, n_classes=3)


def _archive(path: Path) -> object:
    return list(read_archive(path))


def _serving(folder: Path) -> Mapping[str, Reader]:
    plan = write_study(folder / "study design")
    write_study(folder / "study list")
    design = (plan.folder / "design.json").read_bytes()
    lists = [one.read_bytes() for one in sorted((plan.folder / "lists").iterdir())]
    store, posts, answers = open_store(folder / "answers", plan)
    log = answers.pop(LOG)
    return {
        "study design": Reader("design.json", [design], lambda path: read_plan(path.parent), 30, False),
        "study list": Reader("lists/1.js", lists, lambda path: read_plan(path.parents[1]), 30, False),
        "server log": Reader("server.log", [log], partial(read_log, plan, answers), 30, False),
        "post": Reader("post.json", posts, poster(store), 40, False),
    }


def all_readers(folder: Path) -> dict[str, Reader]:
    """Return all readers by name; what stands beside the files that change lies in ``folder`` / name."""
    folder.mkdir(parents=True, exist_ok=True)
    _place_texts(folder / "words")
    _place_texts(folder / "page")
    english = CONF / "experiment" / "texts" / "en"
    words = [(english / "interface.yml").read_bytes()]
    pages = [(english / f"{page}.md").read_bytes() for page in PAGES]
    trials = samples.trial_table()
    tables = {"trials": trials, "stimuli": samples.stimulus_table()}
    parquet = {name: samples.parquet(table) for name, table in tables.items()}
    return {
        "csv": Reader("trials.csv", samples.tables(), partial(_text, read_delimited), 360),
        "json": Reader("answers.json", samples.answers()[3:], partial(_text, read_json), 380),
        "jspsych": Reader("answers.json", samples.answers(), partial(_text, read_jspsych), 60),
        "jatos": Reader("results.jzip", samples.archives(), _archive, 220),
        **_ingesting(folder),
        "tensor": Reader("images.pt", samples.tensors(), _tensor, 120),
        "image": Reader("image.png", samples.pictures(), read_image, 320),
        "own images": Reader("images.npz", samples.own_images(), _own_images, 120),
        "idx": Reader("images", samples.idx(), partial(read_idx, dimensions=3), 300),
        "network": Reader("network.safetensors", samples.networks(folder), read_network, 10),
        **_packed(folder),
        "individuals": Reader("models.safetensors", samples.individuals(folder), _individuals, 30),
        "trials": Reader("trials.parquet", parquet["trials"], _trials, 30, False),
        "stimuli": Reader("stimuli.parquet", parquet["stimuli"], _stimuli, 20, False),
        "judgments": Reader("stimuli.parquet", parquet["stimuli"], partial(_judgments, trials), 10, False),
        "words": Reader("xx/interface.yml", words, _texts, 16),
        "page": Reader("xx/consent.md", pages, _texts, 8),
        **_serving(folder),
    }


def shares(readers: Mapping[str, Reader], inputs: int) -> dict[str, int]:
    """Return how many of all inputs each reader gets, at least one."""
    whole = sum(reader.share for reader in readers.values())
    return {name: max(1, round(inputs * reader.share / whole)) for name, reader in readers.items()}
