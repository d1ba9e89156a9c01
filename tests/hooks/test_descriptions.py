"""Names, tags and notes of MLflow runs."""

import pytest

from bam_pipelines.hooks.descriptions import command, given_parameters, run_name, run_tags

SIMULATED = {"behavior": {"source": "simulated"}}


def params(pipelines=None, **given):
    return {"run_id": "1", "env": None, "pipeline_names": pipelines, "runtime_params": given}


@pytest.mark.parametrize(
    ("run_params", "name"),
    [
        (params(), "default run"),
        (params(["reporting", "alignment"]), "alignment + reporting"),
        (params(["own_stimuli", "preprocessing", "experiment"]), "preprocessing + own_stimuli + experiment"),
        (params(["prior", "__default__"]), "default run + prior"),
        (params() | {"node_names": ["write_report"]}, "write_report"),
        (params() | {"from_nodes": ["a", "b"], "to_nodes": ["c"]}, "from a, b, to c"),
        (params(["alignment"], seed=1) | {"to_outputs": ["alignment_means"]}, "alignment, to alignment_means (seed=1)"),
        (
            params(["alignment"], alignment={"method": "paper", "paper": {"ratio": 2}}, seed=1),
            "alignment (method=paper, ratio=2, seed=1)",
        ),
        (params(["alignment"], compute={"workers": 2}), "alignment"),
        (params(["loop"], loop={"compute": 2}), "loop (compute=2)"),
    ],
)
def test_a_run_is_called_after_its_stages_and_what_was_given(run_params, name):
    assert run_name(run_params) == name


def test_a_long_name_is_cut():
    name = run_name(params(["power"], power={f"option_{number}": number for number in range(50)}))
    assert len(name) <= 110
    assert name.startswith("power (option_0=0, ") and name.endswith(" …)")


def test_what_was_given_is_kept_whole_as_it_is_typed():
    given = params(seed=1, power={"images": [60, 180]}, compute={"threads": 1})
    assert given_parameters(given) == {"seed": 1, "power.images": [60, 180]}
    assert run_tags(given, SIMULATED)["given_parameters"] == "seed=1,power.images=[60, 180]"


@pytest.mark.parametrize(
    ("run_params", "typed"),
    [
        (params(), "kedro run"),
        (params() | {"env": "local"}, "kedro run"),
        (
            params(["alignment", "reporting"], compute={"threads": 1}, seed=2) | {"env": "smoke"},
            "kedro run --env smoke --pipelines alignment,reporting --params compute.threads=1,seed=2",
        ),
        (
            params() | {"node_names": ["split_digits"], "to_outputs": ["report"], "only_missing_outputs": True},
            "kedro run --nodes split_digits --to-outputs report --only-missing-outputs",
        ),
        (
            params(power={"images": [60, 180]}) | {"load_versions": {"trials": "1", "stimuli": "2"}},
            "kedro run --load-versions trials:1,stimuli:2 --params 'power.images=[60, 180]'",
        ),
    ],
)
def test_the_command_is_as_it_was_typed(run_params, typed):
    assert command(run_params) == typed


def test_a_run_of_simulated_people_says_so():
    tags = run_tags(params(seed=1), SIMULATED)
    assert (tags["kedro_session_id"], tags["given_parameters"], tags["simulated"]) == ("1", "seed=1", "true")
    assert "**The participants are simulated:**" in tags["mlflow.note.content"]
    assert "Environment base, Kedro session `1`" in tags["mlflow.note.content"]


def test_a_run_of_people_does_not():
    tags = run_tags(params() | {"env": "paper"}, {"behavior": {"source": "jspsych"}})
    assert tags.keys() == {"kedro_session_id", "kedro_command", "mlflow.note.content"}
    assert "simulated" not in tags["mlflow.note.content"]
    assert "Environment paper" in tags["mlflow.note.content"]
