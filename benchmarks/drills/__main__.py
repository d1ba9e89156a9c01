"""Try each fault on real runs: ``python -m benchmarks.drills``, or ``make drills``.

Each drill works in a copy of the project under ``build/drills``, two at a time. A row is written as soon as it is
known; ``--only NAME`` tries one or some again. The copy of a drill that fails stays to be looked at.
"""

import argparse
import fcntl
import json
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

from benchmarks.drills import cluster, damage, disk, kills, order, same_result, security, tracking, workers
from benchmarks.drills.drill import Bench, Drill, Row, Undisturbed, try_drill
from benchmarks.drills.processes import DrillError, end_commands, ending, last_words
from benchmarks.drills.projects import LIMIT, PROJECT, Project, new_project, project_fingerprint
from benchmarks.drills.report import merged, read_rows, write_page, write_rows

FOLDER = PROJECT / "build" / "drills"
RESULT = PROJECT / "benchmarks" / "results" / "drills.json"
PAGE = PROJECT / "docs" / "faults.md"
DRILLS = [
    drill
    for module in (same_result, workers, cluster, kills, disk, damage, tracking, order, security)
    for drill in module.DRILLS
]
_LANES = 2


def main() -> None:
    """Run once undisturbed, then try the faults, print and store each row as it comes."""
    names = [drill.name for drill in DRILLS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drills", description="Try faults on real runs.")
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=f"of {', '.join(names)}")
    only = parser.parse_args().only
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(f"drills are already being tried in {FOLDER}: wait for them.")
        chosen = [drill for drill in DRILLS if only is None or drill.name in only]
        try:
            failed = try_all(chosen, undisturbed_run(FOLDER / "undisturbed"))
        except DrillError as error:
            sys.exit(str(error))
    sys.exit(f"{len(failed)} of {len(chosen)} drills failed: {', '.join(failed)}" if failed else 0)


def undisturbed_run(folder: Path) -> Undisturbed:
    """Make one whole run, sequentially, or take the last one if nothing in code and configuration is other since.

    Raises
    ------
    DrillError
        If it fails: nothing can be compared then.
    """
    record, code_now = folder / "undisturbed.json", project_fingerprint()
    if record.exists() and (kept := json.loads(record.read_text()))["code"] == code_now:
        return Undisturbed(Project(folder), kept["seconds"])
    project = new_project(folder)
    parameters = {"compute.backend": "sequential"}
    with project.start(parameters=parameters) as command:
        code = command.wait(LIMIT)
        if code:
            raise DrillError(f"the undisturbed run ended with {code}: {last_words(command.output)}")
        seconds = command.seconds
    record.write_text(json.dumps({"code": code_now, "seconds": seconds}))
    return Undisturbed(project, seconds)


def try_all(drills: list[Drill], undisturbed: Undisturbed) -> list[str]:
    """Try drills two at a time; return the names of those that failed."""
    writing = Lock()
    order = [drill.name for drill in DRILLS]

    def attempt(drill: Drill) -> Row:
        row = try_drill(drill, Bench(FOLDER / drill.name, undisturbed))
        if ending():
            return row
        with writing:
            rows = merged(read_rows(RESULT), row, order)
            write_rows(RESULT, rows)
            write_page(PAGE, rows)
            print(f"{row.outcome:9} {row.name:12} {row.seconds:5.0f} s  {row.detail}", flush=True)
        return row

    with ThreadPoolExecutor(_LANES) as lanes:
        try:
            return [row.name for row in lanes.map(attempt, drills) if row.outcome == "fail"]
        except BaseException:  # Ctrl+C and SIGTERM, too: leave nothing running
            lanes.shutdown(wait=False, cancel_futures=True)
            end_commands()
            raise


if __name__ == "__main__":
    main()
