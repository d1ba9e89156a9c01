"""The fuzz run's bookkeeping, and every reader with a few changed files."""

import time

import pytest

from bam_pipelines.compute.faults import InputError
from bam_pipelines.compute.seeds import numpy_generator
from bam_pipelines.experiment.server.places import Refused
from benchmarks.fuzz.__main__ import _changed
from benchmarks.fuzz.mutations import mutate
from benchmarks.fuzz.outcomes import Outcomes
from benchmarks.fuzz.readers import all_readers, shares


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@pytest.fixture(scope="module")
def readers(place):
    return all_readers(place)


@pytest.mark.filterwarnings("ignore")  # decoders warn of much that is odd in damaged files
def test_no_reader_falls_over_a_few_changed_files(readers, place):
    outcomes = {
        name: _changed(reader, name, place / name, 6, None)
        for name, reader in readers.items()
        if not name.startswith("ingest")  # half a second each, for what the others read
    }
    assert {name: found.crashes for name, found in outcomes.items() if found.crashes} == {}
    assert len(outcomes) > 20
    assert {found.counts.total() for found in outcomes.values()} == {6}


def test_the_same_number_gives_the_same_file():
    files = [b"first file", b"second file"]
    made = [mutate(files, numpy_generator(0, "fuzz", "csv", number)) for number in (*range(20), *range(20))]
    assert made[:20] == made[20:]
    assert len(set(made)) > 10
    assert not set(made) <= set(files)


def test_all_inputs_are_shared_out(readers):
    found = shares(readers, 100_000)
    assert abs(sum(found.values()) - 100_000) < len(readers)
    assert min(found.values()) > 0


def raising(error):
    def read():
        raise error

    return read


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (InputError("a.csv: bad"), "InputError"),
        (InputError("bad"), "crash"),
        (ValueError("a.csv: bad"), "crash"),
        (UnicodeDecodeError("utf-8", b"x", 0, 1, "a.csv"), "crash"),
        (KeyError("a.csv"), "crash"),
        (RecursionError("a.csv"), "crash"),
        (Refused(409, "word", "a.csv"), "Refused"),
    ],
)
def test_only_errors_that_name_the_file_are_no_crashes(error, outcome):
    outcomes = Outcomes("a.csv")
    outcomes.take(raising(error), "number 7")
    assert outcomes.counts == {outcome: 1}
    assert [crash["input"] for crash in outcomes.crashes] == (["number 7"] if outcome == "crash" else [])


def test_an_input_that_takes_too_long_or_too_much_is_a_crash(monkeypatch):
    outcomes = Outcomes("a.csv", longest=0.05)
    outcomes.take(lambda: time.sleep(5), "slow")
    peaks = iter([10.0, 1000.0, 1000.0])
    monkeypatch.setattr("benchmarks.fuzz.outcomes._peak_mib", lambda: next(peaks))
    outcomes.take(lambda: None, "large")
    assert [crash["input"] for crash in outcomes.crashes] == ["slow", "large"]
    assert outcomes.counts == {"crash": 2}
