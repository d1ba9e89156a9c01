import io

import pandas as pd
import pytest

from bam_pipelines.analysis.figures import (
    empty_figure,
    figure_alignment,
    figure_differences,
    figure_dose,
    figure_guidance,
    figure_individuals,
    figure_manipulation,
)
from bam_pipelines.analysis.outcomes import guidance_outcomes
from bam_pipelines.analysis.pair_tests import pair_summary
from bam_pipelines.analysis.rates import rates_table

CLASSES = [str(digit) for digit in range(10)]


def texts(figure):
    figure.savefig(io.BytesIO(), format="png", dpi=30)
    return [item.get_text() for item in figure.findobj(lambda artist: hasattr(artist, "get_text"))]


@pytest.fixture
def guidance(trials_of, stimuli_of):
    stimuli = stimuli_of(["s", "t"], [(3, 8), (1, 7)])
    answers = [("a", "s", 3), ("b", "s", 8), ("a", "t", 1), ("b", "t", 1)]
    return guidance_outcomes(trials_of(answers), stimuli, 10), stimuli


@pytest.fixture
def swaps():
    """A's and b's models on their own trials, and each on the other's."""
    rows = [("a", "a", 0.5), ("a", "b", 0.9), ("b", "a", 0.8), ("b", "b", 0.6)]
    return pd.DataFrame(rows, columns=["model", "participant_id", "log_loss"]).assign(classifier="vgg")


@pytest.fixture
def summary():
    gain = {"log_loss": {"value": 0.1, "low": 0.05, "high": 0.2, "p": 0.01}}
    return {"lrm": {"individual_gain": None}, "vgg": {"individual_gain": gain}}


QUALITY = {"agreement_with_others": {"upper": {"value": 0.9}}, "agreement_with_oneself": {"value": 0.8}}


@pytest.fixture
def differences():
    """A learning curve of two sizes, six people in two clusters of three."""
    curve = pd.DataFrame({"n_trials": [25.0, 60.5]})
    for name in ("gain_over_group", "individual_gain"):
        curve = curve.assign(**{name: [0.1, 0.2], f"{name}_low": [0.0, 0.1], f"{name}_high": [0.2, 0.3]})
    places = pd.DataFrame({"participant_id": list("abcdef"), "place_1": range(6), "place_2": 0.0})
    two = {"stability": 0.7, "agreement_with_swaps": 0.4, "gain": {"value": 0.021, "low": 0.0, "high": 0.1}}
    three = {"stability": 0.1, "agreement_with_swaps": 0.4, "gain": None}
    summary = {"participants": 6, "reliability": 0.456, "clusters": {"2": two, "3": three}}
    return curve, places.assign(cluster_of_2=[0, 0, 0, 1, 1, 1], cluster_of_3=[0, 0, 1, 1, 2, 2]), summary


@pytest.mark.parametrize("simulated", [True, False])
def test_figures_say_when_participants_are_simulated(
    guidance, metrics, entropies, swaps, summary, differences, pair_table, simulated
):
    drawn = [
        figure_guidance(*guidance, CLASSES, simulated),
        figure_alignment(metrics, entropies, {}, "vgg", simulated),
        figure_differences(*differences, simulated),
        figure_individuals(swaps, summary, "vgg", simulated),
        figure_dose(rates_table(pair_table), simulated),
        figure_manipulation(pair_table, pair_summary(pair_table, 0, 20), simulated),
    ]
    for figure in drawn:
        assert ("(simulated participants)" in figure.get_suptitle()) is simulated


def test_guidance_without_targets_says_so(guidance):
    table, stimuli = guidance
    assert "No stimulus that was answered has two targets." in texts(
        figure_guidance(table.iloc[:0], stimuli, CLASSES, True)
    )


def test_guidance_shows_shares_and_empty_outcomes(guidance):
    shown = texts(figure_guidance(*guidance, CLASSES, True))
    assert "3: 50%  8: 50%" in shown
    assert "1: 100%  7: 0%" in shown
    assert "none" in shown  # no failure among the two
    assert "n = 2" in shown


def panel(figure, letter):
    """The panel whose title begins with a letter."""
    (axes,) = (axes for axes in figure.axes if axes.get_title(loc="left").startswith(f"{letter}  "))
    return axes


def test_unanimous_stimuli_stand_at_no_entropy_below_the_others(guidance):
    axes = panel(figure_guidance(*guidance, CLASSES, True), "c")
    assert axes.get_xlim()[0] == 0 and min(bar.get_x() for bar in axes.patches) == pytest.approx(0, abs=1e-9)
    # s has 1 bit, t none: half of the stimuli in the first bin, all of it dark
    dark, light = (container.patches for container in axes.containers)
    assert [bar.get_height() for bar in dark] == [0.5, *[0] * (len(dark) - 1)]
    assert light[0].get_height() == 0 and sum(bar.get_height() for bar in light) == 0.5


def test_a_pair_of_digits_without_success_is_no_empty_cell(guidance):
    (cells,) = panel(figure_guidance(*guidance, CLASSES, True), "d").images
    drawn = cells.to_rgba(cells.get_array())
    unsuccessful, unasked = drawn[7, 1], drawn[8, 1]
    assert unsuccessful[:3].min() < 0.9 and unasked[3] == 0  # tinted, and not drawn at all


def test_guidance_names_the_classes(guidance):
    names = ["T-shirt", "b", "c", "dress", *"efghi", "boot"]
    shown = texts(figure_guidance(*guidance, names, True))
    assert {"dress: 50%\ni: 50%", "b: 100%  h: 0%", "T-shirt", "boot", "d  Success by class pair"} <= set(shown)
    assert "d  Success by digit pair" in texts(figure_guidance(*guidance, CLASSES, True))


def test_alignment_shows_correlations_and_people(metrics, entropies):
    shown = texts(figure_alignment(metrics, entropies, QUALITY, "vgg", True))
    assert {"a person asked twice", "no group model exceeds this"} <= set(shown)
    assert "Spearman ρ = -1.00, n = 4" in shown
    assert "better for 1 of 2" in shown  # b has the same accuracy before and after


def test_numbers_of_alignment_stand_where_no_diamond_is(metrics, entropies):
    axes = panel(figure_alignment(metrics, entropies, QUALITY, "vgg", True), "a")
    assert len(axes.texts) == 6 and ".69" in {text.get_text() for text in axes.texts}  # 10 trials of .5, 30 of .75
    assert all(text.get_position()[1] < 0 and text.get_va() == "top" for text in axes.texts)
    assert axes.get_ylim()[0] < 0 <= min(axes.get_yticks())


def test_alignment_says_which_entropies_no_test_stimulus_has(metrics, entropies):
    some = metrics[metrics["entropy_bin"] != "high"]
    axes = panel(figure_alignment(some, entropies, QUALITY, "vgg", True), "f")
    assert [text.get_position()[0] for text in axes.texts if text.get_text() == "no test stimuli"] == [2]
    assert "no test stimuli" not in texts(figure_alignment(metrics, entropies, QUALITY, "vgg", True))


def test_every_panel_of_alignment_has_a_letter(metrics, entropies):
    figure = figure_alignment(metrics, entropies, QUALITY, "vgg", True)
    assert [axes.get_title(loc="left")[0] for axes in figure.axes] == list("abcdef")


def test_alignment_says_what_is_missing(metrics, entropies):
    shown = texts(figure_alignment(metrics[metrics["level"] != "individual"], entropies, {}, "lrm", True))
    assert "a person asked twice" not in shown
    assert "no participant has an individual model" in shown
    assert "nan" not in shown
    assert "no entropies of GroupNet" in shown
    assert "Spearman ρ undefined, n = 4" in shown


def test_alignment_refuses_a_classifier_without_entropies(metrics, entropies):
    with pytest.raises(ValueError, match="classifier mlp has no entropies; expected one of lrm, vgg"):
        figure_alignment(metrics, entropies, {}, "mlp", True)


def test_swaps_cost_more_than_the_own_model(swaps, summary):
    figure = figure_individuals(swaps, summary, "vgg", True)
    (image,) = (axes.images[0] for axes in figure.axes if axes.images)
    # whose model in rows, whose trials in columns, each column against its own model
    assert image.get_array().tolist() == [[0.0, pytest.approx(0.3)], [pytest.approx(0.3), 0.0]]
    shown = texts(figure)
    assert "VGG" in shown and "LRM" not in shown  # a lone model has no gain


def test_individuals_refuse_a_classifier_without_models(swaps, summary):
    with pytest.raises(ValueError, match="classifier mlp has no individual models; expected one of vgg"):
        figure_individuals(swaps, summary, "mlp", True)


def test_no_gain_is_said(swaps):
    assert "fewer than two participants" in " ".join(
        texts(figure_individuals(swaps, {"vgg": {"individual_gain": None}}, "vgg", True))
    )


def test_manipulation_shows_counts_and_p(pair_table):
    summary = pair_summary(pair_table, 0, 200)
    shown = texts(figure_manipulation(pair_table, summary, True))
    assert "customised\nn = 16" in shown
    assert "80% of 10" in shown  # 8 targeted of 10 successes
    assert f"p = {summary['difference']['success']['p']:.3f}" in shown


def test_manipulation_without_success_or_first_round(pair_table):
    table = pair_table[(pair_table["outcome"] == "bias") & (pair_table["source"] == "individual")]
    shown = texts(figure_manipulation(table, pair_summary(table, 0, 20), True))
    assert {"no success in any source", "no success in any pair"} <= set(shown)


def test_small_rates_look_small(pair_table_of):
    table = pair_table_of(("ab", "individual", {"bias": 4}), ("cd", "individual", {"bias": 3, "targeted": 1}))
    for counts, highest in ((table[table["pair_id"] == "ab"], 0.27), (table, 0.27)):  # 0.25 and a margin of 8 %
        figure = figure_manipulation(counts, pair_summary(counts, 0, 20), True)
        assert panel(figure, "c").get_ylim() == pytest.approx((-0.05 * highest, highest))
        assert panel(figure, "e").get_ylim() == pytest.approx((-highest, highest))
    assert panel(figure, "d").get_ylim() == pytest.approx((-0.05, 1.05))
    large = pair_table_of(("ab", "individual", {"opposite": 4}))
    figure = figure_manipulation(large, pair_summary(large, 0, 20), True)
    assert panel(figure, "e").get_ylim() == pytest.approx((-1.08, 1.08))


def test_a_source_has_one_colour_in_both_figures(pair_table_of):
    sources = ("individual", "swapped", "bias_only", "group", "none")
    table = pair_table_of(*((pair, source, {"targeted": 2, "bias": 2}) for pair in ("ab", "cd") for source in sources))
    dosed = table.assign(margin=[0.5 if source != "none" else float("nan") for source in table["source"]])
    doses = {line.get_label(): line.get_color() for line in figure_dose(rates_table(dosed), True).axes[0].lines}
    axes = panel(figure_manipulation(table, pair_summary(table, 0, 20), True), "c")
    names = [label.get_text() for label in axes.get_xticklabels()]
    points = [line.get_color() for line in axes.lines if line.get_marker() == "o"]
    assert len(names) == len(set(points)) == 5
    assert {name: doses[name] for name in names} == dict(zip(names, points, strict=True))


def test_boxes_appear_with_enough_pairs(pair_table):
    few = figure_manipulation(pair_table, pair_summary(pair_table, 0, 20), True)
    many = pair_table.assign(pair_id=pair_table.groupby("source").cumcount().mod(6).astype(str))
    drawn = figure_manipulation(many, pair_summary(many, 0, 20), True)
    assert len(drawn.axes[2].lines) > len(few.axes[2].lines) + 6


def test_differences_show_sizes_clusters_and_reliability(differences):
    figure = figure_differences(*differences, True)
    shown = texts(figure)
    assert {"25", "60", "2", "3", "d  People (colours: 2 clusters); reliability 0.46"} <= set(shown)
    assert set("abcdef") <= set(shown)
    # coloured by the clusters that are the more stable: three people each
    (points,) = (axes.collections[0] for axes in figure.axes if axes.get_title(loc="left").startswith("d"))
    colours = [tuple(colour) for colour in points.get_facecolors()]
    assert len(set(colours)) == 2 and colours[0] == colours[2] != colours[3]


def test_what_clusters_are_worth_is_drawn_by_their_number(differences):
    figure = figure_differences(*differences, True)
    interval, value = (line.get_xydata().tolist() for line in panel(figure, "c").lines[:2])
    assert (interval, value) == ([[0, 0.0], [0, 0.1]], [[0, 0.021]])  # of two clusters; three have none
    stable, alike = panel(figure, "b").lines[:2]
    assert stable.get_ydata().tolist() == [0.7, 0.1]
    # where both are the same, both are seen
    assert all(one < other for one, other in zip(stable.get_xdata(), alike.get_xdata(), strict=True))
    assert panel(figure, "b").get_ylim()[0] < -0.5  # the least that the index can be


def test_differences_say_what_is_missing(differences):
    curve, places, summary = differences
    nobody = summary | {"reliability": None, "clusters": {}}
    shown = texts(figure_differences(curve, places[["participant_id", "place_1"]], nobody, True))
    assert "too few participants, or none that differ" in shown
    assert "d  People; reliability not defined" in shown
    alone = texts(figure_differences(curve, places[["participant_id"]][:1], nobody, True))
    assert "fewer than two people with a model" in alone


def test_an_empty_figure_says_why():
    assert "because" in texts(empty_figure("Title", "because"))


def test_doses_stand_beside_sources_without_a_margin(pair_table_of):
    cells = {"targeted": 3, "opposite": 1, "bias": 4}
    both = [(pair, source, cells) for pair in ("ab", "cd") for source in ("individual", "swapped")]
    made = [pair_table_of(*both, margin=dose) for dose in (0.25, 1.0)]
    table = rates_table(pd.concat([*made, pair_table_of(("ab", "none", cells), ("cd", "none", cells))]))
    figure = figure_dose(table, True)
    shown = texts(figure)
    assert {"customised", "swapped pair", "unguided", "no\nmargin", "0.25", "1"} <= set(shown)
    net = figure.axes[0]
    customised = next(line for line in net.lines if line.get_label() == "customised")
    assert customised.get_ydata().tolist() == [0.25, 0.25]
    assert figure.axes[1].get_ylim()[0] < 0  # a point at 0 is whole
    one = figure_dose(rates_table(made[0]), True)
    assert [label.get_text() for label in one.axes[0].get_xticklabels()] == ["0.25"]
    without = figure_dose(rates_table(pair_table_of(("ab", "none", cells))), True)
    assert "no stimulus was made with a margin" in texts(without)
    assert "margin (nats)\n95 % over people and digits" in shown
    alone = figure_dose(rates_table(pair_table_of(*both[:2], margin=0.5)), True)
    assert "margin (nats)\n95 % over these people's stimuli" in texts(alone)
