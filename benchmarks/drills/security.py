"""A whole run that is watched: what it unpickles, whom it calls, what its pages load."""

from benchmarks.drills.drill import Bench, Drill, Finding
from benchmarks.security import check_run

_ABSENT = "strace is not installed"


def _watched_run(bench: Bench, finding: Finding) -> None:
    judge(check_run(bench.project().folder), finding)


def judge(rows: list[dict[str, str]], finding: Finding) -> None:
    """Expect that every question that could be asked was answered well, and note what was asked."""
    for row in rows:
        if row["outcome"] == _ABSENT:
            finding.note(f"{row['name']}: not asked, {_ABSENT}")
        else:
            finding.expect(row["outcome"] == "passed", f"{row['name']}: {row['outcome']}")
            finding.note(row["name"])


DRILLS = [
    Drill(
        "watched",
        "a whole run without a network, watched from inside and outside",
        "the run ends well; no pickle is read from a file, nothing tries to call outside, no page loads from elsewhere",
        _watched_run,
    ),
]
