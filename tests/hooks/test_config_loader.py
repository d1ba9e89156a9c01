"""Configuration that cannot be read is told in a sentence."""

import pytest
from kedro.config import OmegaConfigLoader

from bam_pipelines.hooks import SpeakingConfigLoader
from bam_pipelines.hooks.refusal import RunRefusedError
from bam_pipelines.settings import CONFIG_LOADER_ARGS

FILES = {
    "base/globals.yml": "data_root: data\nprior_root: data\nclasses: ['0', '1']\n",
    "base/parameters.yml": "seed: 0\ntrial: {factor: 3, folder: '${globals:data_root}/x'}\n",
    "base/catalog.yml": "doubled: {type: json.JSONDataset, filepath: x.json}\n",
    "base/mlflow.yml": "server: {mlflow_tracking_uri: 'sqlite:///mlflow.db'}\n",
    "smoke/parameters.yml": "trial: {factor: 4}\n",
}


@pytest.fixture
def load(tmp_path, monkeypatch):
    """A function from more files and an environment to a loader, in the project's folder."""
    monkeypatch.chdir(tmp_path)

    def make(files=None, env="smoke", kind=SpeakingConfigLoader, **runtime_params):
        for name, text in (FILES | (files or {})).items():
            file = tmp_path / "conf" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return kind(str(tmp_path / "conf"), env, runtime_params, **CONFIG_LOADER_ARGS)

    return make


@pytest.mark.parametrize("key", ["parameters", "catalog", "globals", "mlflow"])
def test_what_can_be_read_is_read_as_kedro_does(load, key):
    assert load(seed=3)[key] == load(kind=OmegaConfigLoader, seed=3)[key]


def test_a_kind_without_files_is_what_kedro_says(load):
    with pytest.raises(Exception, match="No files of YAML or JSON format found"):
        load()["credentials"]


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ("smok", "there is no environment 'smok' in conf; did you mean smoke?"),
        ("gpu", "there is no environment 'gpu' in conf; expected one of base, smoke."),
        (None, "there is no environment 'local' in conf; expected one of base, smoke."),
    ],
)
def test_an_environment_that_is_not_there_is_named(load, env, message):
    with pytest.raises(RunRefusedError) as refused:
        load(env=env)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("files", "key", "message"),
    [
        (
            {"smoke/globals.yml": "data_rot: x"},
            "globals",
            "conf/smoke/globals.yml: data_rot is unknown; did you mean dat",
        ),
        (
            {"smoke/globals.yml": "classes: [0, 1]"},
            "globals",
            "conf/smoke/globals.yml: classes is [0, 1], expected a list of texts in quotes.",
        ),
        (
            {"smoke/globals.yml": "classes: cat"},
            "globals",
            "conf/smoke/globals.yml: classes is 'cat', expected a list of ",
        ),
        (
            {"smoke/globals.yml": "data_root: [x]"},
            "globals",
            "conf/smoke/globals.yml: data_root is ['x'], expected text.",
        ),
        ({"smoke/globals.yml": "data_root: 3"}, "globals", "conf/smoke/globals.yml: data_root is 3, expected text."),
        ({"base/globals.yml": "data_root: ''"}, "globals", "conf/base/globals.yml: data_root is '', expected text."),
        (
            {"smoke/parameters.yml": "trial:\n  factor: [\n"},
            "parameters",
            "conf/smoke/parameters.yml, line 3 is no YAML: did not find expected node content; correct it.",
        ),
        (
            {"smoke/parameters.yml": "trial: {factor: 1}\ntrial: {factor: 2}\n"},
            "parameters",
            "conf/smoke/parameters.yml, line 2 is no YAML: found duplicate key trial; correct it.",
        ),
        (
            {"smoke/parameters.yml": "trial: {folder: '${globals:data_rot}'}"},
            "parameters",
            "parameters cannot be read: Globals key 'data_rot' not found and no default value provided.",
        ),
        (
            {"smoke/catalog.yml": "doubled: {filepath: y.json}"},
            "catalog",
            "catalog entry doubled has no type: an envir",
        ),
        (
            {"smoke/mlflow.yml": "server: {mlflow_tracking_url: x}"},
            "mlflow",
            "mlflow.yml cannot be used: server.mlflow_tracking_url (Extra inputs are not permitted); see",
        ),
    ],
)
def test_files_that_cannot_be_used_are_named(load, files, key, message):
    with pytest.raises(RunRefusedError) as refused:
        load(files)[key]
    assert str(refused.value).startswith(message)
