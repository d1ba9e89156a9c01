"""The sampling stage with classifiers that read rows and a denoiser that only fades."""

from itertools import count
from pathlib import Path

import pytest
import torch
import yaml

from bam_pipelines.behavior.schemas import validate_stimuli
from bam_pipelines.guidance.acceptance import assess
from bam_pipelines.images.table import table_images
from bam_pipelines.networks.classifiers import CLASSIFIER_NAMES
from bam_pipelines.pipelines.sampling import create_pipeline
from bam_pipelines.pipelines.sampling.nodes import describe_stimuli, sample_boundary_stimuli

CONF = Path(__file__).parents[2] / "conf" / "base" / "sampling" / "parameters.yml"


@pytest.fixture
def options():
    base = yaml.safe_load(CONF.read_text())["sampling"]
    sizes = {"max_proposals": 6, "gallery_size": 4}
    return base | sizes | {
        "uncertainty": {"probability": 0.4, "digit_pairs": None, "quota": 1},
        "controversial": {"probability": 0.6, "digit_pairs": None, "quota": 1},
        "reference": {"probability": 0.4, "weight": 50, "digit_pairs": 2, "quota": 1},
        "unguided": {"digit_pairs": None, "quota": 1},
    }  # fmt: skip


@pytest.fixture(params=["fast", "paper"])
def method(request):
    return request.param


@pytest.fixture
def sampled(tiny_prior, tiny_judge, tiny_digits, tiny_samplers, row_reader, compute, options, method):
    """A function from changed options to stimuli and acceptance of two classifiers that disagree about rows."""
    networks = {"vgg": row_reader(), "mlp": row_reader(rows=[1, 2, 3])}
    calls = count()

    def sample(seed=0, **changes):
        changed = {key: options[key] | value if isinstance(value, dict) else value for key, value in changes.items()}
        chosen = options | tiny_samplers | {"method": method} | changed
        # a folder of its own: the shards of one call must not answer another
        own = compute | {"working_folder": f"{compute['working_folder']}/{next(calls)}"}
        return sample_boundary_stimuli(tiny_prior, tiny_judge, tiny_digits(30), chosen, own, seed, **networks)

    sample.networks = networks
    return sample


def test_every_stimulus_fulfils_its_rule_on_the_stored_pixels(sampled):
    stimuli, _ = sampled()
    assert len(validate_stimuli(stimuli)) == len(stimuli) > 6
    images = table_images(stimuli)
    probabilities = {name: one.network(images).softmax(dim=1) for name, one in sampled.networks.items()}
    for row, stimulus in stimuli.iterrows():
        if stimulus["strategy"] == "unguided":
            assert stimulus[["model_1", "model_2", "p1_target_1"]].isna().all()
            continue
        first, second = int(stimulus["target_1"]), int(stimulus["target_2"])
        one = probabilities[stimulus["model_1"]][row]
        assert one[first].item() == pytest.approx(stimulus["p1_target_1"], abs=1e-5)
        if stimulus["strategy"] in ("uncertainty", "reference"):
            assert min(one[first], one[second]) > 0.4
        else:
            other = probabilities[stimulus["model_2"]][row]
            assert (one.argmax(), other.argmax()) == (first, second)
            assert min(one[first], other[second]) > 0.6


def test_every_cell_has_a_row_of_acceptance(sampled):
    stimuli, acceptance = sampled()
    # uncertainty: 2 classifiers of 3 unordered pairs; controversial: 1 pair of classifiers, 6 ordered pairs
    assert acceptance["strategy"].value_counts().to_dict() == {
        "uncertainty": 6,
        "controversial": 6,
        "reference": 4,
        "unguided": 3,
    }
    assert set(acceptance.query("strategy == 'controversial'")["model_1"]) == {"vgg"}
    assert acceptance.query("strategy == 'unguided'")[["model_1", "model_2"]].isna().all(axis=None)
    assert set(acceptance.query("strategy == 'controversial'")["model_2"]) == {"mlp"}
    assert acceptance["accepted"].sum() == len(stimuli)
    assert (acceptance["accepted"] <= acceptance["quota"]).all()
    assert acceptance["proposals"].between(1, 6).all()


def test_the_seed_decides(sampled):
    first, again, other = (set(sampled(seed)[0]["stimulus_id"]) for seed in (0, 0, 1))
    assert first == again
    assert not first & other


def test_one_strategy_may_find_nothing(sampled, options):
    stimuli, acceptance = sampled(uncertainty={"probability": 0.4999999})
    assert set(stimuli["strategy"]) == {"controversial", "reference", "unguided"}
    assert acceptance.query("strategy == 'uncertainty'")["accepted"].sum() == 0
    metrics, figure = describe_stimuli(stimuli, acceptance, options | {"gallery_size": 3})
    assert metrics["uncertainty"]["acceptance_rate"] == 0
    assert figure.get_suptitle() == "Accepted stimuli"


def test_no_stimulus_at_all_is_an_error(sampled):
    with pytest.raises(ValueError, match="no proposal was accepted; raise the sampler's steps"):
        sampled(judge_threshold=1.5)


def test_counts_of_the_description(sampled, options):
    stimuli, acceptance = sampled()
    metrics, figure = describe_stimuli(stimuli, acceptance, options)
    assert metrics["stimuli"] == len(stimuli)
    for strategy in ("uncertainty", "controversial"):
        cells = acceptance[acceptance["strategy"] == strategy]
        assert metrics[strategy]["proposals"] == cells["proposals"].sum()
        assert metrics[strategy]["acceptance_rate"] == cells["accepted"].sum() / cells["proposals"].sum()
        assert metrics[strategy]["unfilled_cells"] == (cells["accepted"] == 0).sum()
    images = [axes for part in figure.subfigs for axes in part.axes if axes.images]
    assert len(images) == options["gallery_size"]


def test_the_stage_takes_all_classifiers_and_the_networks_of_the_prior():
    stage = create_pipeline()
    assert {name for name in stage.inputs() if not name.startswith("params:")} == {
        *(f"classifier_{name}" for name in CLASSIFIER_NAMES),
        "diffusion_prior",
        "digit_judge",
        "mnist_train",
    }
    assert stage.all_outputs() == {"stimuli", "sampling_acceptance", "sampling_metrics", "stimulus_gallery"}


def test_a_batch_of_another_size_changes_no_seed(sampled):
    whole, single = (sampled(batch_size=size)[0] for size in (24, 1))
    assert set(whole["seed"]) == set(single["seed"])
    assert torch.equal(table_images(whole), table_images(single))


def test_finished_shards_outlive_the_node(sampled, compute):
    sampled()
    assert list(Path(compute["working_folder"]).glob("0/sample_stimuli/*/*.npz"))


def test_finished_shards_stay_when_a_later_one_fails(sampled, compute, monkeypatch):
    rules = []

    def assess_one_strategy(*arguments):
        rules.append(arguments[-1].strategy)
        if rules[-1] != rules[0]:
            raise FloatingPointError("a gradient is not finite")
        return assess(*arguments)

    monkeypatch.setattr("bam_pipelines.guidance.proposals.assess", assess_one_strategy)
    with pytest.raises(FloatingPointError):
        sampled()
    assert list(Path(compute["working_folder"]).glob("0/sample_stimuli/*/*.npz"))


def test_a_method_that_does_not_exist(sampled):
    with pytest.raises(ValueError, match="method is 'quick', expected fast or paper"):
        sampled(method="quick")
