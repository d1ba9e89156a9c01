"""SIGTERM ends a run in order, and its workers with it."""

import atexit
import os
import signal
import subprocess
import sys
import time

import mlflow
import psutil
import pytest
from kedro.pipeline.node import Node

from bam_pipelines.hooks import termination
from bam_pipelines.hooks.refusal import RunRefusedError
from tests.hooks.test_tracking import runs, saved


@pytest.fixture
def at_exit(monkeypatch):
    """Keep from the tests' process what would happen at its exit, and the thread that ends it for sure."""
    calls = []
    monkeypatch.setattr(atexit, "register", lambda *call: calls.append(call))
    monkeypatch.setattr(termination, "_end_for_sure", lambda seconds: None)
    return calls


def terminate(*arguments, **named):
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGTERM)  # a second one changes nothing
    time.sleep(10)


def test_a_run_that_gets_it_exits_in_order(run, tmp_path, monkeypatch, at_exit, caplog):
    monkeypatch.setattr(Node, "run", terminate)
    with pytest.raises(SystemExit) as exited:
        run()
    assert exited.value.code == 143
    assert saved(tmp_path) == []
    for call, *arguments in reversed(at_exit):
        call(*arguments)
    assert caplog.text.count("SIGTERM has ended this run; what it saved and its finished shards are kept: run the") == 1
    assert mlflow.active_run() is None
    assert [tracked.info.status for tracked in runs(tmp_path)] == ["KILLED"]


@pytest.mark.parametrize("ending", [True, False])
def test_only_a_run_that_was_ended_leaves_at_once(monkeypatch, at_exit, ending):
    hook, left = termination.TerminationHook(), []
    monkeypatch.setattr(os, "_exit", left.append)
    monkeypatch.setattr(termination.multiprocessing.util, "_exit_function", lambda: left.append("workers"))
    if ending:
        with pytest.raises(SystemExit):
            hook._end(signal.SIGTERM, None)
    first, *_ = at_exit
    first[0]()
    assert left == (["workers", 143] if ending else [])


def test_it_is_nobodys_error(run, monkeypatch, at_exit):
    """Libraries that catch every error don't catch this one."""

    def catch(*arguments, **named):
        try:
            terminate()
        except Exception:
            return {}

    monkeypatch.setattr(Node, "run", catch)
    with pytest.raises(SystemExit):
        run()


@pytest.mark.parametrize("factor", [3, 0])
def test_it_is_left_to_whom_it_belonged(run, factor):
    before = signal.getsignal(signal.SIGTERM)
    try:
        run(parameters={"trial": {"factor": factor}})
    except ZeroDivisionError:
        assert factor == 0
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_refused_run_leaves_it_too(run):
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(RunRefusedError):
        run("after")
    assert signal.getsignal(signal.SIGTERM) is before


def test_workers_that_go_on_are_killed_and_then_the_process():
    hang = "import time; time.sleep(60)"
    program = (
        f"import runpy, subprocess, sys; end = runpy.run_path({termination.__file__!r})['_end_for_sure']; "
        f"print(subprocess.Popen([sys.executable, '-c', {hang!r}]).pid, flush=True); end(0.1)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 143
    assert ended.stderr.strip().endswith("with --only-missing-outputs; the process had to be killed.")
    assert not psutil.pid_exists(int(ended.stdout)) or psutil.Process(int(ended.stdout)).status() == "zombie"
