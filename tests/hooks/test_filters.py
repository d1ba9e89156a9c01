"""What a run is cut out of the stages by is looked up, and what it meets before it begins is a sentence."""

import pytest
from click import ClickException
from kedro.framework.session import KedroSession
from kedro.pipeline import node, pipeline

from bam_pipelines.compute.faults import InputError
from bam_pipelines.hooks import NamingSession
from bam_pipelines.hooks.filters import require_filters
from bam_pipelines.hooks.refusal import RunRefusedError


def stage(name, inputs, output, tags=()):
    return pipeline([node(lambda *values: values, inputs, output, name=name, tags=tags)])


STAGES = {
    "sampling": stage("sample_stimuli", "prior", "stimuli", tags=["long"]),
    "power": stage("find_power", "stimuli", "table"),
    "second": pipeline(stage("read_answers", "answers", "trials"), namespace="round_2"),
}
STAGES["__default__"] = sum(STAGES.values(), start=pipeline([]))
VERSION = {"stimuli": "2026-01-01T00.00.00.000Z"}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"load_versions": {"stimul": "2026-01-01T00.00.00.000Z"}}, "no dataset 'stimul'; did you mean stimuli"),
        ({"tags": ("lng",)}, "there is no tag 'lng'; did you mean long"),
        ({"tags": ("long",), "pipeline_names": ["power"]}, "there is no tag 'long'; there are none"),
        ({"namespaces": ["round_3"]}, "there is no namespace 'round_3'; did you mean round_2"),
        (
            {"from_nodes": ["find_power"], "to_nodes": ["sample_stimuli"]},
            "no node is left to run: none fulfils all of --from-nodes find_power, --to-nodes sample_stimuli; leave one",
        ),
        ({"node_names": ("find_power",), "tags": ["long"]}, "all of --tags long, --nodes find_power; leave one"),
    ],
)
def test_what_is_not_there_is_named(asked, message):
    with pytest.raises(RunRefusedError, match=message):
        require_filters(asked, STAGES)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"pipeline_names": None, "node_names": (), "from_nodes": ["sample_stimuli"], "to_outputs": ["table"]},
        {"namespaces": ["round_2"], "load_versions": VERSION},
        {"tags": ("long",), "pipeline_names": ["sampling", "power"]},
    ],
)
def test_what_is_there_is_run(asked):
    require_filters(asked, STAGES)


@pytest.mark.parametrize(
    ("raised", "shown", "code"),
    [
        (InputError("answers.csv is empty: fill it."), "answers.csv is empty: fill it.", 1),
        (PermissionError(13, "Permission denied", "a.csv"), "a.csv cannot be opened (Permission denied): mend that", 1),
        (ModuleNotFoundError("No module named 'mlxtend'", name="mlxtend"), "mlxtend is not installed for /", 1),
        (
            KeyboardInterrupt(),
            "Ctrl+C has ended this run; what it saved and its finished shards are kept: run the",
            130,
        ),
        (RunRefusedError("not so."), "not so.", 1),
    ],
)
def test_what_a_run_meets_before_it_begins_is_one_sentence(monkeypatch, raised, shown, code):
    def fail(self, **asked):
        raise raised

    monkeypatch.setattr(KedroSession, "run", fail)
    with pytest.raises(ClickException) as refused:
        NamingSession.__new__(NamingSession).run()
    assert refused.value.message.startswith(shown)
    assert refused.value.exit_code == code


@pytest.mark.parametrize(
    "raised", [ValueError("x"), ModuleNotFoundError("x", name="bam_pipelines.hook"), KeyError("x")]
)
def test_an_error_of_the_program_is_left_as_it_is(monkeypatch, raised):
    def fail(self, **asked):
        raise raised

    monkeypatch.setattr(KedroSession, "run", fail)
    with pytest.raises(type(raised)):
        NamingSession.__new__(NamingSession).run()
