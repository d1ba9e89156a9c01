import json

import numpy as np
import pandas as pd
import pytest

from bam_pipelines.analysis.report_numbers import key_groups
from tests.analysis.report.conftest import summarised


@pytest.fixture
def found(results):
    """A function to measure: (published, found), of the results as they are."""

    def numbers():
        groups = key_groups(results, 0, 200)
        return {number.measure: (number.published, number.found) for group in groups for number in group.numbers}

    return numbers


def test_groups_stand_in_the_order_of_the_stages(results):
    groups = key_groups(results, 0, 50)
    assert [group.title for group in groups] == [
        "Answers",
        "Guidance",
        "Agreement with people's choices",
        "Uncertainty",
        "What is individual",
        "Pairs in a second round",
    ]
    assert [group.title for group in key_groups(results, 0, 50, manipulated=False)][-1] == "What is individual"


def test_answers_are_described(found):
    assert found()["answers a stimulus"] == ("5.9", "3.7")
    assert found()["own answers given again"] == ("—", "0.50 [0.20, 1.00]")


def test_guidance_stands_beside_the_published_shares(found):
    numbers = found()
    published, share = numbers["success, share of stimuli"]
    # two of three by Wilson's interval: the other way round of a third's
    assert (published, share) == ("20%", "66.7% [20.8%, 93.9%]")
    # none of three; Wilson's interval reaches 3.84 / 6.84
    assert numbers["stimuli with unanimous answers"] == ("42%", "0% [0%, 56%]")
    assert "[" in numbers["success, by estimated probabilities of each stimulus"][1]


def test_agreement_has_intervals_over_people(found):
    numbers = found()
    # BaseNet: of the mean of VGG .4375 and LRM .1875 a's trials alone are .125, b's alone .375
    assert numbers["BaseNet, mean over classifiers"] == ("0.47", "0.31 [0.12, 0.38]")
    assert numbers["BaseNet, VGG"] == ("0.54", "0.44 [0.25, 0.50]")
    # both people gain .25, so whoever is drawn does
    assert numbers["VGG: GroupNet less BaseNet"] == ("+0.220", "+0.250 [+0.250, +0.250]")
    assert numbers["LRM: IndivNet less GroupNet"] == ("+0.035", "+0.062 [+0.000, +0.250]")
    # mean of .95 and .70 on the same 100 digits
    assert numbers["GroupNet: accuracy on test digits"] == ("0.97", "0.82 [0.74, 0.89]")


def test_correlations_have_intervals_over_stimuli(found):
    numbers = found()
    label = "VGG: Spearman ρ of model's and people's entropy, "
    assert numbers[label + "GroupNet"] == ("0.74", "1.00 [1.00, 1.00]")
    assert numbers[label + "BaseNet"] == ("0.08", "-1.00 [-1.00, -1.00]")


def test_individual_gains(found):
    numbers = found()
    gains = [(measure, text) for measure, (_, text) in numbers.items() if "individual gain" in measure]
    assert gains == [
        ("VGG: individual gain, nats a trial", "+0.031 [-0.002, +0.065]; with models dealt out at random p < 0.001"),
        ("LRM: individual gain, nats a trial", "not defined"),
    ]
    improved = numbers["VGG: people whose choices IndivNet names more often than GroupNet"]
    assert improved == ("98%", "50% [9%, 91%] of 2")


def test_pairs_stand_beside_the_published_ones(found):
    numbers = found()
    assert numbers["customised: targeted ratio"][0] == "62%"
    ratio = numbers["customised: targeted ratio"][1]
    assert ratio.startswith("80.0% [") and ratio.endswith("], 10 successes")
    assert numbers["customised: net directed success"][0] == "6.2%"


def test_customised_stimuli_stand_beside_their_controls(found, results, pair_table):
    swapped = pair_table[pair_table["source"] == "base"].assign(source="swapped", round=2)
    results["manipulation_summary"] = summarised(pd.concat([pair_table, swapped]))
    # of 16 stimuli 8 targeted and 2 opposite, of the control's as many of each
    assert found()["customised less swapped pair: net directed success"][1].startswith("+37.5%")


def test_key_numbers_say_what_is_not_defined(found, results, pair_table):
    only = pair_table[(pair_table["source"] == "individual") & (pair_table["outcome"] == "bias")]
    results["manipulation_summary"] = json.loads(json.dumps(summarised(only)))
    results["alignment_metrics"] = results["alignment_metrics"].query("level != 'individual'")
    numbers = {measure: text for measure, (_, text) in found().items()}
    assert numbers["first round: success"] == "not defined"
    assert numbers["customised: targeted ratio"] == "not defined, 0 successes"
    assert numbers["difference in success, p"] == "not defined"
    assert numbers["IndivNet, mean over classifiers"] == "not defined"


def test_people_without_a_row_of_their_own_have_no_interval(found, results):
    results["alignment_metrics"] = results["alignment_metrics"].query("participant_id != 'b'")
    assert found()["BaseNet, VGG"] == ("0.54", "0.25")
    results["alignment_metrics"] = (
        results["alignment_metrics"]
        .assign(participant_id="all")
        .drop_duplicates(["classifier", "level", "dataset", "entropy_bin"])
    )
    assert found()["BaseNet, VGG"] == ("0.54", "not defined")
    assert not np.isnan(float(found()["answers a stimulus"][1]))
