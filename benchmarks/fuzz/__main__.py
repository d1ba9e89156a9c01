"""Feed every reader damaged and made-up files: ``python -m benchmarks.fuzz``, or ``make fuzz``.

Each reader works in a process of its own, so that one that is killed by its input is counted like any other crash. An
input is either whole files changed (:mod:`benchmarks.fuzz.mutations`), or structures that hypothesis makes
(:mod:`benchmarks.fuzz.structures`). It may be read, or be refused with an error that names the file; all else is a
crash, which is stored with what makes it again: the reader, and the number or the content of the input.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bam_pipelines.compute.seeds import numpy_generator
from benchmarks.fuzz.mutations import mutate
from benchmarks.fuzz.outcomes import Outcomes
from benchmarks.fuzz.readers import Reader, all_readers, shares
from benchmarks.fuzz.structures import STRUCTURES, try_structures

PROJECT = Path(__file__).parents[2]
RESULT = PROJECT / "benchmarks" / "results" / "fuzz.json"
INPUTS = 105_000
STRUCTURES_EACH = 500
_MEMORY = Path("/dev/shm")


def main() -> None:
    """Run every reader, print, store; exit with 1 if one crashed."""
    options = _options()
    if options.reader is not None:
        print(json.dumps(_one_reader(options.reader, options.inputs, options.only)))
        return
    begin = time.perf_counter()
    with _folder() as name:
        names = [*all_readers(Path(name)), *STRUCTURES]
    results = {one: _in_a_process(one, options.inputs) for one in names}
    outcomes: Counter[str] = sum((Counter(result["outcomes"]) for result in results.values()), Counter())
    stored = {
        "inputs": outcomes.total(),
        "outcomes": dict(sorted(outcomes.items())),
        "minutes": round((time.perf_counter() - begin) / 60, 1),
        "cpu_minutes": round(sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) / 60, 1),
        "readers": results,
    }
    RESULT.write_text(json.dumps(stored, indent=1) + "\n")
    print(json.dumps({key: value for key, value in stored.items() if key != "readers"}, indent=1))
    if outcomes["crash"]:
        sys.exit(1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=INPUTS, help="changed files of all readers together")
    parser.add_argument("--reader", help="try this one alone, and print what came out")
    parser.add_argument("--only", type=int, help="with --reader: read input number ONLY and let its error through")
    return parser.parse_args()


def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None)


def _in_a_process(name: str, inputs: int) -> dict[str, Any]:
    command = [sys.executable, "-X", "faulthandler", "-m", "benchmarks.fuzz", "--reader", name, "--inputs", str(inputs)]
    ended = subprocess.run(command, cwd=PROJECT, check=False, capture_output=True, text=True)
    if ended.returncode:
        problem = {"input": "the last one", "problem": f"exit code {ended.returncode}: {ended.stderr[-1500:]}"}
        found: dict[str, Any] = {"inputs": 1, "outcomes": {"crash": 1}, "longest_seconds": 0, "crashes": [problem]}
    else:
        found = json.loads(ended.stdout.splitlines()[-1])
    print(f"{name}: {found['outcomes']}", flush=True)
    return found


def _one_reader(name: str, inputs: int, only: int | None) -> dict[str, Any]:
    begin = time.perf_counter()
    if name in STRUCTURES:
        outcomes = try_structures(name, STRUCTURES_EACH)
    else:
        with _folder() as place:
            readers = all_readers(Path(place))
            outcomes = _changed(readers[name], name, Path(place) / name, shares(readers, inputs)[name], only)
    return {
        "inputs": outcomes.counts.total(),
        "outcomes": dict(sorted(outcomes.counts.items())),
        "seconds": round(time.perf_counter() - begin, 1),
        "longest_seconds": round(outcomes.longest_seconds, 2),
        "crashes": outcomes.crashes[:20],
    }


def _changed(reader: Reader, name: str, folder: Path, inputs: int, only: int | None) -> Outcomes:
    path = folder / reader.file
    path.parent.mkdir(parents=True, exist_ok=True)
    outcomes = Outcomes(path.name if reader.named else "")
    for whole in reader.whole:
        path.write_bytes(reader.pack(whole))
        reader.read(path)
    for number in range(inputs) if only is None else [only]:
        path.write_bytes(reader.pack(mutate(reader.whole, numpy_generator(0, "fuzz", name, number))))
        if only is not None:
            reader.read(path)
        outcomes.take(lambda: reader.read(path), f"python -m benchmarks.fuzz --reader '{name}' --only {number}")
    return outcomes


if __name__ == "__main__":
    main()
