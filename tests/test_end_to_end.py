"""The whole method once in the smoke environment, in a copy of the project, as a user runs it."""

import shutil
from html.parser import HTMLParser
from types import SimpleNamespace

import pandas as pd
import pytest
import torch
from kedro.config import OmegaConfigLoader
from kedro.io import DataCatalog
from mlflow.tracking import MlflowClient
from safetensors.torch import load_file

from bam_pipelines.images.table import table_images
from bam_pipelines.networks.classification import class_probabilities
from bam_pipelines.networks.classifiers import CLASSIFIER_NAMES
from bam_pipelines.networks.registry import read_network
from bam_pipelines.pipeline_registry import register_pipelines
from bam_pipelines.settings import CONFIG_LOADER_ARGS
from tests.projects import files, kedro, run_smoke

# from digits to the evaluation of one classifier
ONE_CLASSIFIER = (
    "split_digits,train_classifiers,sample_stimuli,draw_simulated_participants,collect_answers,flag_answers,"
    "align_groups,align_individuals,evaluate_mlp"
)


@pytest.fixture(scope="module")
def run(smoke_project):
    """One run of every stage: its folder, the files that it made, and where each catalog entry lies."""
    folder = smoke_project.folder
    arguments = {**CONFIG_LOADER_ARGS, "default_run_env": "base"}
    catalog = DataCatalog.from_config(OmegaConfigLoader(str(folder / "conf"), env="smoke", **arguments)["catalog"])

    def versions(name):
        place = folder / catalog[name]._filepath
        return sorted(place.glob(f"*/{place.name}"))

    client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    return SimpleNamespace(folder=folder, made=smoke_project.made, versions=versions, client=client)


@pytest.fixture(scope="module")
def tracked(run):
    """The MLflow run of the first Kedro run, and its children."""
    experiment = run.client.get_experiment_by_name("bam_pipelines_smoke")
    everything = run.client.search_runs([experiment.experiment_id])
    (parent,) = [one for one in everything if "mlflow.parentRunId" not in one.data.tags]
    children = [one for one in everything if one.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
    return SimpleNamespace(parent=parent, children=children)


def test_every_result_is_there_once(run):
    for name in register_pipelines()["__default__"].all_outputs():
        (file,) = run.versions(name)
        assert file.stat().st_size > 0, name
        assert file.relative_to(run.folder).as_posix().startswith("data/smoke/0"), name


def test_nothing_is_written_elsewhere(run):
    outside = {name for name in run.made if not name.startswith(("data/smoke/", "mlruns/", ".viz/"))}
    assert outside <= {f"mlflow.db{end}" for end in ("", "-shm", "-wal", ".lock")}
    assert not [name for name in run.made if ".partial" in name]


def test_nothing_is_pickled(run):
    pickles = (".pkl", ".pickle", ".joblib", ".pt", ".pth", ".bin")
    assert not [name for name in files(run.folder) if name.lower().endswith(pickles)]


class Links(HTMLParser):
    """What a page loads or points to."""

    def __init__(self):
        super().__init__()
        self.targets = []

    def handle_starttag(self, tag, attrs):
        self.targets += [value for name, value in attrs if name in ("src", "href", "srcset", "data", "action")]


def test_the_report_is_one_file_that_says_where_it_comes_from(run, tracked):
    (file,) = run.versions("report")
    page = file.read_text(encoding="utf-8")
    links = Links()
    links.feed(page)
    assert sum(target.startswith("data:image/png;base64,") for target in links.targets) >= 4
    assert [target for target in links.targets if not target.startswith(("data:", "#"))] == []
    assert "@import" not in page
    assert "url(" not in page
    assert "simulated" in page.split("<title>")[1].split("</title>")[0]
    assert file.parent.name in page  # the Kedro session
    assert tracked.parent.info.run_id in page


def test_the_mlflow_run_is_finished_and_found_from_the_files(run, tracked):
    assert tracked.parent.info.status == "FINISHED"
    (file,) = run.versions("trials")
    assert tracked.parent.data.tags["kedro_session_id"] == file.parent.name
    assert tracked.parent.data.tags["simulated"] == "true"
    assert tracked.parent.data.params["compute.workers"] == "1"
    assert (run.folder / "mlruns" / tracked.parent.info.run_id / "artifacts" / "report.html").exists()


@pytest.mark.parametrize(
    "metric",
    [
        "mnist_summary/train.n",
        "classifier_vgg_metrics/test_accuracy",
        "sampling_metrics/stimuli",
        "quality_report/n_stimuli",
        "group_vit_history/validation_loss",
        "alignment_means/group.log_loss",
        "manipulation_sampling_metrics/stimuli",
        "round_2.quality_report/n_stimuli",
    ],
)
def test_every_stage_logs_its_metrics(tracked, metric):
    assert metric in tracked.parent.data.metrics


def test_the_last_stages_log_their_summaries(tracked):
    stages = {name.split("/")[0] for name in tracked.parent.data.metrics}
    assert {"manipulation_summary", "guidance_summary"} <= stages


def test_each_classifiers_alignment_is_a_child_run(tracked):
    assert sorted(child.info.run_name for child in tracked.children) == sorted(CLASSIFIER_NAMES)
    for child in tracked.children:
        assert child.info.status == "FINISHED"
        assert 0 <= child.data.metrics["individual/accuracy"] <= 1
        assert child.data.metrics["base/log_loss"] > 0
        assert child.data.params["alignment.min_training_trials"] == "5"
        assert child.data.tags["simulated"] == "true"


def test_the_answers_are_marked_as_simulated_and_split_by_image(run):
    trials = pd.read_parquet(run.versions("trials")[0])
    assert set(trials["dataset_id"]) == {"simulated"}
    main = trials[trials["phase"] == "main"]
    assert set(main["split"]) == {"train", "validation", "test"}
    assert (main.groupby("stimulus_id")["split"].nunique() == 1).all()
    second = pd.read_parquet(run.versions("round_2.trials")[0])
    assert set(second["dataset_id"]) == {"simulated"}


def test_stored_classifiers_say_of_stored_stimuli_what_the_table_says(run):
    stimuli = pd.read_parquet(run.versions("stimuli")[0])
    for name, made in stimuli[stimuli["strategy"] == "uncertainty"].groupby("model_1"):
        network = read_network(run.versions(f"classifier_{name}")[0]).network
        probabilities = torch.from_numpy(class_probabilities(network, table_images(made)))
        targets = torch.tensor(made[["target_1", "target_2"]].to_numpy(dtype="int64"))
        said = probabilities.gather(1, targets)
        assert said.flatten().tolist() == pytest.approx(
            made[["p1_target_1", "p1_target_2"]].to_numpy().ravel(), abs=1e-4
        )


@pytest.fixture(scope="module")
def again(run, tracked):
    """The same seed and another number of workers; `tracked` has looked at the first run alone."""
    run_smoke(run.folder, "--nodes", ONE_CLASSIFIER, workers=2)
    return run


@pytest.mark.parametrize("name", ["mnist_train", "stimuli", "trials", "alignment_mlp_metrics", "alignment_mlp_entropy"])
def test_the_same_seed_gives_the_same_tables_whatever_the_workers(again, name):
    first, second = (pd.read_parquet(file) for file in again.versions(name)[:2])
    assert len(first) > 0
    pd.testing.assert_frame_equal(first, second, check_exact=True)


@pytest.mark.parametrize("name", ["classifier_mlp", "group_mlp", "individual_mlp"])
def test_the_same_seed_gives_the_same_weights(again, name):
    first, second = (load_file(file) for file in again.versions(name)[:2])
    assert len(first) > 0
    assert first.keys() == second.keys()
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_another_seed_gives_other_stimuli(again):
    run_smoke(again.folder, "--nodes", "sample_stimuli", seed=1, **{"sampling.max_proposals": 2})
    first, *_, other = (pd.read_parquet(file) for file in again.versions("stimuli"))
    assert not set(first["stimulus_id"]) & set(other["stimulus_id"])


@pytest.fixture(scope="module")
def looped(run, tmp_path_factory):
    """Two rounds of the loop after the run, in a copy of its folder."""
    folder = tmp_path_factory.mktemp("loop") / "project"
    shutil.copytree(run.folder, folder)
    before = kedro(folder, "loop", "run", "--rounds", "2", "--env", "smoke", "--params", "compute.threads=1")
    assert before.returncode == 0, before.stdout[-3000:] + before.stderr[-3000:]
    return folder / "data" / "smoke"


def newest(folder, name):
    return sorted(folder.glob(f"*/{name}/*/{name}"))[-1]


def test_each_round_of_the_loop_goes_on_after_the_one_before(looped):
    states = sorted(looped.glob("07_model_output/loop_state/*/loop_state"))
    assert len(states) == 2
    first, second = (pd.read_parquet(state / "plan.parquet") for state in states)
    assert second.iloc[: len(first)].equals(first)
    assert second["round"].unique().tolist() == [1, 2]
    fresh = second[second["reason"] != "repeat"]
    assert not fresh.duplicated(["participant_id", "stimulus_id"]).any()
    trials = pd.read_parquet(newest(looped, "loop_trials.parquet"))
    asked = trials[~trials["is_catch"]]
    planned = second.set_index(["participant_id", "stimulus_id"]).index
    assert set(pd.MultiIndex.from_frame(asked[["participant_id", "stimulus_id"]])) == set(planned)


def test_the_loop_is_scored_after_every_round(looped):
    metrics = pd.read_parquet(newest(looped, "loop_metrics.parquet"))
    assert metrics.groupby("round").size().to_dict() == {0: 4, 1: 4, 2: 4}
    grown = metrics.pivot(index="participant_id", columns="round", values="n_trials").diff(axis=1).iloc[:, 1:]
    assert (grown == 4).all(axis=None)
    assert newest(looped, "figure_loop.png").stat().st_size > 0


def test_each_round_has_an_mlflow_run_of_its_own(looped):
    client = MlflowClient(f"sqlite:///{looped.parents[1] / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("bam_pipelines_smoke")
    rounds = [
        one.data.metrics["loop_summary/round"]
        for one in client.search_runs([experiment.experiment_id])
        if "loop_summary/round" in one.data.metrics
    ]
    assert sorted(rounds) == [1, 2]
