from pathlib import Path

import pytest
import yaml

from bam_pipelines.behavior.settings import behavior_settings

CONF = Path(__file__).parents[2] / "conf" / "base" / "behavior" / "parameters.yml"


def test_the_parameters_of_the_project_are_valid():
    parameters = yaml.safe_load(CONF.read_text())["behavior"]
    settings = behavior_settings(parameters | {"classes": ["cat", "dog", "horse"]})
    assert settings.n_classes == 3
    assert settings.source == "simulated"
    assert settings.quality.catch_accuracy == 0.75
    assert settings.session.round_repeat_share(1) == settings.session.repeat_share
    assert settings.session.round_repeat_share(2) == settings.session.second_round_repeat_share


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"source": "variMNIST"},
            "behavior.source is 'variMNIST', expected simulated or released, jspsych, jatos or table",
        ),
        (
            {"participants": {"population": "mixed"}},
            "behavior.participants.population is 'mixed', expected identical, var",
        ),
        ({"participants": {"n_participants": 0}}, r"behavior.participants.n_participants is 0, expected .* at least 1"),
        ({"participants": {"temperature_median": 0}}, "behavior.participants.temperature_median is 0, .* above 0"),
        ({"participants": {"lapse_mean": 1}}, "behavior.participants.lapse_mean is 1, .* from 0 to below 1"),
        ({"session": {"repeat_share": 2}}, "behavior.session.repeat_share is 2, expected a number from 0 to 1"),
        ({"session": {"repeat_gap": 0}}, "behavior.session.repeat_gap is 0, expected an integer of at least 1"),
        ({"response_time": {"undecided_ms": 0}}, "behavior.response_time.undecided_ms is 0, expected a number above 0"),
        ({"quality": {"longest_rt_ms": 100}}, "behavior.quality.longest_rt_ms is 100, .* above shortest_rt_ms"),
        (
            {"quality": {"strictness": 1}},
            "behavior.quality.strictness is unknown; expected one of catch_accuracy, minimum_catch_answered",
        ),
    ],
)
def test_wrong_parameters_are_named(settings_of, changes, message):
    with pytest.raises(ValueError, match=message):
        settings_of(**changes)


def test_a_missing_parameter_is_named(parameters_of):
    parameters = parameters_of()
    del parameters["quality"]["completion"]
    with pytest.raises(ValueError, match="behavior.quality.completion is missing, expected a number from 0 to 1"):
        behavior_settings(parameters)
