"""A clock that was set back."""

import pytest

from bam_pipelines.hooks.refusal import RunRefusedError
from tests.hooks.test_tracking import runs, saved

LATER = "2999-01-01T00.00.00.000Z"


def test_a_run_whose_results_would_never_be_read_is_refused(run, tmp_path):
    run()
    entry = tmp_path / "data" / "08_reporting" / "doubled.json"
    (version,) = entry.iterdir()
    version.rename(entry / LATER)
    before = sorted(tmp_path.rglob("*"))
    sentence = rf"^doubled has version {LATER}, which is later than this run's 2\S+, so .* remove {entry}/{LATER} if"
    with pytest.raises(RunRefusedError, match=sentence):
        run()
    assert sorted(tmp_path.rglob("*")) == before
    assert len(runs(tmp_path)) == 1


def test_earlier_versions_are_fine(run, tmp_path):
    run()
    entry = tmp_path / "data" / "08_reporting" / "doubled.json"
    (version,) = entry.iterdir()
    version.rename(entry / "2000-01-01T00.00.00.000Z")
    run()
    assert len(saved(tmp_path)) == 2
