"""Answers of another source than the parameters say are refused before anything is fitted to them."""

from types import SimpleNamespace

import pandas as pd
import pytest
from kedro.config import OmegaConfigLoader
from kedro.io import DataCatalog, DatasetError, MemoryDataset

from bam_pipelines.hooks import AnswersHook
from bam_pipelines.hooks.refusal import RunRefusedError
from bam_pipelines.pipelines import alignment, behavior, manipulation_analysis
from bam_pipelines.pipelines.behavior.answer_source import AnswerSource
from bam_pipelines.settings import CONFIG_LOADER_ARGS
from tests.projects import PROJECT

PEOPLE = AnswerSource(simulated=False)


@pytest.fixture
def check():
    """A function from a pipeline, its source and the data sets of its answers to what the hook does."""
    arguments = {**CONFIG_LOADER_ARGS, "default_run_env": "base"}
    parameters = OmegaConfigLoader(str(PROJECT / "conf"), **arguments)["parameters"]

    def begin(pipeline, source, ids, name="trials"):
        made = AnswersHook()
        parameters["behavior"]["source"] = source
        made.after_context_created(SimpleNamespace(params=parameters))
        made.before_pipeline_run(pipeline, DataCatalog({name: MemoryDataset(pd.DataFrame({"dataset_id": ids}))}))

    return begin


@pytest.mark.parametrize(("source", "ids"), [
    ("simulated", ["simulated", "simulated"]), ("jspsych", ["jspsych"]), ("released", ["varimnist"]), ("table", []),
])  # fmt: skip
def test_answers_of_their_source_go_on(check, source, ids):
    check(alignment.create_pipeline(PEOPLE), source, ids)


@pytest.mark.parametrize(("source", "ids", "said"), [
    ("simulated", ["varimnist"],
     "trials holds answers of varimnist, and behavior.source is simulated: add --params behavior.source=released, or "
     "read other answers by the stage behavior first."),
    ("jspsych", ["simulated"], "add --params behavior.source=simulated, or"),
    ("table", ["table", "cifar10h"], "answers of cifar10h, .*: give the --env or the dataset_id with which cifar10h"),
])  # fmt: skip
def test_answers_of_another_source_are_refused(check, source, ids, said):
    with pytest.raises(RunRefusedError, match=said):
        check(alignment.create_pipeline(PEOPLE), source, ids)


def test_so_are_those_of_a_second_round(check):
    pipeline = manipulation_analysis.create_pipeline()
    name = next(name for name in pipeline.inputs() if name.endswith("trials"))
    with pytest.raises(RunRefusedError, match=f"{name} holds answers of jspsych"):
        check(pipeline, "simulated", ["jspsych"], name)


def test_a_run_that_makes_its_answers_is_not_asked(check):
    check(behavior.create_pipeline(), "simulated", ["jspsych"])


def test_answers_that_cannot_be_read_are_left_to_whoever_reads_them(check, monkeypatch):
    def fail(*_):
        raise DatasetError("damaged")

    monkeypatch.setattr(DataCatalog, "load", fail)
    check(alignment.create_pipeline(PEOPLE), "simulated", ["jspsych"])
