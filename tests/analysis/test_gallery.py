import numpy as np
import pandas as pd
import pytest
import torch

from bam_pipelines.analysis.gallery import (
    confusion_figure,
    describe_stimulus,
    digit_sheet,
    select_examples,
    stimulus_gallery,
)


@pytest.fixture
def stimuli(stimuli_of):
    names = [f"s{i:02d}" for i in range(24)]
    strategy = ["uncertainty"] * 12 + ["controversial"] * 12
    model_1 = ["vgg", "lrm"] * 12
    model_2 = [None] * 12 + ["mlp"] * 12
    return stimuli_of(
        names, [(i % 9, 9) for i in range(24)], strategy=strategy, model_1=model_1, model_2=model_2, p2_target_2=0.931
    )


def test_examples_are_even_over_strategies_and_classifiers(stimuli):
    chosen = select_examples(stimuli, 8)
    groups = chosen.groupby(["strategy", "model_1"], observed=True).size()
    assert groups.tolist() == [2, 2, 2, 2]
    pd.testing.assert_frame_equal(chosen, select_examples(stimuli.sample(frac=1, random_state=1), 8))


def test_examples_spread_over_digit_pairs(stimuli):
    chosen = select_examples(stimuli[:12].assign(model_1="vgg", target_1=list(range(9)) + [0, 1, 2]), 2)
    # Twelve rows sorted by target_1; bit reversal of four bits visits rows 0 and 8 first.
    assert chosen["target_1"].tolist() == [0, 5]


def test_all_are_shown_when_there_are_fewer(stimuli):
    assert len(select_examples(stimuli, 100)) == 24


def test_descriptions(stimuli):
    assert describe_stimulus(stimuli.iloc[0]) == ["0 | 9", "VGG .50 | .45"]
    assert describe_stimulus(stimuli.iloc[13]) == ["4 | 9", "LRM: 4 (.50)", "MLP: 9 (.93)"]
    names = ["T-shirt", *"bcdefghi", "Ankle boot"]
    assert describe_stimulus(stimuli.iloc[0], names)[0] == "T-shirt | Ankle boot"
    assert describe_stimulus(stimuli.iloc[13], names) == ["e | Ankle boot", "LRM: e (.50)", "MLP: Ankle boot (.93)"]
    own = stimuli.iloc[13].copy()
    own[["model_1", "model_2"]] = ["lrm-s001", "mlp-s002"]
    assert describe_stimulus(own)[1:] == ["LRM of s001: 4 (.50)", "MLP of s002: 9 (.93)"]
    own[["model_1", "model_2"]] = ["mlp-bias-s001", "mlp-group"]
    assert describe_stimulus(own)[1:] == ["MLP, bias of s001: 4 (.50)", "MLP of the group: 9 (.93)"]
    natural = stimuli.iloc[0].copy()
    natural[["target_1", "strategy"]] = [pd.NA, "natural"]
    assert describe_stimulus(natural) == ["natural"]


def test_gallery_draws_every_chosen_stimulus(stimuli):
    figure = stimulus_gallery(stimuli, 14)
    images = [axes for axes in figure.findobj() if hasattr(axes, "images") and axes.images]
    assert len(images) == 14


def test_long_names_stay_within_their_image(stimuli):
    """No caption reaches into the next image's."""
    names = ["Trouser or coat"] * 9 + ["Ankle boot"]
    figure = stimulus_gallery(stimuli, 14, names)
    figure.draw_without_rendering()
    panels = [axes for part in figure.subfigs for axes in part.axes if axes.images]
    assert len(panels) == 14
    for left, right in zip(panels, panels[1:], strict=False):
        if left.get_position().y0 == right.get_position().y0 and left.figure is right.figure:
            for one, other in ((left.title, right.title), (left.xaxis.label, right.xaxis.label)):
                assert one.get_window_extent().x1 < other.get_window_extent().x0


def test_gallery_refuses_nothing(stimuli):
    with pytest.raises(ValueError, match="cannot show 5 of 0 stimuli"):
        stimulus_gallery(stimuli[:0], 5)


def test_sheet_places_images_row_by_row():
    images = torch.zeros(3, 1, 8, 8)
    images[2] = 1
    sheet = digit_sheet(images, columns=2).axes[0].images[0].get_array()
    assert sheet.shape == (17, 17)  # two rows of 8 and a gap of 1
    assert (sheet[9:, :8] == 1).all()
    assert (sheet[9:, 9:] == 0.5).all()


def test_sheet_refuses_another_shape():
    with pytest.raises(ValueError, match=r"shape \(8, 8\)"):
        digit_sheet(torch.zeros(8, 8), 2)


def test_confusion_shows_shares_and_counts():
    figure = confusion_figure(np.array([[3, 1], [0, 0]]), "Counts")
    axes = figure.axes[0]
    np.testing.assert_array_equal(axes.images[0].get_array(), [[0.75, 0.25], [0, 0]])
    assert [text.get_text() for text in axes.texts] == ["3", "1"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0", "1"]
    named = confusion_figure(np.array([[3, 1], [0, 0]]), "Counts", ["cat", "dog"]).axes[0]
    assert [label.get_text() for label in named.get_yticklabels()] == ["cat", "dog"]
    assert {label.get_rotation() for label in named.get_xticklabels()} == {45}


def test_confusion_refuses_another_shape():
    with pytest.raises(ValueError, match=r"shape \(1, 2\), expected \(K, K\)"):
        confusion_figure(np.ones((1, 2)), "Counts")


def test_classifiers_do_not_all_begin_with_the_same_digit_pair():
    pairs = [(low, high) for low in range(6) for high in range(low + 1, 6)]
    rows = [
        {"strategy": "uncertainty", "model_1": model, "model_2": None, "target_1": low, "target_2": high}
        for model in ("a", "b", "c", "d")
        for low, high in pairs
    ]
    table = pd.DataFrame(rows).assign(stimulus_id=[f"{row:03}" for row in range(len(rows))])
    chosen = select_examples(table, 4)
    assert set(chosen["model_1"]) == {"a", "b", "c", "d"}
    assert len(set(zip(chosen["target_1"], chosen["target_2"], strict=True))) == 4
