"""Mistakes of docs/troubleshooting.md that need no command: each function makes one, in a folder of its own."""

import gzip
import socket
from types import SimpleNamespace

import numpy as np
import pandas as pd
import torch
from kedro.io.core import Version
from PIL import Image

from bam_pipelines.behavior.ingestion import _check_share, _require_one_round
from bam_pipelines.behavior.readers.columns import column_map, texts_of
from bam_pipelines.behavior.readers.delimited import read_delimited
from bam_pipelines.behavior.readers.picture_folder import read_picture_folder
from bam_pipelines.behavior.readers.targets import read_targets
from bam_pipelines.behavior.readers.texts import decode
from bam_pipelines.behavior.schemas import validate_trials
from bam_pipelines.cli import cli
from bam_pipelines.compute.durable import write_error
from bam_pipelines.compute.faults import InputError
from bam_pipelines.compute.shards import _losses
from bam_pipelines.datasets import AtomicDataset
from bam_pipelines.experiment.server.plan import StudyPlan
from bam_pipelines.experiment.server.store import AnswerStore
from bam_pipelines.hooks.alone import take_lock
from bam_pipelines.hooks.clock import check_newest
from bam_pipelines.hooks.completion import check_completion
from bam_pipelines.hooks.config_loader import SpeakingConfigLoader
from bam_pipelines.hooks.people import check_salt, keep_salt
from bam_pipelines.images.idx import read_idx
from bam_pipelines.pipelines.experiment.serving import _listen


def column_missing(folder):
    records = read_delimited("person,image,answer\n1,2,3\n", "answers.csv")
    names = ["participant_id", "subject_id", "subject", "participant"]
    texts_of(records, "participant", column_map({"columns": {"participant": names}}))


def broken_off(folder):
    file = folder / "train-labels-idx1-ubyte.gz"
    file.write_bytes(gzip.compress(b"12345678" * 100)[:-9])
    read_idx(folder / "train-labels-idx1-ubyte", 1)


def another_salt(folder):
    keep_salt(folder / ".salt", "a secret of the test")
    check_salt(folder / ".salt", "another secret of the test")


def other_parameters(folder):
    check_completion(folder, {"seed": 0}, "first", False)
    check_completion(folder, {"seed": 7}, "second", True)


def lose_a_worker(folder):
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    with _losses():
        raise TerminatedWorkerError


def fill_memory(folder):
    raise MemoryError("Unable to allocate 8 GiB")


def fill_gpu(folder):
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")


def fill_disk(folder):
    raise write_error(folder / "stimuli.parquet", OSError(28, "No space left on device"))


def miss_a_package(folder):
    raise ModuleNotFoundError("No module named 'mlxtend'", name="mlxtend")


def reject(folder):
    rejects = pd.DataFrame({"file": ["answers.csv"], "line": [7], "reason": ["response '42', expected 0 to 9"]})
    _check_share(rejects, 5, 0.01)


def two_rounds(folder):
    _require_one_round(pd.DataFrame({"file": "a.json", "line": [1, 2], "round": [1, 2]}))


def image_of_another_size(folder):
    (folder / "stimuli").mkdir()
    Image.fromarray(np.zeros((32, 32), dtype=np.uint8)).save(folder / "stimuli" / "a.png")
    read_picture_folder(folder / "stimuli", (1, 28, 28))


def targets_of_one_class(folder):
    (folder / "targets.csv").write_text("file,target_1,target_2\na.png,3,3\n")
    read_targets(folder / "targets.csv", "0123456789")


def strange_folder(folder):
    SpeakingConfigLoader(folder / "my [own] project" / "conf", None)


def listen_twice(folder):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        try:
            _listen("127.0.0.1", port)
        except OSError as error:
            raise InputError(str(error).replace(str(port), "8000")) from None


def serve_another_study(folder):
    for design in ("a", "b"):
        AnswerStore(folder, StudyPlan(folder, "digits", design, False, {}), 60).close()


def serve_for_all(folder):
    cli.main(["experiment", "serve", "--host", "0.0.0.0"], standalone_mode=False)


def set_the_clock_back(folder):
    later = SimpleNamespace(
        versions=lambda: ["2030-01-01"], saved_path=lambda: folder / "stimuli" / "2026-01-01" / "stimuli"
    )
    check_newest("stimuli", later, "2026-01-01")


def cut_a_file_off(folder):
    entry = {"filepath": str(folder / "a.json"), "dataset": "json.JSONDataset"}
    saved = AtomicDataset(**entry, version=Version(None, "2026-01-01"), metadata={"kedro-viz": {"layer": "sampling"}})
    saved.save({"n": 1})
    saved.filepath.write_text("{")
    saved.load()


def run_twice(folder):
    held = take_lock(folder, "first")
    try:
        take_lock(folder, "second")
    finally:
        held.close()


RAISED = {
    "`kedro run` with another environment's kedro": miss_a_package,
    "`python -m bam_pipelines` outside of the project's folder": lambda folder: SpeakingConfigLoader(
        folder / "conf", None
    ),
    "Put the project into a folder such as `my [own] project`": strange_folder,
    "`--only-missing-outputs` with other parameters than the first run's": other_parameters,
    "`--env full` without the official files": lambda folder: read_idx(folder / "train-images-idx3-ubyte", 3),
    "A download that broke off": broken_off,
    "Another salt than before": another_salt,
    "A CSV with other names of columns": column_missing,
    "A CSV with semicolons": lambda folder: read_delimited("a;b\n1;2\n", "answers.csv"),
    "A CSV in UTF-16": lambda folder: decode("a,b\n".encode("utf-16"), "answers.csv"),
    "An Excel workbook": lambda folder: decode(b"PK\x03\x04", "answers.xlsx"),
    "Answers of which many cannot be used": reject,
    "Answers of two rounds in one folder": two_rounds,
    "Targets of stimuli of your own that are no two classes": targets_of_one_class,
    "Stimuli of your own that are elsewhere": lambda folder: read_picture_folder(folder / "nowhere", (1, 28, 28)),
    "Stimuli of your own of another size": image_of_another_size,
    "Started a second run": run_twice,
    "Filled the disk": fill_disk,
    "Ran out of memory": fill_memory,
    "The same, and the system killed a worker": lose_a_worker,
    "Ran out of the GPU's memory": fill_gpu,
    "Set the clock back": set_the_clock_back,
    "A file in `data` that was changed or cut off": cut_a_file_off,
    "Results of an older version of the project": lambda folder: validate_trials(pd.DataFrame({"row_id": ["a"]})),
    "`kedro experiment serve` on a port that is taken": listen_twice,
    "The same with another study's answers": serve_another_study,
    "The same for others, without a token": serve_for_all,
}
