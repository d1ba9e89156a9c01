"""Files damaged between two runs: the next run must say which, overwrite nothing, and go on once it is mended."""

import os
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from benchmarks.drills.artifacts import digests, finished_shards
from benchmarks.drills.drill import Bench, Drill, Finding
from benchmarks.drills.projects import Project, entry_path, maker, node_inputs
from benchmarks.drills.workers import before_sampling, expect_resumed, until_amid_sampling

_VERSION = "%Y-%m-%dT%H.%M.%S.%fZ"
# reads digits, and takes no time
_CHEAP = "preprocessing.summarise_digits"
_EXPECTED = (
    "the run ends with a sentence that names the file and overwrites nothing; after what it says the run ends well"
)


def truncate(file: Path) -> None:
    """Cut a file in half."""
    os.truncate(file, file.stat().st_size // 2)


def flip(file: Path, number: int = 8) -> None:
    """Invert some bytes in the middle of a file."""
    data = bytearray(file.read_bytes())
    middle = len(data) // 2
    data[middle : middle + number] = bytes(255 - byte for byte in data[middle : middle + number])
    file.write_bytes(data)


def later_version(file: Path) -> Path:
    """Copy the version that a file lies in to one that is a millisecond newer; return the file there."""
    made = datetime.strptime(file.parent.name, _VERSION) + timedelta(milliseconds=1)
    later = file.parent.with_name(f"{made.strftime(_VERSION)[:-4]}Z")  # Python writes microseconds
    shutil.copytree(file.parent, later)
    return later / file.name


def _files(project: Project) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(project.data.glob("0*/**/*")) if path.is_file()}


def _refused(project: Project, finding: Finding, file: Path, *arguments: str) -> None:
    """Run and expect a sentence with the file's name, and the data as they were."""
    before = _files(project)
    ended = project.run(*arguments)
    finding.expect(ended.code != 0, "the run ended well with it")
    if ended.code:
        finding.expect_words(ended.output, file.name)
    finding.expect(_files(project) == before, "results were written all the same")


def _damaged_entry(entry: str, reader: str, damage: Callable[[Path], None], bench: Bench, finding: Finding) -> None:
    made_by = maker(entry)
    project = bench.project({entry, *node_inputs(reader), *node_inputs(made_by)})
    file = project.newest(entry)
    damage(file)
    _refused(project, finding, file, "--nodes", reader)
    shutil.rmtree(file.parent)
    again = project.run("--nodes", f"{made_by},{reader}")
    finding.expect(
        again.code == 0, f"without the damaged version and with {made_by} run again it ended with {again.code}"
    )
    finding.expect_same(_unlike(bench, project, entry))


def _half_version(damage: Callable[[Path], None], bench: Bench, finding: Finding) -> None:
    entry, reader = "mnist_train", _CHEAP
    project = bench.project(node_inputs(reader))
    file = later_version(project.newest(entry))
    damage(file)
    _refused(project, finding, file, "--nodes", reader)
    shutil.rmtree(file.parent)
    again = project.run("--nodes", reader)
    finding.expect(again.code == 0, f"without that version it ended with {again.code}")
    finding.expect_same(_unlike(bench, project, "mnist_summary"))


def _unlike(bench: Bench, project: Project, entry: str) -> list[str]:
    """Name the files of an entry that are not those of the undisturbed run."""
    place = "/".join(entry_path(entry).parts[-2:])
    expected, found = bench.undisturbed.digests(), digests(project.data)
    return [file for file in expected if file.startswith(f"{place}/") and found.get(file) != expected[file]]


def _damaged_shard(bench: Bench, finding: Finding) -> None:
    project = before_sampling(bench)
    with project.start("--pipelines", "sampling") as command:
        until_amid_sampling(command, project)
        command.kill(everything=True)
    shard = max(finished_shards(project.data), key=lambda path: path.stat().st_size)
    flip(shard)
    ended = expect_resumed(bench, project, finding)
    finding.expect(f"{shard.name} is damaged" in ended.output, "the damaged shard is not named")


def _damaged_record(bench: Bench, finding: Finding) -> None:
    project = bench.project(node_inputs(_CHEAP))
    first = project.run("--nodes", _CHEAP)
    finding.expect(first.code == 0, f"the first run ended with {first.code}")
    record = project.data / ".parameters.json"
    truncate(record)
    damaged = record.read_bytes()
    _refused(project, finding, record, "--nodes", _CHEAP, "--only-missing-outputs")
    finding.expect(record.read_bytes() == damaged, "the record was overwritten")
    record.unlink()
    again = project.run("--nodes", _CHEAP)
    finding.expect(again.code == 0, f"without the record it ended with {again.code}")
    finding.expect_same(_unlike(bench, project, "mnist_summary"))


DRILLS = [
    Drill(
        "truncated",
        "a catalog file cut in half",
        _EXPECTED,
        partial(_damaged_entry, "mnist_train", _CHEAP, truncate),
    ),
    Drill(
        "flipped",
        "eight bytes of a weights file inverted",
        _EXPECTED,
        partial(_damaged_entry, "group_lrm", "alignment.evaluate_lrm", flip),
    ),
    Drill("absent", "a newest version's folder without its file", _EXPECTED, partial(_half_version, Path.unlink)),
    Drill("half", "a newest version's folder with half its file", _EXPECTED, partial(_half_version, truncate)),
    Drill(
        "shard",
        "a finished shard of a killed run damaged",
        "running again names it and does it again, with the undisturbed run's stimuli",
        _damaged_shard,
    ),
    Drill(
        "record", "the record of a first run's parameters (.parameters.json) cut in half", _EXPECTED, _damaged_record
    ),
]
