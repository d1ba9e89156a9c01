"""The study as an archive that JATOS imports."""

import io
import json
import uuid
import zipfile
from collections.abc import Mapping
from typing import Any

from bam_pipelines.experiment.settings import ExperimentSettings
from bam_pipelines.experiment.study import TRANSPORT, index_page, transport_script

# of the archive's members: the same study gives the same bytes
_TIME = (2000, 1, 1, 0, 0, 0)


def jatos_archive(files: Mapping[str, str | bytes], texts: Mapping[str, str], settings: ExperimentSettings) -> bytes:
    """Pack a study for JATOS 3.9 or newer.

    Parameters
    ----------
    files
        Of :func:`~bam_pipelines.experiment.study.study_files`.
    texts, settings
        What they were built with.

    Returns
    -------
    bytes
        A ``.jzip``: the study's folder and its description, ``<name>.jas``.
    """
    own = {
        **files,
        "index.html": index_page(settings, texts, ("jatos.js",)),
        TRANSPORT: transport_script("jatos"),
    }
    design_id = json.loads(files["design.json"])["design_id"]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        _write(archive, f"{settings.name}.jas", json.dumps(_description(settings, design_id), indent=1))
        for name, content in own.items():
            _write(archive, f"{settings.name}/{name}", content)
    return buffer.getvalue()


def _write(archive: zipfile.ZipFile, name: str, content: str | bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, _TIME), content, zipfile.ZIP_DEFLATED)


def _description(settings: ExperimentSettings, design_id: str) -> dict[str, Any]:
    """Return JATOS's description of a study, as its documentation has it for version 3."""

    def identifier(part: str) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"bam_pipelines/{settings.name}/{design_id}/{part}"))

    component = {
        "uuid": identifier("component"),
        "title": settings.title,
        "htmlFilePath": "index.html",
        "reloadable": False,
        "active": True,
        "comments": "",
        "jsonData": None,
    }
    batch = {
        "uuid": identifier("batch"),
        "title": "Default",
        "active": True,
        "maxActiveMembers": None,
        "maxTotalMembers": None,
        "maxTotalWorkers": None,
        "allowedWorkerTypes": ["GeneralSingle"],
        "comments": "",
        "jsonData": None,
    }
    data = {
        "uuid": identifier("study"),
        "title": settings.title,
        "description": f"Design {design_id}.",
        "groupStudy": False,
        "linearStudy": False,
        "allowPreview": False,
        "dirName": settings.name,
        "comments": "",
        "jsonData": None,
        "endRedirectUrl": settings.completion_url or "",
        "studyEntryMsg": "",
        "componentList": [component],
        "batchList": [batch],
    }
    return {"version": "3", "data": data}
