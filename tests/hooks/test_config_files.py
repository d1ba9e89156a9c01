"""Files of a configuration that were meant to count and do not."""

import pytest
from kedro.config import OmegaConfigLoader

from bam_pipelines.hooks.config_files import left_out, misnamed_files, nearest, shared_data
from bam_pipelines.settings import CONFIG_LOADER_ARGS


@pytest.fixture
def load(tmp_path, monkeypatch):
    """A function from an environment and more files to a loader, in the project's folder."""
    monkeypatch.chdir(tmp_path)

    def make(env=None, **files):
        base = {
            "base/globals": "data_root: data\n",
            "base/parameters": "trial: {factor: 3}\n",
            "base/catalog": "doubled: {}\n",
        }
        for name, text in {**base, "local/.gitkeep": "", "smoke/parameters": "trial: {factor: 4}\n", **files}.items():
            file = tmp_path / "conf" / (name if "." in name else f"{name}.yml")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return OmegaConfigLoader(str(tmp_path / "conf"), env, **CONFIG_LOADER_ARGS)

    return make


def test_what_has_its_right_name_is_no_problem(load):
    assert misnamed_files(load(**{"local/parameters": "trial: {factor: 5}"})) == []
    assert misnamed_files(load("smoke")) == []
    assert misnamed_files(load("base")) == []


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [("local/trial", "trial: {factor: 5}", "parameters"), ("local/mine/data", "doubled: {type: x}", "catalog")],
)
def test_parameters_and_entries_in_a_file_that_nothing_reads_are_named(load, name, text, kind):
    assert misnamed_files(load(**{name: text})) == [
        f"conf/{name}.yml is read by nothing: name it {kind}.yml, or put what it holds there."
    ]


@pytest.mark.parametrize("text", ["next: Weiter\n", "- trial\n", "trial: [\n", ""])
def test_other_files_may_lie_there(load, text):
    assert misnamed_files(load(**{"local/texts/de/interface": text})) == []


def test_who_has_files_in_local_and_names_an_environment_is_told(load):
    own = {"local/parameters": "trial: {factor: 5}"}
    assert left_out(load("smoke", **own)) == (
        "conf/local/parameters.yml does not count in this run: with --env smoke only conf/smoke and conf/base do."
    )
    assert left_out(load(None, **own)) is None


def test_without_files_in_local_there_is_nothing_to_tell(load):
    assert left_out(load("smoke")) is None


def test_an_environment_without_a_data_folder_of_its_own_is_told(load):
    assert shared_data(load("smoke")).startswith("environment smoke has no data folder of its own, so this run reads")
    assert shared_data(load("smoke", **{"smoke/globals": "data_root: data/smoke\n"})) is None
    assert shared_data(load("smoke", **{"smoke/globals": ""})) is not None


def test_the_default_run_has_the_data_folder(load):
    assert shared_data(load(None)) is None and shared_data(load("base")) is None


def test_of_no_names_none_is_near():
    assert nearest("slow", []) == "there are none."
    assert nearest("a", ["b", "c"]) == "expected one of b, c."
