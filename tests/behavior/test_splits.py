import pandas as pd
import pytest

from bam_pipelines.behavior.splits import assign_splits, complete_splits

SHARES = {"train": 0.6, "validation": 0.2, "test": 0.2}


def trials(n_images, people="ab"):
    rows = [(person, f"i{image:03d}", "main") for person in people for image in range(n_images)]
    rows += [("a", "digit", "catch"), ("a", "clear", "practice"), ("a", "i000", "manipulation")]
    return pd.DataFrame(rows, columns=["participant_id", "stimulus_id", "phase"]).assign(split="none")


def test_images_are_disjoint_and_shared_out():
    split = assign_splits(trials(10), SHARES, seed=0)
    main = split[split["phase"] == "main"]
    assert (main.groupby("stimulus_id")["split"].nunique() == 1).all()
    # 60/20/20 of 10 images, two people each
    assert main["split"].value_counts().to_dict() == {"train": 12, "validation": 4, "test": 4, "none": 0}


def test_other_phases_have_no_split():
    split = assign_splits(trials(10), SHARES, seed=0)
    assert (split.loc[split["phase"] != "main", "split"] == "none").all()


def test_the_split_depends_on_the_seed_and_the_images_alone():
    def of(table, seed):
        main = assign_splits(table, SHARES, seed).query("phase == 'main'")
        return main.drop_duplicates("stimulus_id").set_index("stimulus_id")["split"].astype(str).sort_index().to_dict()

    assert of(trials(30), 0) == of(trials(30, people="cba").sample(frac=1, random_state=1), 0)
    assert of(trials(30), 0) != of(trials(30), 1)


def test_empty_splits_and_wrong_shares_are_refused():
    with pytest.raises(ValueError, match="split validation would hold no image: 2 images of phase main"):
        assign_splits(trials(2), SHARES, seed=0)
    for shares in ({"train": 0.6, "test": 0.4}, {"train": 0.6, "validation": 0.2, "test": 0.3}):
        with pytest.raises(ValueError, match="expected train, validation and test with a sum of 1"):
            assign_splits(trials(10), shares, seed=0)


def released(n_train, n_test, shared=0):
    """Trials whose source says train or test; the first ``shared`` images stand in both."""
    rows = [(f"i{image:03d}", "train") for image in range(n_train)]
    rows += [(f"t{image:03d}", "test") for image in range(n_test)] + [
        (f"i{image:03d}", "test") for image in range(shared)
    ]
    table = pd.DataFrame(rows, columns=["stimulus_id", "split"])
    return table.assign(phase="main", participant_id="a", row_id=[f"a-1-{index}" for index in range(len(rows))])


def test_trials_without_a_split_get_ours():
    completed, origin = complete_splits(trials(10), SHARES, 0)
    pd.testing.assert_frame_equal(completed, assign_splits(trials(10), SHARES, 0))
    assert origin == "own"


def test_validation_is_held_out_of_train():
    given = released(20, 5)
    split, origin = complete_splits(given, SHARES, seed=0)
    held_out = set(split.loc[split["split"] == "validation", "stimulus_id"])
    assert len(held_out) == 5  # a quarter of twenty
    assert held_out <= set(given.loc[given["split"] == "train", "stimulus_id"])
    assert (split["split"][given["split"] == "test"] == "test").all()
    assert origin == "released"


def test_only_main_trials_are_held_out():
    given = released(20, 5)
    practice = given[given["split"] == "train"].assign(phase="practice", split="none")
    split, _ = complete_splits(pd.concat([given, practice], ignore_index=True), SHARES, seed=0)
    assert set(split["split"][split["phase"] == "practice"]) == {"none"}


def test_train_and_test_with_images_in_common_are_split_anew():
    given = released(20, 5, shared=1)
    split, origin = complete_splits(given, SHARES, seed=0)
    assert origin == "resplit"
    assert (split.groupby("stimulus_id")["split"].nunique() == 1).all()
    pd.testing.assert_frame_equal(split, assign_splits(given, SHARES, 0))


def test_a_split_in_some_trials_only():
    given = released(5, 2)
    given.loc[3, "split"] = "none"
    with pytest.raises(ValueError, match="trial a-1-3 has no split where others have one"):
        complete_splits(given, SHARES, 0)


def test_too_few_images_for_validation():
    with pytest.raises(ValueError, match="split validation would hold 0 of 1 images that train has"):
        complete_splits(released(1, 2), SHARES, 0)
