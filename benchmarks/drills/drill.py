"""What a drill is, what it works with, and what it finds."""

import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from benchmarks.drills.artifacts import Kept, differences, digests, kept, lost
from benchmarks.drills.processes import DrillError, last_words
from benchmarks.drills.projects import PROJECT, Ended, Project, copy_entries, entry_path, new_project, stages

Outcome = Literal["pass", "fail", "not tried"]


class NotTriedError(Exception):
    """A fault cannot be made here; the message says why."""


@dataclass(frozen=True)
class Undisturbed:
    """A whole run that nothing disturbed: what every other one must come to.

    Parameters
    ----------
    project
        Where its results lie.
    seconds
        How long it took, from the start of the process.
    """

    project: Project
    seconds: float

    def digests(self) -> dict[str, str]:
        """Return the digest of every file that it made."""
        return digests(self.project.data)


@dataclass(frozen=True)
class Bench:
    """Where one drill works.

    Parameters
    ----------
    folder
        Its own folder.
    undisturbed
        The run to compare with and to copy results from.
    """

    folder: Path
    undisturbed: Undisturbed

    def project(self, entries: Iterable[str] = ()) -> Project:
        """Return a copy of the project with these of the undisturbed run's catalog entries, and no other results."""
        project = new_project(self.folder)
        copy_entries(self.undisturbed.project, project, entries)
        return project

    def different(self, project: Project, *names: str) -> list[str]:
        """Name the files that are missing or other than in the undisturbed run: all, or those that stages make."""
        expected = self.undisturbed.digests()
        if names:
            made = {_place(entry) for name in names for entry in stages()[name].all_outputs()}
            expected = {file: digest for file, digest in expected.items() if "/".join(file.split("/")[:2]) in made}
        return differences(expected, digests(project.data))


def _place(entry: str) -> str:
    return "/".join(entry_path(entry).parts[-2:])


@dataclass
class Finding:
    """What a drill found: what did not hold, what is worth telling, what was lost."""

    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    lost: str = "nothing"

    def expect(self, holds: bool, otherwise: str) -> None:
        """Note what did not hold; the drill goes on."""
        if not holds:
            self.failures.append(otherwise)

    def note(self, text: str) -> None:
        """Tell something, whatever the outcome."""
        self.notes.append(text)

    def expect_same(self, different: list[str]) -> None:
        """Expect that no file is missing or other than in the undisturbed run."""
        shown = ", ".join(different[:3]) + (", ..." if len(different) > 3 else "")
        self.expect(not different, f"{len(different)} files are not those of the undisturbed run: {shown}")

    def expect_words(self, output: str, *needed: str) -> None:
        """Expect that a failed run says one sentence, without a traceback, that has all that is needed in it."""
        words, traced = last_words(output), "Traceback (most recent call last)" in output
        absent = [text for text in needed if text.lower() not in words.lower()]
        self.note(f'it says: "{_shortened(words)}"')
        self.expect(not absent, f"what it says does not name {' and '.join(absent)}")
        self.expect("\n" not in words, f"it says {len(words.splitlines())} lines, not one sentence")
        self.expect(not traced, "a traceback stands before the sentence")

    def expect_success(self, ended: Ended, what: str) -> None:
        """Expect that a run ended well; if it did not, that it says why."""
        self.expect(ended.code == 0, f"{what} ended with {ended.code}")
        if ended.code:
            self.expect_words(ended.output)

    def expect_kept(self, before: Kept, project: Project, finished: bool = False) -> None:
        """Expect that what was safe before still is, and note what is not."""
        gone = lost(before, kept(project.data), finished)
        if gone != "nothing":
            self.lost = gone
        self.expect(gone == "nothing", f"lost: {gone}")

    @property
    def detail(self) -> str:
        """Everything found in one text, failures first."""
        return "; ".join([*self.failures, *self.notes])


@dataclass(frozen=True)
class Drill:
    """One fault to try.

    Parameters
    ----------
    name
        For ``--only``.
    fault, expected
        What is done to a run, and what must come of it.
    attempt
        Does it in the bench's folder and writes what it finds.
    """

    name: str
    fault: str
    expected: str
    attempt: Callable[[Bench, Finding], None]


@dataclass(frozen=True)
class Row:
    """A drill's result."""

    name: str
    fault: str
    expected: str
    outcome: Outcome
    lost: str
    seconds: float
    detail: str

    def to_dict(self) -> dict[str, str | float]:
        """Return the row as JSON values."""
        return asdict(self)


def try_drill(drill: Drill, bench: Bench) -> Row:
    """Try one fault; whatever goes wrong in it is a row too. Its folder stays if it failed."""
    finding, begin = Finding(), time.monotonic()
    outcome: Outcome
    try:
        drill.attempt(bench, finding)
    except NotTriedError as error:
        outcome, detail = "not tried", str(error)
    except (DrillError, OSError, ValueError) as error:
        outcome, detail = "fail", "; ".join([f"{type(error).__name__}: {error}", *finding.failures, *finding.notes])
    else:
        outcome, detail = ("fail" if finding.failures else "pass"), finding.detail
    if outcome != "fail":
        shutil.rmtree(bench.folder, ignore_errors=True)
    seconds = round(time.monotonic() - begin, 1)
    # where the drill worked is nobody's business afterwards
    detail = detail.replace(f"{bench.folder}/", "").replace(f"{PROJECT}/", "")
    return Row(drill.name, drill.fault, drill.expected, outcome, finding.lost, seconds, detail)


def _shortened(text: str, length: int = 400) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[:length]}..."
