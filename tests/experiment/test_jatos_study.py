import io
import json
import zipfile

import pytest

from bam_pipelines.experiment.jatos_study import jatos_archive


@pytest.fixture
def archive(build, texts, settings_of):
    def make(**changes):
        return jatos_archive(build(**changes), texts, settings_of(**changes)[0])

    return make


def test_description_names_the_folder_and_the_page(archive):
    with zipfile.ZipFile(io.BytesIO(archive(completion_url="https://app.example/done"))) as members:
        names = members.namelist()
        found = json.loads(members.read("digits.jas"))
    assert found["version"] == "3"
    study = found["data"]
    assert study["dirName"] == "digits"
    (component,) = study["componentList"]
    assert f"digits/{component['htmlFilePath']}" in names
    assert study["endRedirectUrl"] == "https://app.example/done"
    assert [batch["title"] for batch in study["batchList"]] == ["Default"]
    # the fields that JATOS reads, as its documentation lists them
    assert set(study) == {
        "uuid", "title", "description", "groupStudy", "linearStudy", "allowPreview", "dirName", "comments", "jsonData",
        "endRedirectUrl", "studyEntryMsg", "componentList", "batchList",
    }  # fmt: skip


def test_page_loads_the_scripts_of_jatos(archive):
    with zipfile.ZipFile(io.BytesIO(archive())) as members:
        page = members.read("digits/index.html").decode()
        transport = members.read("digits/transport.js").decode()
    assert page.index('src="jatos.js"') < page.index('src="study.js"')
    assert "jatos.submitResultData" in transport and "jatos.endStudy" in transport


def test_same_design_gives_the_same_archive_and_another_one_other_ids(archive):
    assert archive() == archive()

    def identifier(content):
        with zipfile.ZipFile(io.BytesIO(content)) as members:
            return json.loads(members.read("digits.jas"))["data"]["uuid"]

    assert identifier(archive()) != identifier(archive(scale=3))
