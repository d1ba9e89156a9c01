"""One run at a time in a data folder."""

import fcntl
import logging
import os
import subprocess
import sys

import pytest
from kedro.pipeline.node import Node

from bam_pipelines.hooks.alone import LOCK, take_lock
from bam_pipelines.hooks.completion import RECORD
from bam_pipelines.hooks.refusal import RunRefusedError
from tests.hooks.test_tracking import runs, saved

# as another run does it, without what takes seconds to import
HOLD = """
import fcntl, sys, time
file = open(sys.argv[1], "w")
fcntl.flock(file, fcntl.LOCK_EX)
file.write("process 7")
file.flush()
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def other(tmp_path):
    """Another process that holds the lock of the small project's data folder."""
    (tmp_path / "data").mkdir()
    command = [sys.executable, "-c", HOLD, str(tmp_path / "data" / LOCK)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_run_is_refused_and_leaves_no_trace(run, tmp_path, other):
    sentence = (
        rf"^another run writes to {tmp_path}/data \(process 7\): wait until it has ended, or end it, and run again"
    )
    with pytest.raises(RunRefusedError, match=sentence):
        run()
    assert [path.name for path in (tmp_path / "data").iterdir()] == [LOCK]
    assert runs(tmp_path) == []


def test_who_holds_the_lock_is_said(tmp_path):
    who = rf"process {os.getpid()} on \S+, session first, since 2\d{{3}}-\d\d-\d\d \d\d:\d\d:\d\d\S+"
    with take_lock(tmp_path, "earlier, and with a longer name"):
        pass
    with take_lock(tmp_path, "first"), pytest.raises(RunRefusedError, match=rf"\({who}\): wait"):
        take_lock(tmp_path, "second")


def test_a_killed_run_lets_go(run, tmp_path, other):
    other.kill()
    other.wait()
    run()
    assert len(saved(tmp_path)) == 1


def free(tmp_path):
    with (tmp_path / "data" / LOCK).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return True


def test_the_lock_is_free_after_a_run_however_it_ended(run, tmp_path):
    run()
    assert free(tmp_path)
    with pytest.raises(ZeroDivisionError):
        run(parameters={"trial": {"factor": 0}})
    assert free(tmp_path)


def test_a_run_that_another_hook_refuses_lets_go(run, tmp_path):
    run()
    (tmp_path / "data" / RECORD).write_text("")
    with pytest.raises(RunRefusedError, match="is damaged"):
        run()
    assert free(tmp_path)


def test_the_lock_is_held_while_nodes_run(run, tmp_path, monkeypatch):
    def look(*arguments, **named):
        with pytest.raises(BlockingIOError):
            free(tmp_path)
        raise KeyError("looked")

    monkeypatch.setattr(Node, "run", look)
    with pytest.raises(KeyError, match="looked"):
        run()


def test_what_a_killed_run_had_begun_to_write_goes(run, tmp_path):
    run()
    place = tmp_path / "data" / "08_reporting"
    for name in ("doubled.json.partial-2026", "tripled.json.partial-2026"):
        (place / name).mkdir()
    run()
    assert [path.name for path in place.glob("*.partial-*")] == ["tripled.json.partial-2026"]


def test_a_file_system_without_locks_is_said_aloud(run, tmp_path, monkeypatch, caplog):
    def unsupported(file, operation):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    with caplog.at_level(logging.WARNING, logger="bam_pipelines"):
        run()
    assert f"{LOCK} cannot be locked (Operation not supported), so nothing keeps a second run from" in caplog.text
    assert len(saved(tmp_path)) == 1


def test_a_folder_that_cannot_be_written_to_refuses_the_run(tmp_path):
    (tmp_path / "data").touch()
    with pytest.raises(RunRefusedError, match=rf"{tmp_path}/data/{LOCK} cannot be written: File exists"):
        take_lock(tmp_path / "data", "session")
