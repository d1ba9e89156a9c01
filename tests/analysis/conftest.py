"""Hand-made tables in the formats of the catalog; nothing here comes from a model or a person."""

import numpy as np
import pandas as pd
import pytest

from bam_pipelines.images.table import image_columns


def make_trials(answers, **columns):
    """Build a trial table from (participant, stimulus, response) with the columns that the analyses read."""
    rows = []
    for index, (participant, stimulus, response) in enumerate(answers):
        rows.append(
            {
                "row_id": f"{participant}-1-{index}",
                "participant_id": participant,
                "task": "digit",
                "round": 1,
                "session": 1,
                "trial_index": index,
                "phase": "main",
                "stimulus_id": stimulus,
                "repetition": 0,
                "response": response,
                "include": True,
            }
        )
    table = pd.DataFrame(rows).astype({"response": "Int8", "round": "int16"})
    return table.assign(**columns)


def make_stimuli(names, targets, **columns):
    """Build a stimulus table with 8 x 8 noise; ids are given, not hashed, so that tests can name them."""
    pixels = np.random.default_rng(1).integers(0, 256, (len(names), 1, 8, 8), dtype=np.uint8)
    base = {
        **image_columns(pixels),
        "stimulus_id": names,
        "strategy": "uncertainty",
        "source": "base",
        "target_1": pd.array([pair[0] for pair in targets], dtype="Int8"),
        "target_2": pd.array([pair[1] for pair in targets], dtype="Int8"),
        "model_1": "vgg",
        "model_2": None,
        "pair_id": None,
        "margin": np.nan,
        "p1_target_1": 0.5,
        "p1_target_2": 0.45,
        "p2_target_1": np.nan,
        "p2_target_2": np.nan,
    }
    return pd.DataFrame(base | columns)


@pytest.fixture
def trials_of():
    return make_trials


@pytest.fixture
def stimuli_of():
    return make_stimuli


@pytest.fixture
def metrics():
    """Two classifiers, three levels, two participants; accuracies chosen so that means are short decimals."""
    accuracies = {"base": (0.25, 0.5), "group": (0.5, 0.75), "individual": (0.75, 0.75)}
    rows = []
    for classifier, shift in (("vgg", 0.0), ("lrm", -0.25)):
        for level, values in accuracies.items():
            rows.append((classifier, level, "all", "digits_test", "all", 100, 0.95 + shift))
            rows.append((classifier, level, "all", "trials_test", "all", 40, 0.0))  # must not count beside people
            for participant, n_trials, value in zip("ab", (10, 30), values, strict=True):
                for entropy_bin, change in (("all", 0.0), ("zero", 0.125), ("low", 0.0), ("high", -0.125)):
                    accuracy = value + shift + change
                    rows.append((classifier, level, participant, "trials_test", entropy_bin, n_trials, accuracy))
    columns = ["classifier", "level", "participant_id", "dataset", "entropy_bin", "n_trials", "accuracy"]
    return pd.DataFrame(rows, columns=columns)


@pytest.fixture
def entropies():
    """VGG before: opposed to people; after: in the same order. LRM before: constant."""
    people = [0.0, 0.5, 1.0, 1.5]
    model = {("vgg", "base"): [4, 3, 2, 1], ("vgg", "group"): [0, 1, 2, 3], ("lrm", "base"): [1, 1, 1, 1]}
    return pd.concat(
        pd.DataFrame(
            {
                "classifier": classifier,
                "level": level,
                "stimulus_id": list("stuv"),
                "split": "test",
                "model_entropy": np.array(values, dtype=float),
                "human_entropy": people,
            }
        )
        for (classifier, level), values in model.items()
    )


def make_pair_table(*cells, margin=np.nan):
    """Build a pair table from (pair, source, {kind of answer: count}), or with the targets after the source.

    A pair's id is its two people, a letter each; without targets all stimuli are made for 3 and 8.
    """
    rows = []
    for pair, source, *targets, counts in cells:
        first, second = targets[0] if targets else (3, 8)
        for kind, count in counts.items():
            directed = kind in ("targeted", "opposite")
            rows += [
                {
                    "pair_id": pair,
                    "participant_1": pair[0],
                    "participant_2": pair[1],
                    "round": 1 if source == "base" else 2,
                    "source": source,
                    "margin": margin,
                    "target_1": first,
                    "target_2": second,
                    "outcome": "success" if directed else kind,
                    "direction": kind if directed else "none",
                }
            ] * count
    return pd.DataFrame(rows).assign(stimulus_id=[f"s{row}" for row in range(len(rows))])


@pytest.fixture
def pair_table_of():
    return make_pair_table


@pytest.fixture
def pair_table():
    """Build two pairs with first-round and customised stimuli."""
    kinds = ("targeted", "opposite", "bias", "failure")
    counts = {"base": (1, 1, 4, 2), "individual": (4, 1, 2, 1)}
    return make_pair_table(
        *(
            (pair, source, dict(zip(kinds, numbers, strict=True)))
            for pair in ("ab", "cd")
            for source, numbers in counts.items()
        )
    )
