"""No source unpickles or runs what a file says, and the watch over a run sees what it is there to see."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.security import loaded, outside_addresses, outside_loads
from tests.projects import PROJECT

# each with a line that it must find
FORBIDDEN = {
    r"(?<!\w)c?[Pp]ickle\.(load|loads|Unpickler|dump|dumps)\b": "pickle.loads(content)",
    r"from c?[Pp]ickle import (?!UnpicklingError$)": "from pickle import loads",
    r"(?<!\w)(cloudpickle|dill|shelve|marshal)\b": "import dill",
    r"joblib\.(load|dump)\b": "joblib.load(path)",
    r"\bread_pickle\b|\bto_pickle\b": "pd.read_pickle(path)",
    r"torch\.(load|hub|jit\.load)\b(?!\(path, map_location=\"cpu\", weights_only=True\))": "torch.load(path)",
    r"weights_only\s*=\s*False": "torch.load(path, weights_only=False)",
    r"allow_pickle\s*=\s*True": "np.load(path, allow_pickle=True)",
    r"yaml\.(load|full_load|unsafe_load|load_all)\b": "yaml.load(text)",
    r"(?<![\w.])(eval|exec)\([^)]": "eval(text)",
    r"(?<![\w.])__import__\(": "__import__(name)",
    r"shell\s*=\s*True|os\.system|os\.popen": "run(command, shell=True)",
    r"\bextractall\b|\bunpack_archive\b": "archive.extractall(folder)",
    r"verify\s*=\s*False": "get(url, verify=False)",
    r"etree\.|minidom": "xml.etree.parse(path)",
}


def sources():
    for place, pattern in (("src", "*.py"), ("benchmarks", "*.py"), ("tools", "*.py"), ("notebooks", "*.ipynb")):
        yield from sorted((PROJECT / place).rglob(pattern))


def lines_of(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text.splitlines()
    return [line for cell in json.loads(text)["cells"] for line in "".join(cell["source"]).splitlines()]


@pytest.mark.parametrize("pattern", FORBIDDEN)
def test_no_source_runs_what_a_file_says(pattern):
    hits = {path.name for path in sources() for line in lines_of(path) if re.search(pattern, line)}
    # functions go from a run to its own workers, and to no file of its own
    assert hits <= {"shards.py"}
    assert not hits or "pickle" in pattern


def test_every_pattern_finds_what_it_is_for():
    assert [pattern for pattern, line in FORBIDDEN.items() if not re.search(pattern, line)] == []
    assert len(list(sources())) > 200


WATCHED = """
import io, pickle, socket, sys
from pathlib import Path
from benchmarks.watched import found, watch
watch()
folder = Path(sys.argv[1])
(folder / "a.pkl").write_bytes(pickle.dumps(Path("x")))
pickle.loads(pickle.dumps(Path("x")))
pickle.Unpickler(io.BytesIO(pickle.dumps(1))).load()
with (folder / "a.pkl").open("rb") as file:
    pickle.load(file)
with (folder / "a.pkl").open("rb") as file:
    pickle.Unpickler(file).load()
for address in (("127.0.0.1", 9), ("192.0.2.1", 9)):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(address)
        except OSError:
            pass
import json
print(json.dumps({kind: sum(counted.values()) for kind, counted in found.items()}))
print(list(found["calls"]))
"""


def test_the_watch_tells_files_from_memory_and_outside_from_inside(tmp_path):
    command = [sys.executable, "-c", WATCHED, str(tmp_path)]
    shown = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout.splitlines()
    counts = json.loads(shown[0])
    assert counts["unpickled_from_files"] == 2
    assert counts["pickle_files_read"] == 2
    assert counts["unpickled_in_memory"] >= 2
    assert counts["calls"] == 1 and "192.0.2.1" in shown[1]


def test_addresses_beyond_this_machine_are_found_in_a_trace():
    trace = """
1 connect(3, {sa_family=AF_UNIX, sun_path="/run/nscd/socket"}, 110) = -1 ENOENT
1 connect(3, {sa_family=AF_INET, sin_port=htons(8000), sin_addr=inet_addr("127.0.0.53")}, 16) = 0
1 sendto(3, "x", 1, 0, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("192.0.2.7")}, 16) = 1
2 connect(4, {sa_family=AF_INET6, sin6_port=htons(443), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "2001:db8::1", \
&sin6_addr), sin6_scope_id=0}, 28) = -1 ENETUNREACH
2 connect(4, {sa_family=AF_INET6, sin6_port=htons(443), inet_pton(AF_INET6, "::1", &sin6_addr)}, 28) = 0
"""
    assert outside_addresses(trace) == ["192.0.2.7", "2001:db8::1"]


@pytest.mark.parametrize(
    "page",
    ['<script src="https://cdn.example/a.js">', "<img src='//cdn.example/a.png'>", "a {background: url(http://b.org)}",
     '<link rel="stylesheet" href="https://fonts.example/css">', '@import "a.css";', "fetch('https://a.example')"],
)  # fmt: skip
def test_what_a_page_loads_from_elsewhere_is_found(page, tmp_path):
    (tmp_path / "page.html").write_text(page)
    (place,) = outside_loads(tmp_path)
    assert place.startswith("page.html: ")


def test_links_and_what_a_page_brings_along_are_none_of_it():
    assert loaded('<a href="https://arxiv.org/abs/2505.03641">paper</a><img src="data:image/png;base64,A//B">') == []
    page = Path(PROJECT / "src" / "bam_pipelines" / "experiment")
    assert outside_loads(page) == []
