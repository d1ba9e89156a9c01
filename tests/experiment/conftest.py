"""Eight 6 x 6 stimuli and clear digits of three classes; nothing here comes from a model or a person."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from bam_pipelines.behavior.clear_digits import natural_stimuli
from bam_pipelines.behavior.settings import behavior_settings
from bam_pipelines.datasets.folder import FolderDataset
from bam_pipelines.experiment.clear_images import ClearImages
from bam_pipelines.experiment.lists import build_lists
from bam_pipelines.experiment.settings import experiment_settings
from bam_pipelines.experiment.study import study_files
from bam_pipelines.experiment.texts import read_texts
from bam_pipelines.images.table import image_columns

CONF = Path(__file__).parents[2] / "conf" / "base"
N_CLASSES = 3
CLASSES = ["0", "1", "2"]


def _clear(number, seed):
    draw = np.random.default_rng(seed)
    labels = np.arange(number) % N_CLASSES
    pixels = draw.integers(0, 256, (number, 1, 6, 6), dtype=np.uint8)
    return natural_stimuli(pd.DataFrame({"label": labels.astype("int8"), **image_columns(pixels)}))


@pytest.fixture(scope="session")
def stimuli():
    table = _clear(8, 1).drop(columns="label")
    return table.assign(strategy="uncertainty", source="base", method="fast", target_1=1, target_2=2, model_1="vgg")


@pytest.fixture(scope="session")
def clear_of():
    """A function from the stage's settings to images with a right answer: labels, or yes and no in turns."""

    def of(experiment):
        practice, catch = _clear(3, 3), _clear(6, 2)
        digit = experiment.task == "digit"
        tables = [
            table.assign(expected=table["label"] if digit else np.arange(len(table)) % 2).drop(columns="label")
            for table in (practice.iloc[: experiment.practice_trials], catch)
        ]
        return ClearImages(*tables)

    return of


@pytest.fixture(scope="session")
def settings_of():
    """Functions from changes of conf/base to the settings of the stage and of the sitting."""
    experiment = yaml.safe_load((CONF / "experiment" / "parameters.yml").read_text())["experiment"]
    behavior = yaml.safe_load((CONF / "behavior" / "parameters.yml").read_text())["behavior"]
    small = {"practice_trials": 2, "trials_per_block": 4, "answers_per_stimulus": 2, "fixation_ms": 0, "scale": 2}
    calm = {"fullscreen": False, "screen_size": False}
    sitting = {"stimuli_per_participant": 5, "minimum_catch": 2, "catch_share": 0.0, "repeat_share": 0.2}

    def of(**changes):
        kept = {name: value for name, value in changes.items() if name in experiment}
        session = {name: value for name, value in changes.items() if name not in experiment}
        both = {**behavior["session"], **sitting, "repeat_gap": 2, **session}
        settings = behavior_settings({**behavior, "session": both, "classes": CLASSES})
        return experiment_settings({**experiment, **small, **calm, **kept}), settings

    return of


@pytest.fixture(scope="session")
def texts():
    return read_texts(CONF / "experiment" / "texts", "en")


@pytest.fixture(scope="session")
def plan(stimuli, clear_of, settings_of):
    """A function from changes of conf to lists and every image that they show."""

    def make(**changes):
        experiment, behavior = settings_of(**changes)
        clear = clear_of(experiment)
        lists = build_lists(stimuli, clear, experiment, behavior.session, 7)
        shown = [table[stimuli.columns].astype(object) for table in (stimuli, *clear)]
        return lists, pd.concat(shown, ignore_index=True)

    return make


@pytest.fixture(scope="session")
def build(plan, texts, settings_of):
    """A function from changes of conf to the files of a study."""

    def make(classes=CLASSES, **changes):
        lists, shown = plan(**changes)
        return study_files(lists, shown, texts, settings_of(**changes)[0], classes)

    return make


@pytest.fixture
def study(build, tmp_path):
    """The folder of a study of four lists, each of two practice trials and two blocks of four."""
    folder = tmp_path / "study"
    FolderDataset(filepath=str(folder)).save(build())
    return folder
