"""Parameters are code: the values of every environment are ones that the science takes."""

from pathlib import Path

import pytest
import yaml
from kedro.config import OmegaConfigLoader

from bam_pipelines.adaptive.acquisition import ACQUISITIONS
from bam_pipelines.alignment.fine_tuning import FineTuning
from bam_pipelines.alignment.hierarchical import HierarchicalSettings
from bam_pipelines.analysis.power import PowerSettings
from bam_pipelines.behavior.settings import behavior_settings
from bam_pipelines.compute.device import resolve_compute
from bam_pipelines.compute.workers import resolve_workers
from bam_pipelines.experiment.pair_lists import pair_design
from bam_pipelines.experiment.settings import experiment_settings
from bam_pipelines.experiment.texts import read_texts
from bam_pipelines.guidance.acceptance import AcceptanceRule
from bam_pipelines.guidance.cells import balanced_cells, controversial_cells, uncertainty_cells, unguided_cells
from bam_pipelines.guidance.methods import build_method
from bam_pipelines.networks.checkpoints import NetworkSpecification
from bam_pipelines.networks.classifiers import CLASSIFIER_NAMES
from bam_pipelines.networks.diffusion_training import DiffusionTraining
from bam_pipelines.networks.noise import NoiseSpecification
from bam_pipelines.networks.registry import build_network
from bam_pipelines.networks.training import TrainingSettings
from bam_pipelines.pipeline_registry import STAGES
from bam_pipelines.pipelines.loop.nodes import loop_settings
from bam_pipelines.pipelines.manipulation.designs import CONTROLS, CUSTOMISED
from bam_pipelines.settings import CONFIG_LOADER_ARGS

CONF = Path(__file__).parents[2] / "conf"
ENVIRONMENTS = ("base", "cifar10h", "full", "golan2020", "modelvshuman", "paper", "smoke")


# their parameters are those of behavior, experiment and manipulation
WITHOUT = {"judgments", "release", "second_study", "manipulation_analysis"}


def parameters_of(env):
    arguments = {**CONFIG_LOADER_ARGS, "default_run_env": "base"}
    return OmegaConfigLoader(str(CONF), env=env, **arguments)["parameters"]


@pytest.fixture(params=ENVIRONMENTS)
def parameters(request):
    return parameters_of(request.param)


def leaves(values, name=""):
    """The dotted names of all values that are no mapping."""
    if not isinstance(values, dict):
        return {name: values}
    return {key: leaf for part, inner in values.items() for key, leaf in leaves(inner, f"{name}.{part}").items()}


@pytest.mark.parametrize("file", sorted(CONF.glob("[!b]*/*/parameters.yml")), ids=lambda path: f"{path.parts[-3:]}")
def test_an_environment_changes_parameters_that_base_has(file):
    """Environments are merged softly, so that a misspelt name would be added beside the right one."""
    assert set(leaves(yaml.safe_load(file.read_text()))) <= set(leaves(parameters_of("base")))


def test_each_stage_that_has_any_has_its_own_parameters(parameters):
    assert set(parameters) == {*STAGES, "seed", "compute"} - WITHOUT


def test_compute_is_understood(parameters):
    resolve_compute(parameters["compute"])
    resolve_workers(parameters["compute"])
    assert parameters["seed"] >= 0


@pytest.mark.parametrize("acquisition", ACQUISITIONS)
def test_a_round_of_the_loop_is_understood(parameters, acquisition):
    options = parameters["loop"]
    assert loop_settings(options | {"acquisition": acquisition}).anchors >= 1
    assert options["classifier"] in CLASSIFIER_NAMES


def test_a_study_has_its_texts(parameters):
    settings = experiment_settings(parameters["experiment"])
    assert pair_design(parameters["experiment"]["pairs"]).quotas()
    assert read_texts(CONF.parent / settings.texts, settings.language)


def test_every_classifier_is_trained_on_more_than_a_batch(parameters):
    assert set(parameters["classifiers"]) == set(CLASSIFIER_NAMES)
    n_train = parameters["preprocessing"]["n_train"]
    for options in parameters["classifiers"].values():
        assert TrainingSettings(samples_per_epoch=n_train, **options).batch_size <= n_train


def test_sampling_is_possible(parameters):
    options, seed = parameters["sampling"], parameters["seed"]
    assert build_method(options, None, 50.0).name == options["method"]
    n_classes = parameters["preprocessing"]["n_classes"]
    for strategy in ("uncertainty", "controversial", "reference"):
        AcceptanceRule(strategy, options[strategy]["probability"], None, options["judge_threshold"])
    kinds = options["uncertainty"], options["controversial"]
    cells = [
        *uncertainty_cells(CLASSIFIER_NAMES, n_classes, kinds[0]["digit_pairs"], kinds[0]["quota"], seed),
        *controversial_cells([("vit", "vgg")], n_classes, kinds[1]["digit_pairs"], kinds[1]["quota"], seed),
        *unguided_cells(n_classes, options["unguided"]["digit_pairs"], options["unguided"]["quota"], seed),
    ]
    assert cells


def test_behavior_is_understood(parameters):
    settings = behavior_settings(parameters["behavior"])
    assert settings.session.catch_pool >= settings.session.minimum_catch
    # clear digits of two rounds come from the test digits
    clear = settings.session.clear_share * parameters["preprocessing"]["n_test"]
    assert clear >= 2 * settings.session.catch_pool


def test_alignment_is_possible(parameters):
    for kind, sources in (("group", 2), ("paper", 3)):
        options = parameters["alignment"][kind]
        FineTuning(TrainingSettings(**options["training"]), tuple(options["ratio"]))
        assert len(options["ratio"]) == sources
    assert parameters["alignment"]["method"] in ("hierarchical", "calibrated", "paper")
    HierarchicalSettings(**parameters["alignment"]["hierarchical"])
    differences = parameters["alignment"]["differences"]
    assert differences["classifier"] in CLASSIFIER_NAMES
    assert min(differences["trials"]) >= 1 and min(differences["clusters"]) >= 2


def test_manipulation_is_possible(parameters):
    options = parameters["manipulation"]
    assert options["classifier"] in CLASSIFIER_NAMES
    assert build_method(options, None, 50.0).name == options["method"]
    for margin in options["margins"]:
        AcceptanceRule("controversial", None, margin, options["judge_threshold"])
    assert 1 <= options["candidates"] <= options["max_proposals"]
    AcceptanceRule("uncertainty", options["group_probability"], None, options["judge_threshold"])
    assert set(options["controls"]) <= set(CONTROLS)
    assert set(parameters["experiment"]["pairs"]["shares"]) <= {CUSTOMISED, *options["controls"]}
    cells = balanced_cells(("a", "b"), parameters["preprocessing"]["n_classes"], options["digit_pairs"], 1, 0, "axb")
    assert len(cells) == 2 * options["digit_pairs"]
    people = parameters["behavior"]["participants"]["n_participants"]
    assert options["n_groups"] * options["group_size"] <= people


def test_power_is_understood(parameters):
    settings = PowerSettings(**parameters["power"])
    assert list(settings.groups) == sorted(settings.groups) and settings.digit_pairs <= 45
    assert settings.group_size == parameters["manipulation"]["group_size"]


def test_the_prior_can_be_built(parameters):
    options = parameters["prior"]["diffusion_prior"]
    DiffusionTraining(**options["training"])
    arguments = {"image_size": 28, "channels": 1, **options["denoiser"]}
    build_network(NetworkSpecification("patch_unet", arguments, NoiseSpecification(**options["noise"])), seed=0)
    root = options["checkpoint"].split("/.checkpoints/")[0]
    assert root.startswith("data")


def test_reporting_is_understood(parameters):
    options = parameters["reporting"]
    assert options["entropy_classifier"] in CLASSIFIER_NAMES
    assert options["n_classes"] == parameters["preprocessing"]["n_classes"]


def test_paper_has_the_papers_sizes():
    paper = parameters_of("paper")
    sampler = {"steps": 50, "repeats": 5, "guidance_scale": 0.1, "judge_weight": 10}
    for stage in ("sampling", "manipulation"):
        assert (paper[stage]["method"], paper[stage]["paper"]) == ("paper", sampler)
    assert paper["sampling"]["max_proposals"] == 10
    assert paper["sampling"]["uncertainty"]["probability"] == 0.4
    assert paper["sampling"]["controversial"]["probability"] == 0.9
    assert paper["sampling"]["judge_threshold"] == 0.5
    assert paper["behavior"]["participants"]["n_participants"] == 246
    assert paper["alignment"]["min_training_trials"] == 100
    group, individual = (paper["alignment"][kind] for kind in ("group", "paper"))
    assert paper["alignment"]["method"] == "paper"
    assert (group["ratio"], individual["ratio"]) == ([1, 1], [2, 1, 1])
    assert (group["training"]["epochs"], group["training"]["samples_per_epoch"]) == (16, 100_000)
    assert (individual["training"]["epochs"], individual["training"]["samples_per_epoch"]) == (16, 500)
    manipulation = paper["manipulation"]
    assert [manipulation[key] for key in ("n_groups", "group_size", "digit_pairs", "quota")] == [6, 3, 45, 2]


def test_full_and_paper_train_on_the_same_digits():
    full, paper = (parameters_of(env)["preprocessing"] for env in ("full", "paper"))
    assert full == paper
    assert (full["source"], full["exclude_bundled"]) == ("idx", True)


def test_smoke_is_nowhere_larger_than_base():
    base, smoke = leaves(parameters_of("base")), leaves(parameters_of("smoke"))
    sizes = (
        "n_train",
        "n_test",
        "epochs",
        "samples_per_epoch",
        "steps",
        "repeats",
        "max_proposals",
        "n_participants",
        "simulations",
    )
    for name, value in smoke.items():
        if name.split(".")[-1] in (*sizes, "simulations"):
            assert value <= base[name], name
