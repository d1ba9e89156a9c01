"""Conf is code: every environment resolves, and every result has a versioned place of its own."""

from pathlib import Path

import pytest
from kedro.config import OmegaConfigLoader
from kedro.io import DataCatalog

from bam_pipelines.hooks.provenance import RUN_IDENTITY
from bam_pipelines.pipeline_registry import STAGES, register_pipelines
from bam_pipelines.pipelines.behavior.answer_source import AnswerSource
from bam_pipelines.pipelines.loop import create_pipeline as create_loop
from bam_pipelines.settings import CONFIG_LOADER_ARGS

CONF = Path(__file__).parents[2] / "conf"
ENVIRONMENTS = sorted(path.name for path in CONF.iterdir() if path.is_dir() and path.name != "local")
# datasets that are handed from node to node, or to a node by a hook, on purpose
IN_MEMORY = {RUN_IDENTITY, "loop_begun", "loop_standing", "loop_planned", "loop_answered"}
# read under one name what is written under another, by the same stage or one that may not have run
READ_AGAIN = {
    "loop_study_stimuli_so_far",
    "loop_state_so_far",
    "loop_candidates",
    "loop_metrics_if_any",
    "loop_figure_if_any",
    "digit_judgments_if_any",
}


def loader(env, **runtime_params):
    return OmegaConfigLoader(
        str(CONF), env=env, runtime_params=runtime_params, **{**CONFIG_LOADER_ARGS, "default_run_env": "base"}
    )


@pytest.fixture(scope="module")
def pipelines():
    return register_pipelines()


@pytest.fixture(params=ENVIRONMENTS)
def env(request):
    return request.param


@pytest.fixture
def used(pipelines):
    names = set().union(*(pipeline.datasets() for pipeline in pipelines.values()))
    return {name for name in names if not name.startswith("params:") and name != "parameters"}


def test_there_are_the_four_environments_one_of_other_images_and_three_examples_of_tables():
    assert ENVIRONMENTS == ["base", "cifar10h", "digits8", "full", "golan2020", "modelvshuman", "paper", "smoke"]


def test_every_stage_is_registered_and_those_on_request_are_not_in_the_default_run(pipelines):
    assert set(pipelines) == {*STAGES, "__default__"}
    left_out = {node for name in STAGES for node in pipelines[name].nodes} - set(pipelines["__default__"].nodes)
    on_request = ("prior", "own_stimuli", "calibration", "judgments", "release", "second_study", "loop")
    # with simulated participants, what reads a second round is a part of manipulation
    assert left_out == {node for name in on_request for node in pipelines[name].nodes}
    assert set(pipelines["manipulation_analysis"].nodes) < set(pipelines["manipulation"].nodes)


def test_each_stage_is_a_box_in_kedro_viz_and_its_nodes_need_no_namespace_to_be_named(pipelines):
    boxes = {name: {node.namespace for node in pipelines[name].nodes} for name in STAGES}
    assert boxes.pop("manipulation") == {"manipulation", "round_2", "manipulation_analysis"}
    assert boxes.pop("manipulation_analysis") == {"round_2", "manipulation_analysis"}
    assert boxes.pop("second_study") == {"round_2"}
    assert boxes == {name: {name} for name in boxes}
    nodes = {node for pipeline in pipelines.values() for node in pipeline.nodes if node.namespace in STAGES}
    assert len({node.short_name for node in nodes}) == len(nodes) > 40


def test_every_parameter_that_a_stage_takes_is_there(env, pipelines):
    parameters = loader(env)["parameters"]
    for pipeline in pipelines.values():
        for name in pipeline.datasets():
            if name.startswith("params:"):
                value = parameters
                for key in name.removeprefix("params:").split("."):
                    assert key in value, f"{name} is missing in {env}"
                    value = value[key]


def test_every_file_lies_under_the_environments_own_folder(env):
    config = loader(env)
    root, prior_root = config["globals"]["data_root"], config["globals"]["prior_root"]
    assert root == ("data" if env == "base" else f"data/{env}")
    for name, entry in config["catalog"].items():
        assert entry["filepath"].startswith((f"{root}/0", f"{prior_root}/0")), name
        assert entry["versioned"] is True, name
        kind = "EarlierDataset" if name in READ_AGAIN else "AtomicDataset"
        assert entry["type"] == f"bam_pipelines.datasets.{kind}", name


def test_environments_share_only_what_the_prior_stage_makes(pipelines):
    # images of another size need a prior of their own
    catalogs = {env: loader(env)["catalog"] for env in ENVIRONMENTS if env != "digits8"}
    of_prior = pipelines["prior"].all_outputs() | pipelines["prior"].inputs() | pipelines["judgments"].outputs()
    for name in catalogs["base"]:
        places = {catalog[name]["filepath"] for catalog in catalogs.values()}
        assert len(places) == len(catalogs) or (len(places) == 1 and name in of_prior), name


def test_images_of_another_size_share_nothing():
    base, other = (loader(env)["catalog"] for env in ("base", "digits8"))
    assert {name for name in base if base[name]["filepath"] == other[name]["filepath"]} == set()


def test_no_dataset_falls_back_to_memory(env, used):
    catalog = DataCatalog.from_config(loader(env)["catalog"])
    assert {name for name in used if name not in catalog} == IN_MEMORY


def test_every_entry_is_used(env, used):
    catalog = DataCatalog.from_config(loader(env)["catalog"])
    entries = set(catalog.config_resolver.config)
    of_people = create_loop(AnswerSource(simulated=False)).datasets()
    assert {name for name in entries if name not in used | of_people} == set()


def test_every_dataset_can_be_made_and_is_in_a_layer(env, used):
    catalog = DataCatalog.from_config(loader(env)["catalog"])
    for name in used - IN_MEMORY:
        dataset = catalog[name]
        assert dataset.metadata["kedro-viz"]["layer"], name
        assert dataset.metadata.get("made_by", "reporting") in STAGES, name
        kind = dataset.metadata.get("mlflow")
        assert kind in (None, "metrics", "artifact", "children"), name
        assert kind != "children" or {"child", "description"} <= dataset.metadata.keys(), name


def test_layers_follow_one_another_as_the_stages_do(pipelines, used):
    """kedro-viz shows no layers at all when one of them comes both before and after another."""
    catalog = DataCatalog.from_config(loader("base")["catalog"])
    layer = {name: STAGES.index(catalog[name].metadata["kedro-viz"]["layer"]) for name in used - IN_MEMORY}
    for node in pipelines["__default__"].nodes + pipelines["prior"].nodes:
        for source in layer.keys() & set(node.inputs):
            for result in layer.keys() & set(node.outputs):
                assert layer[source] <= layer[result], f"{source} comes before {result}"


def test_no_two_datasets_share_a_file(env, used):
    catalog = DataCatalog.from_config(loader(env)["catalog"])
    places = [str(catalog[name]._filepath) for name in used - IN_MEMORY - READ_AGAIN]
    assert len(places) == len(set(places))


def test_networks_of_the_prior_stage_can_be_elsewhere():
    entry = loader("full", prior_root="elsewhere")["catalog"]["diffusion_prior"]
    assert entry["filepath"] == "elsewhere/06_models/diffusion_prior.safetensors"


def test_an_environment_states_differences_only():
    """A file of an environment must not wipe what stands beside it in base."""
    assert loader("smoke")["parameters"]["preprocessing"]["source"] == "bundled"
    assert loader("smoke")["parameters"]["preprocessing"]["n_train"] < 4000


def test_a_parameter_of_the_command_line_wins():
    parameters = loader("smoke", preprocessing={"n_train": 7}, seed=3)["parameters"]
    assert (parameters["preprocessing"]["n_train"], parameters["seed"]) == (7, 3)
    assert parameters["preprocessing"]["source"] == "bundled"


def test_the_experiment_carries_the_environment(env):
    assert loader(env)["mlflow"]["tracking"]["experiment"]["name"] == f"bam_pipelines_{env}"
