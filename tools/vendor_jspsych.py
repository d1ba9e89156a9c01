"""Fetch jsPsych's files anew: ``python -m tools.vendor_jspsych``, or ``make vendor``; npm must be there.

The versions are those in ``vendored.json``: change them there first. Checksums are written for what was fetched;
:func:`bam_pipelines.experiment.vendored.vendored_files` checks them whenever a study is built.
"""

import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

from bam_pipelines.experiment.vendored import FOLDER, LIST

_SCRIPT = "package/dist/index.browser.min.js"
# it names a file that is not there
_SOURCE_MAP = re.compile(rb"\n//# sourceMappingURL=.*\s*$")


def main() -> None:
    """Fetch each package, keep its classic script, and write its checksum."""
    listed = json.loads((FOLDER / LIST).read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        for entry in listed:
            script = _SOURCE_MAP.sub(b"\n", _fetch(entry["package"], entry["version"], Path(folder)))
            (FOLDER / entry["file"]).write_bytes(script)
            entry["sha256"] = hashlib.sha256(script).hexdigest()
            print(f"{entry['package']} {entry['version']}: {len(script)} bytes")
    (FOLDER / LIST).write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")


def _fetch(package: str, version: str, folder: Path) -> bytes:
    command = ["npm", "pack", "--silent", "--pack-destination", str(folder), f"{package}@{version}"]
    name = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip().splitlines()[-1]
    with tarfile.open(folder / Path(name).name) as archive:
        member = archive.extractfile(_SCRIPT)
        if member is None:
            raise ValueError(f"{package} {version} holds no {_SCRIPT}.")
        return member.read()


if __name__ == "__main__":
    main()
