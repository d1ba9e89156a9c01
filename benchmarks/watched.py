"""Run a command of Kedro and note what it unpickles, opens and calls: ``python -m benchmarks.watched LOG run ...``.

Messages between a run's own processes are pickles in memory, and are counted apart from what is read from files.
"""

import importlib
import io
import json
import os
import runpy
import socket
import sys
import traceback
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

LOCAL = ("127.0.0.1", "::1", "localhost", "")
PICKLED = (".pkl", ".pickle", ".joblib", ".pt", ".pth", ".bin")
_NETWORK = ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname")

found: dict[str, Counter[str]] = {
    kind: Counter()
    for kind in ("unpickled_from_files", "unpickled_in_memory", "pickle_files_read", "calls", "programs")
}


def watch() -> None:
    """Install the hook and the counting unpicklers; neither can be undone in this process."""
    for name in ("pickle", "_pickle"):
        module: Any = importlib.import_module(name)
        module.load, module.loads = _counting(module.load), _counting(module.loads)
        module.Unpickler = _counting_class(module.Unpickler)
    sys.addaudithook(_note)


def _counting(load: Any) -> Any:
    def counted(source: Any, *arguments: Any, **options: Any) -> Any:
        _unpickling(source)
        return load(source, *arguments, **options)

    return counted


def _counting_class(kind: Any) -> Any:
    class Counted(kind):
        def __init__(self, file: Any, *arguments: Any, **options: Any) -> None:
            _unpickling(file)
            super().__init__(file, *arguments, **options)

    return Counted


def _unpickling(source: object) -> None:
    in_memory = isinstance(source, bytes | bytearray | memoryview | io.BytesIO)
    found["unpickled_in_memory" if in_memory else "unpickled_from_files"][_caller(sys._getframe(2))] += 1


def _caller(frame: FrameType | None) -> str:
    """Name the module and function from which a pickle was asked for, and what of ours asked for that."""
    while frame is not None and frame.f_globals.get("__name__") in ("pickle", __name__, "__main__"):
        frame = frame.f_back
    if frame is None:
        return "?"
    return f"{frame.f_globals.get('__name__')}.{frame.f_code.co_name}"


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "pickle.find_class":
        # the stack says who unpickles where an unpickler was made before this one could be counted
        found["unpickled_in_memory"][f"class {arguments[0]}.{arguments[1]} for {_caller(sys._getframe(1))}"] += 1
    elif event == "open" and str(arguments[0]).lower().endswith(PICKLED) and "r" in (arguments[1] or "r"):
        found["pickle_files_read"][str(arguments[0])] += 1
    elif event in _NETWORK and _is_outside(event, arguments):
        found["calls"][f"{event} {arguments[1:] if event.startswith('socket.c') else arguments[:2]} {_stack()}"] += 1
    elif event == "subprocess.Popen":
        found["programs"][" ".join(map(str, arguments[1] or [arguments[0]]))[:100]] += 1


def _is_outside(event: str, arguments: tuple[Any, ...]) -> bool:
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
        return host is not None and (host.decode() if isinstance(host, bytes) else str(host)) not in LOCAL
    family, address = arguments[0].family, arguments[-1]
    return family in (socket.AF_INET, socket.AF_INET6) and address is not None and address[0] not in LOCAL


def _stack() -> str:
    return " < ".join(
        f"{one.filename.split('site-packages/')[-1]}:{one.lineno}" for one in traceback.extract_stack()[-8:]
    )


def main() -> None:
    """Watch one command, and write what was found whatever it ends with."""
    log = Path(sys.argv[1])
    watch()
    sys.argv = ["kedro", *sys.argv[2:]]
    try:
        runpy.run_module("kedro", run_name="__main__", alter_sys=True)
    finally:
        counts = {kind: dict(counted.most_common()) for kind, counted in found.items()}
        log.with_name(f"{log.name}.{os.getpid()}").write_text(json.dumps(counts, indent=1))


if __name__ == "__main__":
    main()
