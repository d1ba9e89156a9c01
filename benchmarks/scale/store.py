"""The results' file: each part replaces its own section, and says on what and beside what it was measured."""

import json
import os
import platform
from pathlib import Path
from typing import Any

import torch

from benchmarks.scale.watch import PROJECT

RESULT = PROJECT / "benchmarks" / "results" / "scale.json"


def machine() -> dict[str, Any]:
    """Describe the machine, and how much ran on it in the last minute."""
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "torch": torch.__version__,
        "bfloat16": bool(torch.cpu.get_capabilities().get("avx512_bf16", False)),
        "load_before": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def read(path: Path = RESULT) -> dict[str, Any]:
    """Return what was stored before, or nothing."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def merge(part: dict[str, Any], path: Path = RESULT) -> dict[str, Any]:
    """Store sections beside those that are there, ``memory`` stage by stage, with the headline on top; return all."""
    found = read(path)
    found |= part | {"memory": found.get("memory", {}) | part.get("memory", {})}
    found = headline(found) | {key: value for key, value in found.items() if key not in _HEADLINE}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return found


_HEADLINE = ("speedup_2_workers", "peak_gib")


def headline(found: dict[str, Any]) -> dict[str, Any]:
    """Return how much faster two workers sample, and the peak memory of each stage; None where it was not measured."""
    sampling = found.get("sampling")
    return {
        "speedup_2_workers": None if sampling is None else sampling["speedup"]["value"],
        "peak_gib": {name: stage["peak_gib"] for name, stage in found.get("memory", {}).items()},
    }
