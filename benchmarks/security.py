"""A smoke run without a network, watched: ``python -m benchmarks.security FOLDER``, FOLDER being a copy of the project.

It has to pass in a network namespace of its own that holds nothing but ``lo``, where ``unshare -n`` may be used.
Nothing may be unpickled from a file, and nothing may so much as try to call an outside address: seen from inside by
Python's audit events, and from outside by ``strace`` where that is installed. No page may load a thing from elsewhere.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1]
RUN = ("run", "--env", "smoke", "--params", "compute.workers=1,compute.threads=1")
_ADDRESS = re.compile(r'sin6?_addr=inet_(?:addr\(|pton\(AF_INET6, )"([^"]+)"|inet_pton\(AF_INET6, "([^"]+)"')
_LOCAL = ("127.", "::1", "0.0.0.0", "::")
_LOADED = re.compile(
    r"""(?:src|srcset|poster|data|action)\s*=\s*["']\s*(?:https?:)?//|<link\b[^>]*href\s*=\s*["']\s*(?:https?:)?//"""
    r"""|url\(\s*["']?(?:https?:)?//|@import\s|\bfetch\(\s*["']https?:|\bimport\(\s*["']https?:""",
    re.IGNORECASE,
)
Row = dict[str, Any]


def check_run(folder: Path, command: tuple[str, ...] = RUN) -> list[Row]:
    """Run a command of Kedro in a copy of the project, and return a row of name, outcome and seconds for each question.

    The outcome is ``passed``, or says what was found.
    """
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        watched, traced = Path(name) / "watched", Path(name) / "traced"
        ended = subprocess.run(
            _alone([*_strace(traced), sys.executable, "-m", "benchmarks.watched", str(watched), *command]),
            cwd=folder,
            env=_environment(folder),
            check=False,
            capture_output=True,
            text=True,
        )
        logs = [json.loads(path.read_text()) for path in watched.parent.glob("watched.*")]
        addresses = outside_addresses(traced.read_text()) if traced.exists() else None
    seconds = round(time.perf_counter() - begin, 1)
    outcomes = {
        f"a run {'without' if _may_unshare() else 'WITH'} a network": _said(ended),
        "no pickle is read from a file": _empty(logs, "unpickled_from_files", "pickle_files_read"),
        "nothing calls outside (audit events)": _empty(logs, "calls"),
        "nothing calls outside (strace)": "strace is not installed" if addresses is None else _passed(addresses),
        "pages load nothing from outside": _passed(outside_loads(folder / "data")),
    }
    return [{"name": name, "outcome": outcome, "seconds": seconds} for name, outcome in outcomes.items()]


def outside_addresses(trace: str) -> list[str]:
    """Return the addresses beyond this machine in what strace wrote of connecting and sending."""
    found = (match[1] or match[2] for match in _ADDRESS.finditer(trace))
    return sorted({address for address in found if not address.startswith(_LOCAL[0]) and address not in _LOCAL})


def outside_loads(folder: Path) -> list[str]:
    """Return each place in pages, styles and scripts below a folder that would be loaded from another machine."""
    return [f"{path.name}: {hit}" for path in _pages(folder) for hit in loaded(path.read_text(encoding="utf-8"))]


def loaded(page: str) -> list[str]:
    """Return what a page, a style or a script would load from another machine; links to follow are none of it."""
    return [page[match.start() : match.start() + 80] for match in _LOADED.finditer(page)]


def _pages(folder: Path) -> Iterator[Path]:
    for suffix in (".html", ".css", ".js", ".svg"):
        yield from (path for path in sorted(folder.rglob(f"*{suffix}")) if path.is_file())


def _may_unshare() -> bool:
    return subprocess.run(["unshare", "-n", "true"], check=False, capture_output=True).returncode == 0


def _alone(command: list[str]) -> list[str]:
    if not _may_unshare():
        return command
    return ["unshare", "-n", "sh", "-c", 'ip link set lo up 2>/dev/null; exec "$@"', "sh", *command]


def _strace(log: Path) -> list[str]:
    if shutil.which("strace") is None:
        return []
    return ["strace", "-f", "-qq", "--seccomp-bpf", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-o", str(log)]


def _environment(folder: Path) -> dict[str, str]:
    # without the variables that keep mlflow and kedro quiet: the project itself has to
    quiet = ("MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK", "KEDRO_DISABLE_TELEMETRY", "CI")
    kept = {name: value for name, value in os.environ.items() if name not in quiet}
    return kept | {"PYTHONPATH": f"{folder / 'src'}:{PROJECT}", "MPLBACKEND": "Agg"}


def _said(ended: subprocess.CompletedProcess[str]) -> str:
    return "passed" if ended.returncode == 0 else f"exit code {ended.returncode}: {ended.stderr[-300:]}"


def _empty(logs: list[dict[str, dict[str, int]]], *kinds: str) -> str:
    if not logs:
        return "the run left no log"
    return _passed([what for log in logs for kind in kinds for what in log[kind]])


def _passed(found: list[str]) -> str:
    return "passed" if not found else "; ".join(found)[:500]


if __name__ == "__main__":
    rows = check_run(Path(sys.argv[1]).resolve(), tuple(sys.argv[2:]) or RUN)
    print(json.dumps(rows, indent=1))
    sys.exit(any(row["outcome"] not in ("passed", "strace is not installed") for row in rows))
