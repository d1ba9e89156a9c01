"""Measure how the project scales: ``python -m benchmarks.scale``, or ``make bench-scale``.

``--only sampling|alignment|rows|memory`` measures one part, and ``--stages`` some stages' memory. Each part is stored
in ``benchmarks/results/scale.json`` as soon as it is there; then the figure and ``docs/scale.md`` are made anew.
Speed-ups need both cores: nothing else should run meanwhile. Memory needs the official MNIST files, in ``BAM_MNIST`` or
where ``conf/full`` says.
"""

import argparse
from functools import partial
from typing import Any

from benchmarks.scale.alignment import measure_alignment
from benchmarks.scale.memory import STAGES, measure_memory
from benchmarks.scale.page import write_page
from benchmarks.scale.rows import SIZES, measure_rows
from benchmarks.scale.sampling import measure_sampling
from benchmarks.scale.store import machine, merge

PARTS = ("sampling", "alignment", "rows", "memory")


def main() -> None:
    """Measure what is asked for, store, draw, write the page."""
    asked = _arguments()
    for part in PARTS if asked.only is None else (asked.only,):
        about = machine()
        if part == "memory":
            measure_memory(asked.stages, partial(_keep_memory, about))
        elif part == "rows":
            merge({"rows": {"machine": about, "sizes": measure_rows(asked.sizes)}})
        else:
            measure = {"sampling": measure_sampling, "alignment": measure_alignment}[part]
            merge({part: {"machine": about, **measure()}})
    write_page()


def _keep_memory(about: dict[str, Any], found: dict[str, Any]) -> None:
    merge({"memory": {name: {**stage, "machine": about} for name, stage in found.items()}})


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description="Measure how the project scales.")
    parser.add_argument("--only", choices=PARTS, help="the part to measure; all if not given")
    parser.add_argument("--stages", nargs="+", default=(), choices=[stage.name for stage in STAGES])
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES, help="numbers of trials, for rows")
    return parser.parse_args()


if __name__ == "__main__":
    main()
