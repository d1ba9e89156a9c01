"""A loop's rounds are processes of their own, which end with it."""

import signal
import sys

import pytest

from bam_pipelines.pipelines.loop import rounds


def run_each_round_as(program, monkeypatch):
    monkeypatch.setattr(rounds, "round_command", lambda env, params: [sys.executable, "-c", program])


def test_sigterm_ends_the_round_and_the_loop(monkeypatch):
    before = signal.getsignal(signal.SIGTERM)
    run_each_round_as("import os, signal, time; os.kill(os.getppid(), signal.SIGTERM); time.sleep(60)", monkeypatch)
    with pytest.raises(SystemExit) as exited:
        rounds.run_rounds(2, None, None)
    assert exited.value.code == 143
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("code", [1, 143])
def test_a_round_that_ends_badly_ends_the_loop(monkeypatch, capfd, code):
    run_each_round_as(f"raise SystemExit({code})", monkeypatch)
    with pytest.raises(SystemExit if code == 143 else RuntimeError):
        rounds.run_rounds(2, None, None)
    assert capfd.readouterr().out == "loop: round 1 of 2 of this call\n"
