"""A run without its inputs stops with one sentence."""

import pytest
from kedro.framework.project import pipelines
from kedro.io import DataCatalog, MemoryDataset
from kedro.io.core import Version
from kedro.pipeline import node, pipeline

from bam_pipelines.datasets import AtomicDataset
from bam_pipelines.hooks import MissingInputHook
from bam_pipelines.hooks.inputs import missing_inputs_message
from bam_pipelines.hooks.refusal import RunRefusedError


def stage(*links):
    return pipeline([node(lambda *values: values, inputs, output, name=output) for inputs, output in links])


REGISTERED = {
    "preprocessing": stage(("params:seed", "mnist_train")),
    "classifiers": stage(("mnist_train", "classifier_vgg"), ("classifier_vgg", "metrics")),
    "sampling": stage((["classifier_vgg", "prior", "params:seed"], "stimuli")),
}


def message(missing, name="sampling", env=None, absent=()):
    run_params = {"pipeline_names": name and [name], "env": env}
    return missing_inputs_message(missing, {*missing, *absent}, run_params, REGISTERED)


def test_the_sentence_names_input_and_command():
    assert message(["classifier_vgg"]) == (
        "sampling needs classifier_vgg, which does not exist yet: run `kedro run --pipelines classifiers` first."
    )


def test_several_inputs_and_stages_are_one_sentence():
    assert message(["classifier_vgg", "mnist_train"]) == (
        "sampling needs classifier_vgg, mnist_train, which do not exist yet: "
        "run `kedro run --pipelines preprocessing,classifiers` first."
    )


def test_what_the_maker_needs_is_made_too():
    text = message(["classifier_vgg"], absent=["mnist_train"])
    assert text.endswith(": run `kedro run --pipelines preprocessing,classifiers` first.")


def test_of_two_stages_that_make_one_thing_the_first_is_named():
    stages = {**REGISTERED, "own_stimuli": stage(("mnist_train", "stimuli"))}
    text = missing_inputs_message(["stimuli"], {"stimuli"}, {"pipeline_names": ["experiment"]}, stages)
    assert text == ("experiment needs stimuli, which does not exist yet: run `kedro run --pipelines sampling` first.")


@pytest.mark.parametrize(("env", "options"), [("smoke", " --env smoke"), ("local", ""), (None, "")])
def test_the_command_is_for_the_same_environment(env, options):
    assert message(["mnist_train"], "classifiers", env).endswith(
        f"`kedro run --pipelines preprocessing{options}` first."
    )


def test_an_input_that_no_stage_makes():
    assert message(["prior"]) == (
        "sampling needs prior, which does not exist yet, and no stage makes prior: "
        "put the files where conf/*/catalog.yml says."
    )


def kept(**parameters):
    stages = {"prior": stage(("mnist_train", "diffusion_prior")), **REGISTERED}
    run_params = {"pipeline_names": ["sampling"], "runtime_params": parameters}
    return missing_inputs_message(["diffusion_prior"], {"diffusion_prior"}, run_params, stages)


def test_what_comes_with_the_project_is_rather_brought_back():
    assert kept() == (
        "sampling needs diffusion_prior, which does not exist yet: bring diffusion_prior back into data/06_models, as "
        "the project came, or run `kedro run --pipelines prior` first, which trains for hours."
    )
    assert "back into prior_root my/prior, which --params names, as" in kept(prior_root="my/prior")


def test_of_several_stages_the_first_is_named_first():
    text = missing_inputs_message(["prior"], {"prior"}, {"pipeline_names": ["sampling", "classifiers"]}, REGISTERED)
    assert text.startswith("classifiers, sampling need prior, which does not exist yet")


def test_the_default_run_has_a_name():
    assert message(["mnist_train"], None).startswith("The default run needs mnist_train")


@pytest.fixture
def registry(monkeypatch):
    content = REGISTERED | {"__default__": sum(REGISTERED.values(), start=pipeline([]))}
    monkeypatch.setattr(pipelines, "_content", content)
    monkeypatch.setattr(pipelines, "_is_data_loaded", True)
    monkeypatch.setattr(pipelines, "set_requested", lambda names: None)


def test_the_run_is_refused(registry):
    catalog = DataCatalog({"prior": MemoryDataset(1)})
    with pytest.raises(RunRefusedError, match="needs classifier_vgg, which .* --pipelines preprocessing,classifiers`"):
        MissingInputHook().before_pipeline_run({"pipeline_names": ["sampling"]}, REGISTERED["sampling"], catalog)


def test_a_run_with_its_inputs_goes_on():
    catalog = DataCatalog({"prior": MemoryDataset(1), "classifier_vgg": MemoryDataset(2)})
    run = {"pipeline_names": ["sampling"]}
    assert MissingInputHook().before_pipeline_run(run, REGISTERED["sampling"], catalog) is None


def test_a_version_that_is_not_there_is_named(tmp_path):
    path = tmp_path / "prior.json"
    (path / "2026-01-01T00.00.00.000Z").mkdir(parents=True)
    version = Version("2026-02-01T00.00.00.000Z", None)
    catalog = DataCatalog({"prior": AtomicDataset(filepath=str(path), dataset="json.JSONDataset", version=version)})
    asked = {"pipeline_names": ["sampling"], "load_versions": {"prior": version.load}}
    with pytest.raises(RunRefusedError, match=r"prior has no version '2026-02-01T.*'; did you mean 2026-01-01T"):
        MissingInputHook().before_pipeline_run(asked, REGISTERED["sampling"], catalog)
