"""What a data folder holds, as digests: whether two runs gave the same, and what a fault took away."""

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_VERSION = re.compile(r"\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d\.\d{3}Z")
_ARTIFACT = re.compile(rf'<tr><th scope="row"><code>[\w.]+</code></th><td><code>{_VERSION.pattern}</code></td></tr>\n')
# entries that were made by one run share its version there
_ORIGIN = re.compile(rf"(?<=</code>) {_VERSION.pattern}(?=,|</p>)")
_RUN = re.compile(r"\b[0-9a-f]{32}\b")


@dataclass(frozen=True)
class Kept:
    """What is safe on disk at one moment.

    Parameters
    ----------
    outputs
        Digest of each file of each entry's newest version, by ``<layer>/<entry>/<file>``.
    shards
        Digest of each finished shard, by its path.
    stimuli
        Number of accepted stimuli in each finished shard of sampling.
    """

    outputs: dict[str, str]
    shards: dict[str, str]
    stimuli: dict[str, int]


def kept(data: Path) -> Kept:
    """Look at a data folder; a run may be writing to it, or removing its shards."""
    shards, stimuli = {}, {}
    for path in finished_shards(data):
        with suppress(FileNotFoundError):
            name = str(path.relative_to(data))
            shards[name], stimuli[name] = _digest(path), _accepted(path)
    return Kept(digests(data), shards, stimuli)


def finished_shards(data: Path) -> list[Path]:
    """Return the shards of unfinished work in a data folder."""
    return sorted(data.glob(".shards/**/*.npz"))


def digests(data: Path) -> dict[str, str]:
    """Return the digest of each file of each entry's newest version, by ``<layer>/<entry>/<file>``.

    Not counted is what differs by design: in the report versions, MLflow's run ids, and the list of what its own run
    read or wrote, which is shorter where that run completed another, as are runs of sources of one version; in weights
    files the order of the header's facts. Every other byte counts. Checksums beside files are left out: they follow
    from them.
    """
    found: dict[str, str] = {}
    for entry in sorted(data.glob("0*/*")):
        if versions := [path for path in entry.glob("*/") if _VERSION.fullmatch(path.name)]:
            newest = max(versions)
            files = [path for path in newest.rglob("*") if path.is_file() and path.suffix != ".sha256"]
            found |= {f"{entry.relative_to(data)}/{path.relative_to(newest)}": _digest(path) for path in files}
    return found


def differences(expected: dict[str, str], found: dict[str, str]) -> list[str]:
    """Name the files that are missing, or differ, in the order of their names."""
    return [name for name in sorted(expected) if found.get(name) != expected[name]]


def lost(before: Kept, after: Kept, finished: bool = False) -> str:
    """Say in words what was safe before and is not any more.

    Parameters
    ----------
    before, after
        At two moments.
    finished
        Whether a run has ended well since: it removes its shards.
    """
    outputs = differences(before.outputs, after.outputs)
    shards = [] if finished else differences(before.shards, after.shards)
    stimuli = sum(before.stimuli[name] for name in shards)
    texts = [f"{len(outputs)} outputs ({', '.join(outputs)})"] if outputs else []
    texts += [f"{len(shards)} shards with {stimuli} accepted stimuli"] if shards else []
    return ", ".join(texts) or "nothing"


def _digest(path: Path) -> str:
    data = path.read_bytes()
    if path.suffix == ".html":
        text = _ORIGIN.sub("", _ARTIFACT.sub("", data.decode()))
        data = _RUN.sub("run", _VERSION.sub("version", text)).encode()
    return hashlib.sha256(data).hexdigest()


def _accepted(shard: Path) -> int:
    with np.load(shard, allow_pickle=False) as arrays:
        return len(arrays["index"]) if "index" in arrays else 0
