"""What the drills make of files, processes and rows; the faults themselves take real runs."""

import json
import re
import struct
import sys
from functools import partial

import numpy as np
import pytest

from benchmarks.drills.__main__ import DRILLS, PAGE, RESULT
from benchmarks.drills.artifacts import Kept, differences, digests, kept, lost
from benchmarks.drills.damage import flip, later_version, truncate
from benchmarks.drills.drill import Bench, Drill, Finding, NotTriedError, Row, try_drill
from benchmarks.drills.kills import moments
from benchmarks.drills.processes import Command, DrillError, at_work, last_words
from benchmarks.drills.report import markdown_table, merged, read_rows, write_page, write_rows
from benchmarks.drills.security import judge

VERSION = "2026-01-02T03.04.05.678Z"


LISTED = f'<tr><th scope="row"><code>round_2.trials</code></th><td><code>{VERSION}</code></td></tr>\n'


def origin(*names):
    return f"<p>From <code>{'</code>, <code>'.join(names)}</code> {VERSION}</p>".encode()


def output(data, name, content, version=VERSION):
    file = data / "08_reporting" / name / version / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def weights(header, tensor=b"\0\1\2\3"):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + tensor


def test_a_changed_byte_is_found(tmp_path):
    file = output(tmp_path, "table.parquet", bytes(100))
    expected = digests(tmp_path)
    assert list(expected) == ["08_reporting/table.parquet/table.parquet"]
    file.write_bytes(bytes(99) + b"\1")
    assert differences(expected, digests(tmp_path)) == list(expected)


def test_a_missing_file_is_found_and_the_newest_version_counts(tmp_path):
    output(tmp_path, "a.json", b"1")
    output(tmp_path, "b.json", b"2")
    expected = digests(tmp_path)
    output(tmp_path, "b.json", b"3", "2026-01-02T03.04.05.679Z")
    output(tmp_path, "a.json", b"3", "2026-01-02T03.04.05.677Z")
    assert differences(expected, digests(tmp_path)) == ["08_reporting/b.json/b.json"]
    assert differences(expected, {}) == list(expected)


def test_half_written_versions_and_checksums_are_no_outputs(tmp_path):
    file = output(tmp_path, "a.json", b"1")
    file.with_suffix(".json.sha256").write_text("0 a.json")
    output(tmp_path, f"a.json.partial-{VERSION}", b"2", "a.json")
    assert list(digests(tmp_path)) == ["08_reporting/a.json/a.json"]


@pytest.mark.parametrize(
    ("name", "first", "second", "same"),
    [
        ("w.safetensors", weights({"a": "1"}), weights({"a": "2"}), False),
        ("w.safetensors", weights({"a": "1"}), weights({"a": "1"}, b"\0\1\2\4"), False),
        ("w.safetensors", b"damaged", b"demaged", False),
        ("report.html", f"made by {VERSION}".encode(), b"made by 2027-01-02T03.04.05.678Z", True),
        ("report.html", f"{LISTED}{LISTED}.\n".encode(), f"{LISTED}.\n".encode(), True),
        ("report.html", b"<td>.53</td>", b"<td>.54</td>", False),
        ("report.html", origin("a", "b"), origin(f"a</code> {VERSION}, <code>b"), True),
        ("report.html", origin("a"), origin("b"), False),
        ("summary.json", f'"{VERSION}"'.encode(), b'"2027-01-02T03.04.05.678Z"', False),
    ],
)
def test_only_what_differs_by_design_counts_as_the_same(tmp_path, name, first, second, same):
    output(tmp_path / "first", name, first)
    output(tmp_path / "second", name, second)
    assert (digests(tmp_path / "first") == digests(tmp_path / "second")) is same


def test_accepted_stimuli_of_finished_shards_are_counted(tmp_path):
    folder = tmp_path / ".shards" / "sample_stimuli" / "fingerprint"
    folder.mkdir(parents=True)
    np.savez(folder / "one.npz", index=np.array([0, 3, 4]))
    np.savez(folder / "two.npz", index=np.array([], dtype=int))
    before = kept(tmp_path)
    assert sorted(before.stimuli.values()) == [0, 3]
    (folder / "one.npz").unlink()
    assert lost(before, kept(tmp_path)) == "1 shards with 3 accepted stimuli"
    assert lost(before, kept(tmp_path), finished=True) == "nothing"


def test_lost_outputs_are_named():
    before = Kept({"a": "1", "b": "2"}, {}, {})
    assert lost(before, Kept({"a": "1", "b": "3", "c": "4"}, {}, {})) == "1 outputs (b)"


def test_moments_lie_within_the_run_and_come_again():
    drawn = moments(60.0)
    assert drawn == sorted(drawn) == moments(60.0)
    assert len(set(drawn)) == 8
    assert 0 <= drawn[0] < drawn[-1] < 60
    assert moments(120.0) == pytest.approx([2 * moment for moment in drawn])


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("12:00:00 INFO    Kedro\nError: sampling needs a prior: run it.\n", "sampling needs a prior: run it."),
        (
            "Traceback (most recent call last):\n  File\nValueError: first\n\nDuring handling\n"
            "kedro.io.core.DatasetError: x.parquet: damaged.\n12:00:01 WARNING No nodes ran.\n"
            "/a/b.py:12: UserWarning: leaked\n  warnings.warn(\n",
            "x.parquet: damaged.",
        ),
        ("a.b.LostError: one line,\nand another.\n", "one line,\nand another."),
        ("Killed\n", "Killed"),
        ("", ""),
    ],
)
def test_last_words_are_the_last_errors_message(output, words):
    assert last_words(output) == words


def command(folder, code):
    return Command([sys.executable, "-c", code], folder, folder / "log")


CHILD = "import subprocess, sys; subprocess.Popen(['sleep', '60'], start_new_session=True); print('begun', flush=True)"


def test_a_commands_processes_are_found_wherever_they_are_and_ended(tmp_path):
    with command(tmp_path, CHILD) as one:
        assert one.wait(10) == 0
        assert len(one.left_over()) == 1
        assert one.output == "begun\n"
    assert one.left_over() == []


def test_a_command_is_not_waited_for_forever(tmp_path):
    with command(tmp_path, "import time; time.sleep(60)") as one:
        with pytest.raises(DrillError, match="still ran"):
            one.wait(0.1)
        with pytest.raises(DrillError, match="no miracle within"):
            one.until(lambda: False, 0.1, "miracle")
    assert not one.running()


def test_of_processes_the_one_at_work_is_found(tmp_path):
    with Command(["sleep", "60"], tmp_path, tmp_path / "log") as idle:
        assert at_work([idle.main], 0.1) is None
        with command(tmp_path, "while True: pass") as busy:
            assert at_work([idle.main, busy.main], 1.0) == busy.main
    assert at_work([]) is None


def test_what_a_command_never_did_is_not_waited_for(tmp_path):
    with command(tmp_path, "raise ValueError('no luck')") as one, pytest.raises(DrillError, match=r"ended.*no luck"):
        one.until(lambda: False, 10, "a miracle")


def test_damage_is_damage(tmp_path):
    file = output(tmp_path, "a.json", bytes(range(100)))
    later = later_version(file)
    assert later.parent.name == "2026-01-02T03.04.05.679Z"
    flip(later)
    changed = [place for place, byte in enumerate(later.read_bytes()) if byte != place]
    assert changed == list(range(50, 58))
    truncate(later)
    assert later.stat().st_size == 50
    assert file.read_bytes() == bytes(range(100))


def test_a_later_version_may_lie_in_the_next_second(tmp_path):
    file = output(tmp_path, "a.json", b"1", "2026-01-02T03.04.59.999Z")
    assert later_version(file).parent.name == "2026-01-02T03.05.00.000Z"


def attempt(kind, bench, finding):
    bench.folder.mkdir()
    finding.note(f"noted {bench.folder}/data/x")
    if kind == "not tried":
        raise NotTriedError("no permission")
    if kind == "stuck":
        raise DrillError("it still ran")
    finding.expect(kind == "pass", "bytes differ")


@pytest.mark.parametrize(
    ("kind", "outcome", "detail"),
    [
        ("pass", "pass", "noted data/x"),
        ("fail", "fail", "bytes differ; noted data/x"),
        ("stuck", "fail", "DrillError: it still ran; noted data/x"),
        ("not tried", "not tried", "no permission"),
    ],
)
def test_whatever_happens_in_a_drill_is_a_row(tmp_path, kind, outcome, detail):
    bench = Bench(tmp_path / "drill", undisturbed=None)
    row = try_drill(Drill("name", "a fault", "no harm", partial(attempt, kind)), bench)
    assert (row.outcome, row.detail, row.lost) == (outcome, detail, "nothing")
    assert bench.folder.exists() is (outcome == "fail")


def test_a_question_with_a_bad_answer_fails_and_one_that_was_not_asked_is_said():
    finding = Finding()
    judge(
        [{"name": "no pickle", "outcome": "passed"}, {"name": "calls", "outcome": "strace is not installed"}], finding
    )
    assert finding.failures == [] and finding.notes == ["no pickle", "calls: not asked, strace is not installed"]
    judge([{"name": "no pickle", "outcome": "a.pt"}], finding)
    assert finding.failures == ["no pickle: a.pt"]


def test_a_sentence_must_name_the_file_and_stand_alone():
    finding = Finding()
    sentence = "Error: trials.parquet is damaged: remove it.\n"
    finding.expect_words(sentence, "trials.parquet")
    assert finding.failures == []
    finding.expect_words(f"Traceback (most recent call last):\n  File\n{sentence}", "stimuli.parquet")
    finding.expect_words("ValueError: two\nlines")
    assert finding.failures == [
        "what it says does not name stimuli.parquet",
        "a traceback stands before the sentence",
        "it says 2 lines, not one sentence",
    ]


def row(name, outcome="pass", detail="fine"):
    return Row(name, f"fault {name}", "no harm", outcome, "nothing", 1.26, detail)


def test_a_row_takes_its_older_ones_place():
    rows = merged([row("b", "fail").to_dict(), row("gone").to_dict()], row("c"), ["a", "b", "c"])
    rows = merged(rows, row("b"), ["a", "b", "c"])
    assert [(one["name"], one["outcome"]) for one in rows] == [("b", "pass"), ("c", "pass")]


def test_the_page_gets_the_rows_between_its_marks(tmp_path):
    page, file = tmp_path / "page.md", tmp_path / "rows.json"
    page.write_text("before\n<!-- drills -->\nold\n<!-- end of drills -->\nafter\n")
    write_rows(file, [row("a").to_dict(), row("b", "fail", "x | y").to_dict()])
    write_page(page, read_rows(file))
    lines = page.read_text().splitlines()
    assert (lines[0], lines[-1]) == ("before", "after")
    assert lines[4] == "| `a` | fault a | no harm | pass | nothing | 1 |"
    assert lines[5] == "| `b` | fault b | no harm | **fail**: x \\| y | nothing | 1 |"
    page.write_text("no marks")
    with pytest.raises(ValueError, match="put them back"):
        write_page(page, [])


def test_the_page_shows_the_stored_results():
    rows = read_rows(RESULT)
    assert rows
    assert f"<!-- drills -->\n{markdown_table(rows)}\n<!-- end of drills -->" in PAGE.read_text(encoding="utf-8")
    names = [drill.name for drill in DRILLS]
    assert [one["name"] for one in rows] == [name for name in names if name in {one["name"] for one in rows}]
    assert len(set(names)) == len(names)


def test_results_name_no_place_of_the_machine_they_come_from():
    assert not re.search(r"/(tmp|home|root|work|Users)/", RESULT.read_text(encoding="utf-8"))
