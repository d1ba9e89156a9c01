"""A log on a full disk costs no run."""

import io
import logging
import sys
from contextlib import suppress

import pytest
from tqdm import tqdm

from bam_pipelines.hooks.output import ForgivingStream, OutputHook


@pytest.fixture
def full():
    """The device on which every write finds no room."""
    stream = open("/dev/full", "w")  # noqa: SIM115 - what is left in the buffer cannot be written when it is closed
    yield stream
    with suppress(OSError):
        stream.close()


def test_a_bar_and_a_log_line_find_no_room_and_nothing_fails(full, monkeypatch):
    with pytest.raises(OSError, match="No space left"):
        print("a line", file=full, flush=True)
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, full)
        monkeypatch.setattr(sys, f"__{name}__", full)
    handler = logging.StreamHandler(sys.stdout)
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
    OutputHook().before_pipeline_run()
    assert list(tqdm([1, 2], mininterval=0)) == [1, 2]
    print("a line", flush=True)
    assert isinstance(handler.stream, ForgivingStream)
    handler.emit(logging.makeLogRecord({"msg": "a line"}))


def test_other_errors_are_raised_and_other_streams_left_alone(monkeypatch):
    with open("/dev/null") as unwritable, pytest.raises(io.UnsupportedOperation):
        ForgivingStream(unwritable).write("a line")
    replaced = io.StringIO()
    monkeypatch.setattr(sys, "stdout", replaced)
    OutputHook().before_pipeline_run()
    assert sys.stdout is replaced


def test_it_is_the_stream_in_all_else():
    stream = ForgivingStream(io.StringIO())
    assert (stream.write("né"), stream.getvalue(), stream.isatty()) == (2, "né", False)
