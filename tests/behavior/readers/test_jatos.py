"""Results archives of JATOS, whole and broken."""

import json
import zipfile

import pytest

from bam_pipelines.behavior.readers.jatos import read_archive

METADATA = {
    "data": [
        {
            "studyResults": [
                {"id": 7, "workerId": 31, "componentResults": [{"id": 9, "path": "/study_result_7/comp_result_9"}]},
                {
                    "id": 8,
                    "workerId": 32,
                    "urlQueryParameters": {"PROLIFIC_PID": "5f3c"},
                    "componentResults": [{"id": 10}, {"id": 11}],
                },
            ]
        }
    ]
}
MEMBERS = {
    "study_result_7/comp_result_9/data.txt": "[1]",
    "study_result_8/comp_result_10/data.txt": "\ufeff[2]",
    "study_result_8/comp_result_11/data.txt": "[3]",
}


@pytest.fixture
def archive(tmp_path):
    def write(members, metadata=METADATA, root=""):
        path = tmp_path / "results.jzip"
        with zipfile.ZipFile(path, "w") as file:
            if metadata is not None:
                file.writestr(f"{root}metadata.json", json.dumps(metadata))
            for name, text in members.items():
                file.writestr(root + name, text)
        return path

    return write


@pytest.mark.parametrize("root", ["", "jatos_results_20260101/"])
def test_components_come_with_their_texts_and_people(archive, root):
    found = list(read_archive(archive(MEMBERS, root=root)))
    assert [one.text for one in found] == ["[1]", "[2]", "[3]"]
    assert [one.outside_id for one in found] == ["31", "5f3c", "5f3c"]
    assert found[0].file == f"results.jzip/{root}study_result_7/comp_result_9/data.txt"


def test_a_member_that_is_missing_has_no_text(archive):
    members = dict(list(MEMBERS.items())[:2])
    assert [one.text for one in read_archive(archive(members))] == ["[1]", "[2]", None]


@pytest.mark.parametrize("name", ["../evil.txt", "/etc/x", "a/../../b", "..\\x", "C:x"])
def test_a_name_that_leads_outside_is_refused(archive, name):
    with pytest.raises(ValueError, match="lies outside the archive; do not trust this file"):
        list(read_archive(archive(MEMBERS | {name: "x"})))


def test_a_path_of_the_metadata_that_leads_outside_is_refused(archive):
    metadata = {"data": [{"studyResults": [{"id": 1, "componentResults": [{"path": "../../x"}]}]}]}
    with pytest.raises(ValueError, match="lies outside the archive"):
        list(read_archive(archive({}, metadata)))


def test_what_is_no_results_archive(archive, tmp_path):
    with pytest.raises(ValueError, match="results.jzip: holds no metadata.json"):
        list(read_archive(archive(MEMBERS, metadata=None)))
    with pytest.raises(ValueError, match=r"metadata.json: expected JATOS's data\[\].studyResults\[\]"):
        list(read_archive(archive(MEMBERS, metadata={"data": [{}]})))
    broken = tmp_path / "x.jzip"
    broken.write_bytes(b"no zip")
    with pytest.raises(ValueError, match="x.jzip: cannot be read as an archive, expected JATOS's .jzip or .zip"):
        list(read_archive(broken))
