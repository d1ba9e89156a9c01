"""What a run asks for is looked up before anything else."""

import pytest
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.pipeline import node, pipeline

from bam_pipelines.hooks import NamingSession
from bam_pipelines.hooks.refusal import RunRefusedError
from bam_pipelines.hooks.session import require_names


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
            {"node_names": ("smple_stimuli",)},
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
        require_names(asked, STAGES)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"pipeline_names": None, "node_names": (), "from_nodes": ["sample_stimuli"], "to_outputs": ["table"]},
        {"pipeline_names": ["power"], "node_names": ("find_power",), "from_inputs": ["stimuli"]},
    ],
)
def test_what_is_there_is_run(asked):
    assert require_names(asked, STAGES) is None


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
