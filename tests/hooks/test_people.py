"""A run that cannot read people's answers is refused before it computes anything."""

from types import SimpleNamespace

import pytest
from kedro.config import OmegaConfigLoader

from bam_pipelines.hooks import PeopleHook
from bam_pipelines.hooks.people import MARK, check_salt, keep_salt
from bam_pipelines.hooks.refusal import RunRefusedError
from bam_pipelines.pipelines import alignment, behavior, loop, manipulation_analysis
from bam_pipelines.pipelines.behavior.answer_source import AnswerSource
from bam_pipelines.settings import CONFIG_LOADER_ARGS
from tests.projects import PROJECT

SALT = "a secret of the test"
PEOPLE = AnswerSource(simulated=False)
READING = behavior.create_pipeline(PEOPLE)


@pytest.fixture
def hook(tmp_path, monkeypatch):
    """A function from changes of a source's parameters to the hook of a project with answers."""
    monkeypatch.setenv("BAM_SALT", SALT)
    (tmp_path / "data" / "01_raw" / "jspsych").mkdir(parents=True)
    arguments = {**CONFIG_LOADER_ARGS, "default_run_env": "base"}
    parameters = OmegaConfigLoader(str(PROJECT / "conf"), **arguments)["parameters"]
    parameters["behavior"]["source"] = "jspsych"

    def make(**changes):
        parameters["behavior"]["sources"]["jspsych"] |= changes
        loader = {"globals": {"data_root": "data"}}
        made = PeopleHook()
        made.after_context_created(SimpleNamespace(params=parameters, project_path=tmp_path, config_loader=loader))
        return made

    return make


def test_a_run_with_answers_and_salt_goes_on_and_leaves_its_mark_at_its_end(hook, tmp_path):
    made = hook()
    made.before_pipeline_run(READING)
    assert not (tmp_path / "data" / MARK).exists()
    made.after_pipeline_run()
    assert SALT not in (tmp_path / "data" / MARK).read_text()
    made.before_pipeline_run(READING)


def test_another_salt_is_refused(hook, tmp_path, monkeypatch):
    made = hook()
    made.before_pipeline_run(READING)
    made.after_pipeline_run()
    monkeypatch.setenv("BAM_SALT", SALT + " or another")
    with pytest.raises(
        RunRefusedError, match=r"BAM_SALT is not what it was when answers were read into .*/data before"
    ):
        made.before_pipeline_run(READING)


@pytest.mark.parametrize(
    ("salt", "sentence"),
    [
        (None, "set the environment variable BAM_SALT to a secret text"),
        ("short", "BAM_SALT, has fewer than 8 characters"),
        ("/no/file/here", "BAM_SALT looks like a path, but no file is there"),
    ],
)
def test_a_salt_that_cannot_be_used_is_said_before_the_run(hook, monkeypatch, salt, sentence):
    if salt is None:
        monkeypatch.delenv("BAM_SALT")
    else:
        monkeypatch.setenv("BAM_SALT", salt)
    with pytest.raises(RunRefusedError, match=sentence):
        hook().before_pipeline_run(READING)


def test_a_salt_may_be_longer_than_a_file_name(hook, monkeypatch):
    monkeypatch.setenv("BAM_SALT", "long " * 100)
    made = hook()
    made.before_pipeline_run(READING)
    assert made._salt == ("long " * 100).strip()


def test_a_file_with_a_salt_that_is_no_text_is_named(hook, tmp_path, monkeypatch):
    (tmp_path / "salt").write_bytes("a secret of the test".encode("utf-16"))
    monkeypatch.setenv("BAM_SALT", str(tmp_path / "salt"))
    with pytest.raises(
        RunRefusedError, match=r"salt, which BAM_SALT names: cannot be read .*UTF-16\); save it as UTF-8"
    ):
        hook().before_pipeline_run(READING)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"path": "data/01_raw/jspych"},
            "there is nothing at data/01_raw/jspych, where the answers should be: put them there, or say where they "
            "are by --params behavior.sources.jspsych.path=<file or folder>.",
        ),
        ({"images": "pictures"}, "there is nothing at pictures, where the images should be: "),
    ],
)
def test_files_that_are_not_there_are_named(hook, changes, sentence):
    with pytest.raises(RunRefusedError) as refused:
        hook(**changes).before_pipeline_run(READING)
    assert refused.value.message.startswith(sentence)


def test_a_second_round_is_looked_for_where_it_is_stored(hook):
    with pytest.raises(RunRefusedError, match="nothing at data/01_raw/jspsych_round_2, where the answers should be"):
        hook().before_pipeline_run(manipulation_analysis.create_pipeline(PEOPLE))


def test_a_round_of_the_loop_is_read_with_the_salt_of_before(hook, tmp_path, monkeypatch):
    keep_salt(tmp_path / "data" / MARK, SALT)
    reading = loop.create_pipeline(PEOPLE)
    hook(path="nowhere").before_pipeline_run(reading)  # the stage itself knows which round's answers it wants
    monkeypatch.setenv("BAM_SALT", SALT + " or another")
    with pytest.raises(RunRefusedError, match="BAM_SALT is not what it was"):
        hook().before_pipeline_run(reading)


def test_ids_that_are_published_need_no_salt(hook, tmp_path, monkeypatch):
    monkeypatch.delenv("BAM_SALT")
    made = hook(participant_ids="published")
    made.before_pipeline_run(READING)
    made.after_pipeline_run()
    assert not (tmp_path / "data" / MARK).exists()


def test_a_run_that_reads_no_answers_needs_neither(hook, monkeypatch):
    monkeypatch.delenv("BAM_SALT")
    made = hook(path="nowhere")
    made.before_pipeline_run(alignment.create_pipeline(PEOPLE))
    made.before_pipeline_run(behavior.create_pipeline())


def test_a_damaged_mark_is_named(tmp_path):
    mark = tmp_path / MARK
    check_salt(mark, SALT)
    keep_salt(mark, SALT)
    check_salt(mark, SALT)
    mark.write_text(mark.read_text()[:40])
    with pytest.raises(RunRefusedError, match=r"\.salt is damaged, and only it says whether BAM_SALT is what it was"):
        check_salt(mark, SALT)
