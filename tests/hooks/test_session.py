"""What a run asks for is looked up before anything else."""

import pytest
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.pipeline import node, pipeline

from bam_pipelines.hooks import NamingSession
from bam_pipelines.hooks.refusal import RunRefusedError
from bam_pipelines.hooks.session import look_up


def stage(name, inputs, output):
    return pipeline([node(lambda *values: values, inputs, output, name=name)])


STAGES = {"sampling": stage("sample_stimuli", "prior", "stimuli"), "power": stage("find_power", "stimuli", "table")}
STAGES["__default__"] = STAGES["sampling"] + STAGES["power"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"pipeline_names": ["samplin"]}, "there is no pipeline 'samplin'; did you mean sampling?"),
        (
            {"pipeline_names": ["power", "x"]},
            "no pipeline 'x'; expected one of __default__, power, sa",
        ),
        (
            {"node_names": ["smple_stimuli"]},
            "there is no node 'smple_stimuli'; did you mean sample_st",
        ),
        ({"from_nodes": ["find_powr"], "pipeline_names": []}, "no node 'find_powr'; did you mean find_power"),
        (
            {"to_nodes": ["find_power"], "pipeline_names": ["sampling"]},
            "'find_power'; expected one of sample_stim",
        ),
        ({"from_inputs": ["priro"]}, "there is no dataset 'priro'; did you mean prior"),
        ({"to_outputs": ["tabel"]}, "there is no dataset 'tabel'; did you mean table"),
    ],
)
def test_what_is_not_there_is_named(asked, message):
    with pytest.raises(RunRefusedError, match=message):
        look_up(asked, STAGES)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"pipeline_names": None, "node_names": [], "from_nodes": ["sample_stimuli"], "to_outputs": ["table"]},
        {"pipeline_names": ["power"], "node_names": ["find_power"], "from_inputs": ["stimuli"]},
    ],
)
def test_what_is_there_is_run(asked):
    look_up(asked, STAGES)


@pytest.fixture
def boxes():
    """Two stages as they are registered, their nodes in namespaces of the stages' names, and another namespace."""

    def box(name, *stages):
        return pipeline(list(stages), namespace=name, prefix_datasets_with_namespace=False)

    again = stage("sample_stimuli", "table", "more")
    return {
        "sampling": box("sampling", STAGES["sampling"]),
        "power": box("power", STAGES["power"]) + box("again", again),
    }


def test_a_node_goes_by_its_name_within_its_stage(boxes):
    asked = {"pipeline_names": ["sampling", "power"], "node_names": ["sample_stimuli", "power.find_power"]}
    look_up(asked, boxes)
    assert asked["node_names"] == ["sampling.sample_stimuli", "power.find_power"]


def test_a_node_that_is_in_no_box_of_a_stage_needs_its_full_name(boxes):
    asked = {"pipeline_names": ["power"], "from_nodes": ["again.sample_stimuli"]}
    look_up(asked, boxes)
    assert asked["from_nodes"] == ["again.sample_stimuli"]
    with pytest.raises(RunRefusedError, match="no node 'sample_stimuli'; did you mean again.sample_stimuli"):
        look_up({"pipeline_names": ["power"], "to_nodes": ["sample_stimuli"]}, boxes)


def test_the_session_runs_what_was_found(monkeypatch, boxes):
    monkeypatch.setattr(pipelines, "_content", boxes)
    monkeypatch.setattr(pipelines, "_is_data_loaded", True)
    monkeypatch.setattr(KedroSession, "load_context", lambda self: "context")

    def run(self, node_names, **asked):
        self.load_context()
        return node_names

    monkeypatch.setattr(KedroSession, "run", run)
    session = NamingSession.__new__(NamingSession)
    assert session.run(pipeline_names=["power"], node_names=("find_power",)) == ["power.find_power"]


def test_the_session_looks_it_up_for_a_run_and_for_nothing_else(monkeypatch):
    monkeypatch.setattr(pipelines, "_content", STAGES)
    monkeypatch.setattr(pipelines, "_is_data_loaded", True)
    monkeypatch.setattr(KedroSession, "load_context", lambda self: "context")
    monkeypatch.setattr(KedroSession, "run", lambda self, **asked: self.load_context())
    session = NamingSession.__new__(NamingSession)
    assert session.load_context() == "context"
    assert session.run(pipeline_names=["power"]) == "context"
    with pytest.raises(RunRefusedError, match="did you mean power"):
        session.run(pipeline_names=["powr"])
