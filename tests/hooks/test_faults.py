"""What a person can mend ends a run with one sentence, and only that."""

import errno

import mlflow
import pytest
import torch
from kedro.pipeline import node, pipeline

from bam_pipelines.compute.faults import Fault, InputError
from bam_pipelines.datasets import AtomicDataset
from bam_pipelines.hooks.refusal import RunFailedError, RunRefusedError
from tests.hooks.conftest import STAGES
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
        (InputError("t.csv: found no column."), r"^t\.csv: found no column\.$"),
        (FloatingPointError("the loss is nan; lower the rate."), r"^the loss is nan; lower the rate\.$"),
        (FileNotFoundError("a: not there. Put it there."), r"^a: not there\. Put it there\.$"),
        (
            FileNotFoundError(2, "No such file or directory", "a"),
            r"^a cannot be opened \(No such .*\): mend that and run",
        ),
        (
            PermissionError(13, "Permission denied", "a.csv"),
            r"^a\.csv cannot be opened \(Permission denied\): mend that",
        ),
        (
            torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has 78 GiB"),
            r"^the GPU's memory is full \(CUDA out of memory\): end what else uses it, lower the batch_size of the sta",
        ),
        (
            MemoryError("Unable to allocate 7.28 TiB for an array"),
            r"^memory is full \(Unable to allocate 7.28 TiB for an array\): give --params compute.workers=1, lower",
        ),
        (MemoryError(), r"^memory is full \(MemoryError\): "),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), r"^memory is full \(\[Errno 12\] Cannot allocate memory\): "),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"), "^memory is full "),
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


def refuse(options):
    raise InputError("t.csv: found no column.")


def test_kedro_s_advice_is_shown_where_it_helps(run, monkeypatch, caplog):
    with pytest.raises(ZeroDivisionError):
        run(parameters={"trial": {"factor": 0}})
    assert "Repeat the previous command" in caplog.text
    caplog.clear()
    monkeypatch.setitem(STAGES, "refused", pipeline([node(refuse, "params:trial", "doubled", name="refuse")]))
    with pytest.raises(RunFailedError, match="found no column"):
        run("refused")
    assert "Repeat the previous command" not in caplog.text


def test_a_damaged_result_ends_the_run_that_reads_it(run, tmp_path):
    run()
    (file,) = (tmp_path / "data").glob("*/doubled.json/*/doubled.json")
    file.write_text(file.read_text().replace("6", "7"))
    with pytest.raises(RunFailedError, match=rf"{file} is damaged: its SHA-256 is not the one in doubled.json.sha256"):
        run("after")
    file.unlink()
    with pytest.raises(RunRefusedError, match=rf"{file} is missing from the folder of its version"):
        run("after")
