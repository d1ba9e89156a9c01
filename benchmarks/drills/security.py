"""Checks of what a finished run left, or of the code that made it, as rows of their own."""

from collections.abc import Callable
from functools import partial

from benchmarks.drills.drill import Bench, Drill, Finding
from benchmarks.drills.projects import Project

# takes the undisturbed run's project and returns what is wrong, a sentence each
Check = Callable[[Project], list[str]]


def check_drill(name: str, fault: str, expected: str, check: Check) -> Drill:
    """Make a row of a check.

    Parameters
    ----------
    name, fault, expected
        See :class:`~benchmarks.drills.drill.Drill`.
    check
        Takes the undisturbed run's project, which it leaves as it is, and returns what is wrong, a sentence each.
    """
    return Drill(name, fault, expected, partial(_attempt, check))


def _attempt(check: Check, bench: Bench, finding: Finding) -> None:
    for complaint in check(bench.undisturbed.project):
        finding.expect(False, complaint)


DRILLS: list[Drill] = []
