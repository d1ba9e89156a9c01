"""SHA-256 sums beside every version: what is not what was written is never loaded."""

import subprocess
from pathlib import Path

import pandas as pd
import pytest
from kedro.io.core import Version

from bam_pipelines.compute.durable import digest
from bam_pipelines.compute.faults import Fault
from bam_pipelines.datasets import AtomicDataset, EarlierDataset

PROJECT = Path(__file__).parents[2]
FIRST, SECOND = "2000-01-01T00.00.00.000Z", "2026-01-01T00.00.00.000Z"


def entry(folder, save=FIRST, kind=AtomicDataset, dataset="bam_pipelines.datasets.TableDataset", name="counts.parquet"):
    metadata = {"kedro-viz": {"layer": "behavior"}}
    return kind(filepath=str(folder / name), dataset=dataset, version=Version(None, save), metadata=metadata)


def folder_entry(folder):
    return entry(folder, dataset="bam_pipelines.datasets.FolderDataset", name="study")


@pytest.fixture
def versions(tmp_path):
    """Write two versions, and return the file of the second one."""
    entry(tmp_path).save(pd.DataFrame({"n": [1]}))
    entry(tmp_path, SECOND).save(pd.DataFrame({"n": [2]}))
    return tmp_path / "counts.parquet" / SECOND / "counts.parquet"


def test_sums_are_those_of_sha256sum(versions):
    sums = versions.with_name("counts.parquet.sha256")
    assert sums.read_text() == f"{digest(versions)}  counts.parquet\n"
    folder_entry(versions.parents[2]).save({"index.html": "page", "images/1.png": b"\x89PNG"})
    place = versions.parents[2] / "study" / FIRST
    told = subprocess.run(["sha256sum", "-c", "study.sha256"], cwd=place, capture_output=True, text=True, check=True)
    assert told.stdout == "study/images/1.png: OK\nstudy/index.html: OK\n"


def test_the_command_that_makes_it_again_is_of_the_stage_that_makes_it(versions):
    cut(versions)
    made = entry(versions.parents[2], SECOND)
    with pytest.raises(Fault, match="make it again with `kedro run --pipelines behavior`"):
        made.load()
    made.metadata["made_by"] = "loop"
    with pytest.raises(Fault, match="make it again with `kedro run --pipelines loop`"):
        made.load()


def test_the_digest_of_nothing_is_the_published_one(tmp_path):
    (tmp_path / "empty").touch()
    # FIPS 180-4's SHA-256 of the empty message
    assert digest(tmp_path / "empty") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def flip(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def cut(file):
    file.write_bytes(file.read_bytes()[:-1])


@pytest.mark.parametrize("damage", [flip, cut, Path.unlink])
def test_a_file_that_is_not_what_was_written_is_named_with_what_to_do(versions, damage):
    damage(versions)
    what = (
        r"counts\.parquet is (damaged: its SHA-256 is not the one in counts\.parquet\.sha256|missing from the folder)"
    )
    to_do = (
        rf".*: restore it, or remove the folder {versions.parent}, so that the version before it counts, or make it "
        r"again with `kedro run --pipelines behavior` and the same --env\.$"
    )
    with pytest.raises(Fault, match=what + to_do):
        entry(versions.parents[2]).load()


def test_what_to_do_does_it(versions):
    flip(versions)
    for file in versions.parent.iterdir():
        file.unlink()
    with pytest.raises(Fault, match=f"{SECOND}/counts.parquet is missing from the folder of its version"):
        entry(versions.parents[2]).exists()
    versions.parent.rmdir()
    assert entry(versions.parents[2]).load()["n"].tolist() == [1]


def test_a_missing_or_damaged_file_of_a_folder_is_named(tmp_path):
    folder_entry(tmp_path).save({"index.html": "page", "images/1.png": b"\x89PNG"})
    image = tmp_path / "study" / FIRST / "study" / "images" / "1.png"
    image.write_bytes(b"\x88PNG")
    with pytest.raises(Fault, match=rf"{image} is damaged: its SHA-256"):
        folder_entry(tmp_path).load()
    image.unlink()
    with pytest.raises(Fault, match=rf"{image} is missing, but study.sha256 names it"):
        folder_entry(tmp_path).load()


@pytest.mark.parametrize(
    ("text", "what"), [("", "it is empty"), ("0123", "does not name files"), (b"\xff", "does not")]
)
def test_damaged_sums_are_no_sums(versions, text, what):
    versions.with_name("counts.parquet.sha256").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(Fault, match=rf"counts\.parquet\.sha256 is damaged: .*{what}"):
        entry(versions.parents[2]).load()


def test_what_a_person_put_there_is_taken_as_it_is(versions):
    pd.DataFrame({"n": [3]}).to_parquet(versions)
    versions.with_name("counts.parquet.sha256").unlink()
    assert entry(versions.parents[2]).load()["n"].tolist() == [3]
    cut(versions)
    with pytest.raises(Fault, match=rf"{versions} cannot be read \(.*\): restore it, or remove the folder"):
        entry(versions.parents[2]).load()


def test_half_a_version_is_not_passed_over_by_what_reads_the_earlier_one(versions):
    earlier = entry(versions.parents[2], kind=EarlierDataset)
    assert earlier.load()["n"].tolist() == [2]
    versions.unlink()
    with pytest.raises(Fault, match="is missing from the folder of its version"):
        entry(versions.parents[2], kind=EarlierDataset).load()


def test_a_hidden_folder_is_no_version(versions):
    (versions.parents[1] / ".snapshot").mkdir()
    assert entry(versions.parents[2]).versions() == [FIRST, SECOND]
    assert entry(versions.parents[2]).load()["n"].tolist() == [2]


@pytest.mark.parametrize("file", sorted((PROJECT / "data").glob(f"0*/*/{FIRST}/*[!6]")), ids=lambda file: file.name)
def test_what_is_kept_in_git_is_what_was_trained(file):
    assert file.with_name(f"{file.name}.sha256").read_text() == f"{digest(file)}  {file.name}\n"
