"""Only the first run of a data folder is completed."""

import json
from pathlib import Path

import pytest

from bam_pipelines.hooks.completion import RECORD, check_completion
from bam_pipelines.hooks.refusal import RunRefusedError

FIRST = {"seed": 0, "sampling": {"steps": 12, "pairs": [[1, 7]]}}
OTHER = {"seed": 0, "sampling": {"steps": 50, "pairs": [[1, 7]]}}


def test_the_first_run_may_be_completed(tmp_path):
    check_completion(tmp_path / "data", FIRST, "run 1", only_missing=False)
    check_completion(tmp_path / "data", FIRST, "run 2", only_missing=True)
    assert json.loads((tmp_path / "data" / RECORD).read_text()) == {"parameters": FIRST, "other_runs": []}


def test_the_flag_may_stand_at_the_first_run(tmp_path):
    check_completion(tmp_path, FIRST, "run 1", only_missing=True)
    assert (tmp_path / RECORD).exists()


def test_other_parameters_are_refused_and_named(tmp_path):
    check_completion(tmp_path, FIRST, "run 1", only_missing=False)
    with pytest.raises(RunRefusedError, match="but sampling.steps is 50, there it was 12: run without the flag"):
        check_completion(tmp_path, OTHER, "run 2", only_missing=True)
    # the refused run has left no trace, so the first can still be completed
    check_completion(tmp_path, FIRST, "run 3", only_missing=True)


def test_a_parameter_that_is_new_is_named(tmp_path):
    check_completion(tmp_path, FIRST, "run 1", only_missing=False)
    with pytest.raises(RunRefusedError, match="but prior_root is elsewhere, there it was None"):
        check_completion(tmp_path, FIRST | {"prior_root": "elsewhere"}, "run 2", only_missing=True)


def test_results_of_other_parameters_cannot_be_told_apart(tmp_path):
    check_completion(tmp_path, FIRST, "run 1", only_missing=False)
    check_completion(tmp_path, OTHER, "run 2", only_missing=False)
    with pytest.raises(RunRefusedError, match="but run run 2 had other parameters and its results are there too"):
        check_completion(tmp_path, FIRST, "run 3", only_missing=True)


@pytest.mark.parametrize(
    "text",
    ["", '{"parameters": {"seed"', "[]", '{"parameters": {}}', '{"parameters": 5, "other_runs": []}', "[" * 5000],
)
def test_a_damaged_record_is_named(tmp_path, text):
    (tmp_path / RECORD).write_text(text)
    with pytest.raises(RunRefusedError, match=rf"{RECORD} is damaged, .*: restore it, or remove it if they were made"):
        check_completion(tmp_path, FIRST, "run 2", only_missing=False)
    assert (tmp_path / RECORD).read_text() == text


def test_a_record_that_cannot_be_written_refuses_the_run(tmp_path, monkeypatch):
    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(RunRefusedError, match=rf"{RECORD} cannot be written: no space left on its disk"):
        check_completion(tmp_path, FIRST, "run 1", only_missing=False)
    assert list(tmp_path.iterdir()) == []
