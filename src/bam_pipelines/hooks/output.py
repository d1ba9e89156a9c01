"""A log on a full disk costs its own lines, and not the run that writes them."""

import logging
import sys
from typing import TextIO

from kedro.framework.hooks import hook_impl

from bam_pipelines.compute.durable import is_full


class OutputHook:
    """Let what a run prints, shows as progress and logs be lost where its file's disk is full."""

    @hook_impl(tryfirst=True)
    def before_pipeline_run(self) -> None:
        """Take the place of the process's own streams; whoever has replaced them, as notebooks do, is left alone."""
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if stream is not None and stream is getattr(sys, f"__{name}__"):
                setattr(sys, name, ForgivingStream(stream))
                for handler in logging.getLogger().handlers:
                    if isinstance(handler, logging.StreamHandler) and handler.stream is stream:
                        # not by setStream, which flushes the old one
                        handler.stream = getattr(sys, name)


class ForgivingStream:
    """A stream that loses what finds no room; any other error is raised."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text, or lose it."""
        try:
            return self._stream.write(text)
        except OSError as error:
            if not is_full(error):
                raise
            return len(text)

    def flush(self) -> None:
        """Flush what was written, or lose it."""
        try:
            self._stream.flush()
        except OSError as error:
            if not is_full(error):
                raise

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)
