"""Files of a source: read one by one, without copies, and joined to columns of text."""

import json

import pandas as pd

from bam_pipelines.behavior.readers import sources
from bam_pipelines.behavior.readers.columns import column_map
from bam_pipelines.behavior.readers.records import content_of

COLUMNS = column_map({"columns": {"participant": "person", "stimulus": "stimulus", "response": "response"}})


def write(folder, name, *answers):
    rows = [{"stimulus": f"img/{name}.png", "rt": 400, "response": answer} for answer in answers]
    (folder / f"{name}.json").write_text(json.dumps(rows))


def test_one_text_at_a_time_is_in_memory_and_copies_are_left_out(tmp_path, monkeypatch):
    for name in ("ann", "bob", "cid"):
        write(tmp_path, name, 1, None)
    (tmp_path / "eve.json").write_text((tmp_path / "bob.json").read_text())
    order = []
    read_text, read_answers = sources._text, sources.read_jspsych
    monkeypatch.setattr(sources, "_text", lambda path: order.append("open") or read_text(path))
    monkeypatch.setattr(sources, "read_jspsych", lambda *file: order.append("read") or read_answers(*file))
    found, _ = sources.read_source("jspsych", tmp_path, COLUMNS)
    assert order == ["open", "read"] * 3 + ["open"]
    assert found.copies == 1
    fields = found.records.fields
    assert all(isinstance(kind, pd.StringDtype) for kind in fields.dtypes)
    assert fields[sources.PERSON].tolist() == ["ann"] * 2 + ["bob"] * 2 + ["cid"] * 2
    assert fields["response"].isna().tolist() == [False, True] * 3


def test_the_content_of_a_reject_leaves_out_what_a_record_does_not_say():
    row = pd.Series({"a": "1", "b": None, "c": float("nan")}, dtype="object")
    assert content_of(row) == '{"a": "1"}'
