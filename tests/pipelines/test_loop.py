"""The loop stage, with simulated people and with answers in files."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from bam_pipelines.behavior.clear_digits import natural_stimuli
from bam_pipelines.behavior.observers import draw_participants
from bam_pipelines.behavior.pseudonyms import Pseudonyms
from bam_pipelines.behavior.rounds import first_round
from bam_pipelines.behavior.settings import behavior_settings
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.classifiers import CLASSIFIER_NAMES
from bam_pipelines.networks.registry import build_network
from bam_pipelines.pipelines.behavior.answer_source import AnswerSource
from bam_pipelines.pipelines.loop import create_pipeline
from bam_pipelines.pipelines.loop.settings import loop_settings
from tests.pipelines.tiny import CLASSES, N_CLASSES, TinyObserver, digit_table

CONF = Path(__file__).parents[2] / "conf"
LRM = NetworkSpecification("lrm", {"image_size": 8, "channels": 1, "n_classes": N_CLASSES})
OUTSIDE = ("ann", "bob", "cat")
SALT = "a secret of the test"


def conf(stage):
    return yaml.safe_load((CONF / "base" / stage / "parameters.yml").read_text())[stage]


@pytest.fixture
def inputs(compute):
    draw = np.random.default_rng(0)
    stimuli = natural_stimuli(digit_table(draw.integers(80, 140, (80, N_CLASSES)))).drop(columns="label")
    stimuli = stimuli.assign(strategy="uncertainty", source="base", method="paper", target_1=0, target_2=1)
    behavior = conf("behavior") | {"classes": CLASSES}
    behavior["session"] |= {"stimuli_per_participant": 40, "repeat_share": 0.0}
    settings = behavior_settings(behavior)
    digits = digit_table(255 * np.eye(N_CLASSES, dtype=int)[np.arange(240) % N_CLASSES])
    people = draw_participants(3, N_CLASSES, N_CLASSES, settings.participants, 0)
    # pseudonyms of the people whose answers come in files
    people["participant_id"] = [Pseudonyms(SALT).of(name) for name in OUTSIDE]
    collected = first_round(stimuli, digits, TinyObserver(), people, settings, 0)
    group = TrainedNetwork(build_network(LRM, seed=0), LRM)
    options = conf("loop") | {"trials_per_round": 5, "samples": 16, "shortlist": 10, "targets": 4, "classifier": "lrm"}
    hierarchical = {"rank": 1, "components": 4, "steps": 10, "batch_size": 50, "learning_rate": 0.05}
    return {
        "trials": collected.trials,
        "trial_stimuli": collected.stimuli,
        "stimuli": stimuli,
        "mnist_test": digits,
        "observer_network": TrainedNetwork(TinyObserver(), NetworkSpecification("tiny", {})),
        "participant_parameters": people,
        "loop_candidates": None,
        "loop_state_so_far": None,
        "loop_study_stimuli_so_far": None,
        "params:behavior": behavior,
        "params:experiment": conf("experiment") | {"practice_trials": 2},
        "params:loop": options,
        "params:alignment.hierarchical": hierarchical,
        "params:compute": compute,
        "params:seed": 0,
        **{f"group_{name}": group for name in CLASSIFIER_NAMES},
    }


class KeptDataset(MemoryDataset):
    """Outlives the run, as a file does."""

    def _release(self):
        pass


def run(pipeline, inputs):
    taken = {name: inputs[name] for name in pipeline.inputs()}
    catalog = DataCatalog({name: MemoryDataset(value, copy_mode="assign") for name, value in taken.items()})
    for name in pipeline.all_outputs():
        catalog[name] = KeptDataset(copy_mode="assign")
    SequentialRunner().run(pipeline, catalog)
    return {name: catalog.load(name) for name in pipeline.all_outputs()}


def test_a_round_goes_on_where_the_last_one_was(inputs):
    stage = create_pipeline()
    first = run(stage, inputs)
    before = first["loop_state"]["plan"].copy()
    second = run(stage, inputs | {"loop_state_so_far": first["loop_state"]})
    assert second["loop_state"]["plan"].iloc[: len(before)].equals(before)
    assert len(second["loop_trials"][~second["loop_trials"]["is_catch"]]) == 3 * 2 * 5
    assert second["loop_metrics"].groupby("round").size().to_dict() == {0: 3, 1: 3, 2: 3}
    assert second["loop_summary"]["round"] == 2
    assert sorted(second["loop_trials"]["round"].unique()) == [3, 4]
    assert "simulated" in second["figure_loop"].get_suptitle()
    again = run(stage, inputs | {"loop_state_so_far": first["loop_state"]})
    assert all(again["loop_state"][name].equals(table) for name, table in second["loop_state"].items())


def test_repeats_are_marked_in_the_trials(inputs):
    inputs["params:loop"] |= {"repeat_share": 0.4, "anchor_share": 0.0}
    found = run(create_pipeline(), inputs)
    again = found["loop_state"]["plan"].query("reason == 'repeat'")
    assert len(again) == 3 * 2
    trials = found["loop_trials"]
    marked = trials[trials["repetition"] == 1]
    keys = ["participant_id", "stimulus_id"]
    assert set(map(tuple, marked[keys].to_numpy())) == set(map(tuple, again[keys].to_numpy()))


def test_a_classifier_that_is_none_is_named(inputs):
    inputs["params:loop"] |= {"classifier": "resnet"}
    with pytest.raises(ValueError, match="loop.classifier is 'resnet', expected vit, vgg, cornet, mlp or lrm"):
        run(create_pipeline(), inputs)


def test_parameters_out_of_range_are_named():
    with pytest.raises(ValueError, match="loop.acquisition is 'best', expected epig, bald, entropy or random"):
        loop_settings(conf("loop") | {"acquisition": "best"})


@pytest.fixture
def people(inputs, tmp_path, monkeypatch):
    """Inputs for answers in files, with a salt in the environment."""
    inputs["params:behavior"] |= {"source": "jspsych"}
    inputs["params:behavior"]["sources"]["jspsych"]["path"] = str(tmp_path / "answers")
    monkeypatch.setenv("BAM_SALT", SALT)
    return inputs


OF_PEOPLE = create_pipeline(AnswerSource(simulated=False))


def answer(round_, folder, slow=None, names=None):
    """Answer every trial of everybody's list as jsPsych stores it: practice in one sitting, the rest in another."""
    by_name = {Pseudonyms(SALT).of(name): name for name in OUTSIDE}
    rows = []
    for place in round_["loop_study_places"].itertuples():
        script = round_["loop_study"][f"lists/{place.list}.js"]
        blocks = json.loads(script.split(" = ", 1)[1].strip().removesuffix(";"))["blocks"]
        person = by_name[place.participant_id]
        for block in blocks:
            session = 1 if block["number"] == 0 else 2
            rows += [
                {"trial_type": "html-multi-response", "task": "digit", "round": 3, "block": block["number"], **trial}
                | {"participant_id": (names or {}).get(person, person), "session": session, "trial_index": index}
                | {"response_source": "keyboard", "keyboard_response": str(trial["expected_response"] or 1), "rt": 600}
                for index, trial in enumerate(block["trials"])
            ]
    if slow is not None:
        [row for row in rows if row["phase"] == "main"][slow]["rt"] = 50
    folder.mkdir()
    (folder / "answers.json").write_text(json.dumps(rows))


def test_of_people_a_round_ends_with_a_study_and_the_next_begins_with_its_answers(people, tmp_path):
    people["params:loop"] |= {"repeat_share": 0.2}
    first = run(OF_PEOPLE, people)
    assert len(first["loop_trials"]) == 0
    places, plan = first["loop_study_places"], first["loop_state"]["plan"]
    assert set(places["participant_id"]) == set(plan["participant_id"])
    assert set(plan["stimulus_id"]) < set(first["loop_study_stimuli"]["stimulus_id"])
    assert json.loads(first["loop_study"]["design.json"])["round"] == 3

    answer(first, tmp_path / "answers_round_3", slow=-1)
    so_far = {
        "loop_state_so_far": first["loop_state"],
        "loop_study_stimuli_so_far": first["loop_study_stimuli"],
    }
    second = run(OF_PEOPLE, people | so_far)
    shown = second["loop_trials"][second["loop_trials"]["phase"] == "main"]
    assert sorted(shown["stimulus_id"]) == sorted(plan["stimulus_id"])
    assert shown.groupby("exclude_reason").size().to_dict() == {"": len(plan) - 1, "rt_window": 1}
    keys = ["participant_id", "stimulus_id"]
    again = plan[plan["reason"] == "repeat"][keys]
    assert set(map(tuple, shown[shown["repetition"] == 1][keys].to_numpy())) == set(map(tuple, again.to_numpy()))
    assert len(again)
    assert second["loop_metrics"].groupby("round").size().to_dict() == {0: 3, 1: 3}
    assert second["loop_state"]["plan"]["round"].max() == 2
    grown = second["loop_metrics"].groupby("round")["n_trials"].sum()
    assert grown[1] - grown[0] == len(plan) - 1


def test_answers_of_somebody_without_a_plan_are_refused(people, tmp_path):
    first = run(OF_PEOPLE, people)
    answer(first, tmp_path / "answers_round_3", names={"ann": "eve"})
    so_far = {"loop_state_so_far": first["loop_state"], "loop_study_stimuli_so_far": first["loop_study_stimuli"]}
    with pytest.raises(ValueError, match="1 of those who answered round 1 of the loop have no plan in it, "):
        run(OF_PEOPLE, people | so_far)


def test_a_planned_round_without_answers_is_an_error(people):
    first = run(OF_PEOPLE, people)
    so_far = {
        "loop_state_so_far": first["loop_state"],
        "loop_study_stimuli_so_far": first["loop_study_stimuli"],
    }
    with pytest.raises(ValueError, match="round 1 of the loop is planned and not answered: no answers at .*_round_3"):
        run(OF_PEOPLE, people | so_far)


def test_a_loop_of_other_answers_is_not_gone_on_with(inputs):
    first = run(create_pipeline(), inputs)
    trials = inputs["trials"].assign(response=0).astype({"response": "Int8"})
    with pytest.raises(ValueError, match="began with other answers of the first round"):
        run(create_pipeline(), inputs | {"loop_state_so_far": first["loop_state"], "trials": trials})
