import shutil

import pytest

from bam_pipelines.experiment import vendored


def test_jspsych_comes_first_and_its_licence_last():
    names = list(vendored.vendored_files())
    assert names[0] == "jspsych.js"
    assert names[-1] == "LICENSE.txt"
    assert "plugin-html-multi-response.js" in names


def test_no_script_names_a_file_that_is_not_there():
    assert not any(b"sourceMappingURL" in content for content in vendored.vendored_files().values())


def test_a_changed_script_is_refused(tmp_path, monkeypatch):
    shutil.copytree(vendored.FOLDER, tmp_path / "vendor")
    monkeypatch.setattr(vendored, "FOLDER", tmp_path / "vendor")
    with open(tmp_path / "vendor" / "plugin-preload.js", "ab") as script:
        script.write(b" ")
    with pytest.raises(ValueError, match="plugin-preload.js is not @jspsych/plugin-preload 2.1.0"):
        vendored.vendored_files()
