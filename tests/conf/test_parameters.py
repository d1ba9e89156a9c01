"""Parameters are code: what the environments are for, beyond that each value is one that the science takes."""

import re
from typing import get_args

import pytest
import yaml
from omegaconf import OmegaConf

from bam_pipelines.analysis.power import power_settings
from bam_pipelines.experiment.settings import PairSource, experiment_settings
from bam_pipelines.experiment.texts import read_texts
from bam_pipelines.networks.checkpoints import NetworkSpecification
from bam_pipelines.networks.noise import NoiseSpecification
from bam_pipelines.networks.registry import build_network
from bam_pipelines.pipeline_registry import STAGES
from bam_pipelines.pipelines.loop.settings import loop_settings
from bam_pipelines.pipelines.manipulation.designs import CUSTOMISED
from bam_pipelines.pipelines.parameters import parameter_problems
from tests.conf.loaded import CONF, ENVIRONMENTS, parameters_of

# their parameters are those of behavior, experiment and manipulation
WITHOUT = {"judgments", "release", "second_study", "manipulation_analysis"}


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


def test_a_study_has_its_texts(parameters):
    settings = experiment_settings(parameters["experiment"])
    assert settings.pairs.quotas()
    assert read_texts(CONF.parent / settings.texts, settings.language)


def test_a_round_of_the_loop_has_anchors(parameters):
    assert loop_settings(parameters["loop"]).anchors >= 1


def test_a_second_study_shows_what_manipulation_makes(parameters):
    made = {CUSTOMISED, *parameters["manipulation"]["controls"]}
    assert set(parameters["experiment"]["pairs"]["shares"]) <= made <= set(get_args(PairSource))


def test_power_is_asked_of_groups_as_they_are_made(parameters):
    settings = power_settings(parameters["power"])
    assert list(settings.groups) == sorted(settings.groups)
    assert settings.group_size == parameters["manipulation"]["group_size"]


def test_the_prior_can_be_built(parameters):
    options = parameters["prior"]["diffusion_prior"]
    arguments = {"image_size": 28, "channels": 1, **options["denoiser"]}
    build_network(NetworkSpecification("patch_unet", arguments, NoiseSpecification(**options["noise"])), seed=0)
    root = options["checkpoint"].split("/.checkpoints/")[0]
    assert root.startswith("data")


def test_answers_and_report_have_the_classes_of_the_images(parameters):
    assert parameters["behavior"]["classes"] == parameters["preprocessing"]["classes"]
    assert parameters["reporting"]["classes"] == parameters["preprocessing"]["classes"]


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


def test_what_the_readme_says_to_change_can_be_changed():
    text = (CONF.parent / "README.md").read_text().replace("\\\n", "")
    given = [item for found in re.findall(r"--params ([^\s`]+)", text) for item in found.split(",") if "=" in item]
    assert len(given) > 10
    changes = OmegaConf.to_container(OmegaConf.from_dotlist([item for item in given if "prior_root" not in item]))
    # each by itself: what is said in one command need not go with another
    for section, values in changes.items():
        assert parameter_problems(parameters_of("base", {section: values}), set()) == [], section
