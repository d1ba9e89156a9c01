"""A disk that fills up while a run writes."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.drills.artifacts import kept
from benchmarks.drills.drill import Bench, Drill, Finding, NotTriedError

# of the room that the undisturbed run's results take
_SHARE = 0.5
_MEGABYTE = 2**20


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[None]:
    """Mount a disk of ``size`` bytes, in memory, for as long as the context lasts.

    Raises
    ------
    NotTriedError
        If this user may not mount one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    try:
        yield
    finally:
        # lazily: what a killed process still holds open there must not keep it
        subprocess.run(["umount", "-l", str(folder)], check=True)


def mount(*arguments: str) -> None:
    """Call ``mount``.

    Raises
    ------
    NotTriedError
        If it fails.
    """
    try:
        result = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise NotTriedError("there is no command mount here") from None
    if result.returncode:
        raise NotTriedError(f"a disk cannot be mounted here: {result.stderr.strip()}")


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _attempt(bench: Bench, finding: Finding) -> None:
    project, needed = bench.project(), _size(bench.undisturbed.project.data)
    with small_disk(project.data, int(needed * _SHARE)):
        ended = project.run()
        finding.expect(ended.code != 0, "the run ended well on a full disk")
        finding.expect_words(ended.output, "no space left", str(project.data))
        finding.expect(not list(project.data.glob("0*/*.partial-*")), "a half-written output is left over")
        before = kept(project.data)
        finding.note(f"full at {needed * _SHARE / _MEGABYTE:.0f} of {needed / _MEGABYTE:.0f} MB")
        finding.note(f"{len(before.outputs)} files were there")
        mount("-o", f"remount,size={needed * 2}", str(project.data))
        again = project.run("--only-missing-outputs")
        finding.expect_success(again, "completing it")
        finding.expect_kept(before, project, finished=True)
        finding.expect_same(bench.different(project))


DRILLS = [
    Drill(
        "disk",
        "disk full while outputs are written",
        "the run ends with a sentence that names the file, leaves no half of it; with more room "
        "`--only-missing-outputs` completes it, and every file is that of the undisturbed run",
        _attempt,
    )
]
