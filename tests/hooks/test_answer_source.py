"""The stages follow where answers come from."""

from pathlib import Path

import pytest
from kedro.framework.project import configure_project, pipelines
from kedro.framework.session import KedroSession

from bam_pipelines import pipeline_registry
from bam_pipelines.pipelines.behavior.answer_source import SIMULATED

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def nodes(monkeypatch):
    """A function from runtime parameters to the names of the nodes of two stages, in a session of its own."""
    monkeypatch.chdir(PROJECT)
    monkeypatch.setattr(pipeline_registry, "chosen_source", SIMULATED)
    configure_project("bam_pipelines")

    def names(behavior=None, **parameters):
        given = {"behavior": parameters if behavior is None else behavior}
        with KedroSession.create(project_path=PROJECT, runtime_params=given) as session:
            session.load_context()
            return {node.name for stage in ("behavior", "manipulation") for node in pipelines[stage].nodes}

    yield names
    configure_project("bam_pipelines")


def test_people_are_simulated_unless_a_source_is_named(nodes):
    simulated, read = nodes(), nodes(source="released")
    of_simulated = {"behavior.draw_simulated_participants", "behavior.collect_answers", "round_2.collect_answers"}
    assert of_simulated <= simulated
    assert "behavior.read_answers" in read
    assert not of_simulated & read
    assert nodes() == simulated


@pytest.mark.parametrize("behavior", [3, {"source": ["jatos"]}, {"source": "jatos", "sources": None}])
def test_the_stages_are_there_with_a_source_that_is_none(nodes, behavior):
    """Commands like `kedro registry list` need them; a run is refused by another hook."""
    assert {"behavior.flag_answers", "manipulation.choose_pairs"} <= nodes(behavior)
