"""A run ends with where to look."""

import logging
from types import SimpleNamespace

import pytest
from kedro.pipeline import node, pipeline

from bam_pipelines.hooks import NextStepHook


@pytest.fixture
def said(caplog, tmp_path, monkeypatch):
    """A function from what a run made and its environment to what is logged at its end."""
    monkeypatch.chdir(tmp_path)
    catalog = {"report": SimpleNamespace(saved_path=lambda: tmp_path / "data" / "report.html" / "v" / "report.html")}

    def of(made, env=None):
        stage = pipeline([node(lambda: None, None, name) for name in made])
        with caplog.at_level(logging.INFO):
            NextStepHook().after_pipeline_run({"env": env}, stage, catalog)
        return caplog.messages

    return of


def test_the_report_is_named_as_seen_from_the_project(said):
    assert said(["report", "figure_guidance"]) == ["The report: data/report.html/v/report.html"]


@pytest.mark.parametrize(("env", "command"), [
    (None, "kedro experiment serve"), ("local", "kedro experiment serve"),
    ("smoke", "kedro experiment serve --env smoke"),
])  # fmt: skip
def test_the_study_is_served_in_the_environment_in_which_it_was_built(said, env, command):
    (line,) = said(["study"], env)
    assert line.endswith(f": {command}")


def test_other_runs_say_nothing(said):
    assert said(["stimuli"]) == []
