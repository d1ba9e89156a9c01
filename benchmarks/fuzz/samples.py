"""Small whole files of every kind that the project reads."""

import gzip
import io
import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from PIL import Image

from bam_pipelines.alignment.individuals import SharedTrunk, WholeNetworks, write_individuals
from bam_pipelines.behavior.clear_digits import natural_stimuli
from bam_pipelines.behavior.schemas import STIMULI, TRIALS, row_ids, validate_stimuli, validate_trials
from bam_pipelines.images.table import image_columns
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.noise import NoiseSpecification
from bam_pipelines.networks.registry import build_network, write_network

_SIZES = {"image_size": 8, "channels": 1, "n_classes": 3}
_RECORDS = [
    {"participant_id": "5f3c9a", "stimulus_id": "a.png", "response": "7", "rt": 412.5, "trial_index": 0, "block": 1},
    {"participant_id": "5f3c9a", "stimulus_id": "b.png", "response": None, "rt": None, "trial_index": 1, "block": 1},
    {"participant_id": "77aa12", "stimulus_id": "a.png", "response": 3, "rt": 600, "trial_index": 0, "is_catch": True},
]
_JSPSYCH: list[dict[str, Any]] = [
    {"trial_type": "html-keyboard-response", "stimulus": "<img src='a.png'>", "response": '"7"', "rt": 301},
    {"trial_type": "html-button-response", "stimulus": "img/b.png", "response": 2, "rt": 512.25, "view": {"w": [1, 2]}},
    {"trial_type": "multi-response", "stimulus_id": "a.png", "response_source": "keyboard", "keyboard_response": "4"},
    {"event": "blur", "trial": 3, "time": 5000},
]  # fmt: skip


def answers() -> list[bytes]:
    """Return answers as JSON, JSONL and CSV."""
    everything = [{**one, "participant_id": "5f3c9a", "trial_index": row} for row, one in enumerate(_JSPSYCH)]
    lines = "\n".join(json.dumps(one) for one in everything)
    return [*tables(), json.dumps(_RECORDS).encode(), json.dumps(everything, indent=1).encode(), lines.encode()]


def tables() -> list[bytes]:
    """Return answers as CSV."""
    rows = ["participant_id,stimulus,response,rt,trial_index,phase,note"]
    rows += [f'p{row % 3},dir/{row % 4}.png,{row % 10},{300 + row},{row // 3},main,"a, ""b"""' for row in range(9)]
    return ["\n".join(rows).encode(), "\r\n".join(rows).encode("utf-8-sig"), pd.DataFrame(_RECORDS).to_csv().encode()]


def ratings() -> list[bytes]:
    """Return ratings, one class a row, as CSV."""
    rows = ["subject,image,trial,rt,response_category,category_rating"]
    rows += [
        f"s{one // 2},{one}.png,{one},500,{rated},{(rated * 7 + one) % 10 / 10}"
        for one in range(4)
        for rated in range(3)
    ]
    return ["\n".join(rows).encode()]


def release() -> list[bytes]:
    """Return the table of a release."""
    rows = ["subject_id,stimulus,stimulus_id,response,is_train"]
    rows += [
        f"{row % 3},round2_dataset/uncertainty/{row % 4}.png,{row % 4},{row % 10}.0,{row % 2 == 0}" for row in range(9)
    ]
    return ["\n".join(rows).encode()]


def archives() -> list[bytes]:
    """Return results archives of JATOS, packed and not."""
    results = [
        {"id": 7, "workerId": 31, "componentResults": [{"id": 9, "path": "/study_result_7/comp_result_9"}]},
        {"id": 8, "urlQueryParameters": {"PROLIFIC_PID": "5f3c"}, "componentResults": [{"id": 10}, {"id": 11}]},
    ]
    texts = answers()
    members = {
        "metadata.json": json.dumps({"data": [{"studyResults": results}]}).encode(),
        "study_result_7/comp_result_9/data.txt": texts[3],
        "study_result_8/comp_result_10/data.txt": texts[4],
        "study_result_8/comp_result_11/data.txt": texts[5],
    }
    return [_zipped(members, kind) for kind in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)]


def _zipped(members: dict[str, bytes], kind: int) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", kind) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return content.getvalue()


def members(archive: bytes) -> dict[str, bytes]:
    """Return what a zip archive holds by name."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def in_zip(archive: bytes, member: str, content: bytes) -> bytes:
    """Return a zip archive with another content of one member."""
    return _zipped(members(archive) | {member: content}, zipfile.ZIP_STORED)


def header(file: bytes) -> bytes:
    """Return the header of a safetensors file, JSON."""
    return file[8 : 8 + int.from_bytes(file[:8], "little")]


def with_header(file: bytes, content: bytes) -> bytes:
    """Return a safetensors file with another header."""
    return len(content).to_bytes(8, "little") + content + file[8 + len(header(file)) :]


def pixels(n: int) -> np.ndarray:
    """Return different images, uint8 (N, 1, 8, 8)."""
    return np.random.default_rng(0).integers(0, 256, (n, 1, 8, 8), dtype=np.uint8)


def pictures() -> list[bytes]:
    """Return an image in each format that is read, grey and coloured."""
    grey, coloured = Image.fromarray(pixels(1)[0, 0]), Image.fromarray(pixels(3)[:, 0].transpose(1, 2, 0).copy())
    return [
        _picture(one, kind) for one in (grey, coloured) for kind in ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
    ]


def _picture(image: Image.Image, kind: str) -> bytes:
    content = io.BytesIO()
    image.save(content, kind)
    return content.getvalue()


def tensors() -> list[bytes]:
    """Return image tensors as ``torch.save`` writes them."""
    found = []
    for tensor in (torch.from_numpy(pixels(4)), torch.from_numpy(pixels(4)[:, 0]).float() / 255):
        content = io.BytesIO()
        torch.save(tensor, content)
        found.append(content.getvalue())
    return found


def idx() -> list[bytes]:
    """Return IDX files, gzipped and not."""
    content = bytes([0, 0, 8, 3]) + struct.pack(">3I", 4, 8, 8) + pixels(4).tobytes()
    return [content, gzip.compress(content)]


def own_images() -> list[bytes]:
    """Return archives of labelled images, grey and coloured, packed and not."""
    colour = np.stack([pixels(3)[:, 0]] * 3, axis=3)
    found = []
    for save, images in ((np.savez, pixels(3)[:, 0]), (np.savez_compressed, colour)):
        file = io.BytesIO()
        save(file, images=images, labels=np.arange(3))
        found.append(file.getvalue())
    return found


def networks(folder: Path) -> list[bytes]:
    """Return networks as safetensors, a denoiser among them."""
    noise = NoiseSpecification("v_prediction", "linear", 100, (-1.0, 1.0))
    widths = {"image_size": 8, "channels": 1, "block_channels": [16, 16], "attention_head_width": 8}
    found = []
    for specification in (
        NetworkSpecification("lrm", _SIZES, notes={"epochs": 3}),
        NetworkSpecification("vgg_judge", {"image_size": 8, "channels": 1, "n_outputs": 1, "widths": [2], "hidden": 2}),
        NetworkSpecification("patch_unet", widths, noise),
    ):
        write_network(TrainedNetwork(build_network(specification, 0), specification), folder / "written")
        found.append((folder / "written").read_bytes())
    return found


def individuals(folder: Path) -> list[bytes]:
    """Return individual models as safetensors, whole networks and a shared trunk."""
    specification = NetworkSpecification("lrm", _SIZES)
    states = {name: build_network(specification, seed).state_dict() for seed, name in enumerate(("p1", "p2"))}
    weight, bias = states["p1"]["1.weight"][None], states["p1"]["1.bias"][None]
    coefficients = {name: torch.ones(1) for name in states}
    trunk = SharedTrunk(specification, states["p1"], weight, bias, coefficients, dict.fromkeys(states, 0.1))
    found = []
    for models in (WholeNetworks(specification, states), trunk):
        write_individuals(models, folder / "written")
        found.append((folder / "written").read_bytes())
    return found


def stimulus_table() -> pd.DataFrame:
    """Return a stimulus table of four images."""
    images = natural_stimuli(pd.DataFrame({"label": 0, **image_columns(pixels(4))}))
    return validate_stimuli(images[list(STIMULI.kinds)].assign(seed=2**62 + 1))


def trial_table() -> pd.DataFrame:
    """Return a trial table of six trials."""
    stimuli = stimulus_table()["stimulus_id"]
    table = pd.DataFrame({"participant_id": ["a", "b"] * 3, "session": 1, "trial_index": [0, 0, 1, 1, 2, 2]})
    table = table.assign(
        row_id=row_ids(table), dataset_id="d", task=["digit", "judgment"] * 3, round=1, block=None, phase="main",
        stimulus_id=[stimuli[row % 4] for row in range(6)], repetition=0, response=[1, 0] * 3, is_catch=False,
        response_modality="keyboard", rt_ms=500.5, expected_response=None, split="none", include=True,
        exclude_reason="", started_at_ms=None,
    )  # fmt: skip
    return validate_trials(table[list(TRIALS.kinds)])


def parquet(table: pd.DataFrame) -> list[bytes]:
    """Return a table as Parquet, compressed and not."""
    return [table.to_parquet(compression=kind) for kind in ("snappy", None)]
