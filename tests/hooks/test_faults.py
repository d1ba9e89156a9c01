"""What a person can mend ends a run with one sentence, and only that."""

import errno

import mlflow
import pytest

from bam_pipelines.compute.faults import Fault
from bam_pipelines.datasets import AtomicDataset
from bam_pipelines.hooks.refusal import RunFailedError, RunRefusedError
from tests.hooks.test_tracking import runs


def failing(error):
    def save(self, data):
        raise error

    return save


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (Fault("The lamp is out: change it."), r"^The lamp is out: change it\.$"),
        (OSError(errno.ENOSPC, "full", "a.npz"), r"^no space left on a disk: .*'a\.npz'; make room and run again\.$"),
    ],
)
def test_a_fault_is_one_sentence_and_the_tracked_run_is_closed(run, tmp_path, monkeypatch, error, sentence):
    monkeypatch.setattr(AtomicDataset, "save", failing(error))
    with pytest.raises(RunFailedError, match=sentence):
        run()
    assert mlflow.active_run() is None
    assert [tracked.info.status for tracked in runs(tmp_path)] == ["FAILED"]


def test_an_error_of_the_program_keeps_its_traceback(run, monkeypatch):
    monkeypatch.setattr(AtomicDataset, "save", failing(OSError(errno.EIO, "broken")))
    with pytest.raises(OSError, match="broken"):
        run()


def test_a_damaged_result_ends_the_run_that_reads_it(run, tmp_path):
    run()
    (file,) = (tmp_path / "data").glob("*/doubled.json/*/doubled.json")
    file.write_text(file.read_text().replace("6", "7"))
    with pytest.raises(RunFailedError, match=rf"{file} is damaged: its SHA-256 is not the one in doubled.json.sha256"):
        run("after")
    file.unlink()
    with pytest.raises(RunRefusedError, match=rf"{file} is missing from the folder of its version"):
        run("after")
