import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from bam_pipelines.behavior.clear_digits import natural_stimuli
from bam_pipelines.behavior.pseudonyms import Pseudonyms
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.pipelines.behavior import create_pipeline, create_second_round
from bam_pipelines.pipelines.behavior.answer_source import answer_source
from tests.pipelines.tiny import CLASSES, N_CLASSES, TinyObserver, digit_table

CONF = Path(__file__).parents[2] / "conf" / "base" / "behavior"


@pytest.fixture
def inputs():
    draw = np.random.default_rng(0)
    stimuli = natural_stimuli(digit_table(draw.integers(80, 140, (30, N_CLASSES)))).drop(columns="label")
    parameters = yaml.safe_load((CONF / "parameters.yml").read_text())["behavior"]
    parameters["classes"] = CLASSES
    parameters["participants"]["n_participants"] = 3
    parameters["session"]["stimuli_per_participant"] = None
    return {
        "stimuli": stimuli.assign(strategy="uncertainty", source="base", method="paper", target_1=0, target_2=1),
        "mnist_test": digit_table(255 * np.eye(N_CLASSES, dtype=int)[np.arange(150) % N_CLASSES]),
        "observer_network": TrainedNetwork(TinyObserver(), NetworkSpecification("tiny", {})),
        "params:behavior": parameters,
        "params:seed": 0,
    }


class KeptDataset(MemoryDataset):
    """Outlives the run, as a file does."""

    def _release(self):
        pass


def run(pipeline, inputs):
    catalog = DataCatalog({name: MemoryDataset(value, copy_mode="assign") for name, value in inputs.items()})
    for name in pipeline.all_outputs():
        catalog[name] = KeptDataset(copy_mode="assign")
    SequentialRunner().run(pipeline, catalog)
    return {name: catalog.load(name) for name in pipeline.all_outputs()}


def test_both_rounds_run_and_keep_their_tables_apart(inputs):
    first = run(create_pipeline(), inputs)
    assert set(first["trials"]["dataset_id"]) == {"simulated"}
    assert set(first["trials"].query("phase == 'main'")["split"]) == {"train", "validation", "test"}
    assert first["participants"]["participant_id"].to_list() == ["s001", "s002", "s003"]
    assert set(first["trial_stimuli"]["stimulus_id"]) == set(first["trials"]["stimulus_id"])
    assert first["quality_report"]["n_stimuli"] == 30
    assert "simulated participants" in first["behavior_figure"].get_suptitle()
    (told,) = (axes.get_legend() for axes in first["behavior_figure"].axes if axes.get_legend())
    # the rule judged everyone: there were enough catch trials
    assert {text.get_text() for text in told.get_texts()} <= {"included", "excluded"}

    pairs = pd.DataFrame({"pair_id": ["s001s002"], "participant_1": ["s001"], "participant_2": ["s002"]})
    customised = inputs["stimuli"].head(6).assign(pair_id="s001s002", source="individual")
    second = run(
        create_second_round(),
        {name: inputs[name] for name in ("mnist_test", "observer_network", "params:behavior", "params:seed")}
        | {"manipulation_stimuli": customised, "manipulation_pairs": pairs}
        | {"participant_parameters": first["participant_parameters"]},
    )
    trials = second["round_2.trials"]
    assert set(trials["participant_id"]) == {"s001", "s002"}
    assert (trials["phase"] == "manipulation").sum() == 2 * 6
    assert not set(trials["row_id"]) & set(first["trials"]["row_id"])
    assert not set(trials.query("is_catch")["stimulus_id"]) & set(first["trial_stimuli"]["stimulus_id"])


def test_every_output_of_both_rounds_has_a_catalog_entry():
    entries = yaml.safe_load((CONF / "catalog.yml").read_text())
    patterns = {name.replace("{number}", "2") for name in entries if not name.startswith("_")}
    assert create_pipeline().all_outputs() | create_second_round().all_outputs() == patterns
    files = [entry["filepath"] for name, entry in entries.items() if not name.startswith("_")]
    assert len(set(files)) == len(files)
    for name, entry in entries.items():
        assert name.startswith("_") or (entry["versioned"] and entry["filepath"].startswith("${globals:data_root}/"))


def write_answers(folder, stimuli, people=("ann", "bob"), **more):
    rows = [
        {"trial_type": "image-keyboard-response", "prolific_pid": person, "trial_index": index, "rt": 500 + index}
        | {"stimulus_id": identifier, "response": str(index % N_CLASSES), **more}
        for person in people
        for index, identifier in enumerate(stimuli["stimulus_id"])
    ]
    (folder / "answers.json").write_text(json.dumps(rows))


@pytest.fixture
def answers(inputs, tmp_path, monkeypatch):
    """Inputs of the stage when two people answered to the stimuli, with a salt in the environment."""
    write_answers(tmp_path, inputs["stimuli"])
    parameters = inputs["params:behavior"]
    parameters |= {"source": "jspsych", "classes": CLASSES}
    parameters["sources"]["jspsych"]["path"] = str(tmp_path)
    monkeypatch.setenv("BAM_SALT", "a secret of the test")
    taken = {name: inputs[name] for name in ("params:behavior", "params:seed")}
    return taken | {"study_stimuli": inputs["stimuli"]}


def test_answers_of_people_go_the_same_way(answers, caplog):
    caplog.set_level("INFO")
    source = answer_source(answers["params:behavior"])
    stage = create_pipeline(source)
    assert stage.inputs() == set(answers)
    found = run(stage, answers)
    assert len(found["trials"]) == 60
    assert set(found["trials"]["split"]) == {"train", "validation", "test"}
    assert set(found["trial_stimuli"]["stimulus_id"]) == set(answers["study_stimuli"]["stimulus_id"])
    assert found["participants"]["include"].all()
    assert found["reading_report"]["participants"] == 2
    assert "Read 60 trials of 2 participants" in caplog.text and "have no image" not in caplog.text
    names = set(found["participants"]["participant_id"])
    assert names == {Pseudonyms("a secret of the test").of(one) for one in ("ann", "bob")}


def test_answers_of_people_to_a_second_round_lie_beside_the_first(answers, tmp_path):
    source = answer_source(answers["params:behavior"])
    stage = create_second_round(source)
    customised = answers["study_stimuli"].head(6).assign(pair_id="annbob", source="individual")
    later = tmp_path.with_name(f"{tmp_path.name}_round_2")
    later.mkdir()
    write_answers(later, customised, round=2, phase="manipulation")
    taken = {name: value for name, value in answers.items() if name != "study_stimuli"}
    found = run(stage, taken | {"round_2.study_stimuli": customised})
    assert stage.inputs() == {"round_2.study_stimuli", "params:behavior", "params:seed"}
    trials = found["round_2.trials"]
    assert len(trials) == 12
    assert (set(trials["round"]), set(trials["phase"]), set(trials["split"])) == ({2}, {"manipulation"}, {"none"})


def test_the_salt_may_stand_in_a_file(answers, tmp_path, monkeypatch):
    (tmp_path / "salt").write_text("a secret of the test\n")
    stage = create_pipeline(answer_source(answers["params:behavior"]))
    by_text = run(stage, answers)["trials"]
    monkeypatch.setenv("BAM_SALT", str(tmp_path / "salt"))
    pd.testing.assert_frame_equal(run(stage, answers)["trials"], by_text)


@pytest.mark.parametrize(
    ("value", "sentence"), [(None, "set the environment variable BAM_SALT"), ("/no/file", "no file is there")]
)
def test_outside_ids_without_a_salt_are_refused(answers, monkeypatch, value, sentence):
    monkeypatch.delenv("BAM_SALT")
    if value is not None:
        monkeypatch.setenv("BAM_SALT", value)
    with pytest.raises(ValueError, match=sentence):
        run(create_pipeline(answer_source(answers["params:behavior"])), answers)


def test_other_images_than_ours_need_no_stimuli(inputs):
    parameters = inputs["params:behavior"]
    for source in ("released", "table"):
        assert create_pipeline(answer_source(parameters | {"source": source})).inputs() == {
            "params:behavior",
            "params:seed",
        }
    parameters["sources"]["jatos"]["images"] = "pictures"
    assert "study_stimuli" not in create_pipeline(answer_source(parameters | {"source": "jatos"})).inputs()


def test_another_number_of_classes_than_the_simulated_eyes_know(inputs):
    inputs["params:behavior"]["classes"] = [*CLASSES, "3"]
    with pytest.raises(ValueError, match="behavior.classes has 4 names, expected one for each of the 3 classes of ob"):
        run(create_pipeline(), inputs)


def test_a_source_that_does_not_exist(inputs):
    inputs["params:behavior"]["source"] = "letters"
    with pytest.raises(ValueError, match="behavior.source is 'letters', expected simulated or released"):
        run(create_pipeline(), inputs)
