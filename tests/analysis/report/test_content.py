import json
import re

import pandas as pd
import pytest

from bam_pipelines.analysis.outcomes import guidance_summary
from tests.analysis.report.conftest import FIGURES, POWER


def test_report_is_self_contained_and_escaped(report):
    report.results["participants"] = report.results["participants"].replace({"participant_id": {"b": "<b>b</b>"}})
    page = report.page()
    assert not re.search(r"https?://|<script src|<link(?! rel=\"icon\" href=\"data:)|@import|url\(", page)
    assert "&lt;b&gt;b&lt;/b&gt;" in page and "<b>b</b>" not in page
    # four stimuli and two of the second round, seven figures, two answers that nobody else gave
    assert page.count("data:image/png;base64,") == 15


def test_names_of_classes_cannot_end_the_script(report):
    names = ["</script><b>cat</b>", "dog & co", "emu"]
    report.settings = report.settings.__class__(**{**vars(report.settings), "classes": names})
    page = report.page()
    assert page.count("</script>") == 2 and "<b>cat</b>" not in page
    (found,) = re.findall(r'<script type="application/json" id="classes">(.*?)</script>', page)
    assert json.loads(found) == names


@pytest.mark.parametrize("simulated", [True, False])
def test_report_says_when_participants_are_simulated(report, simulated):
    report.trials = report.trials.assign(dataset_id="simulated" if simulated else "study1")
    page = report.page()
    assert ("(simulated participants)</title>" in page) is simulated
    assert ("No person answered." in page) is simulated
    assert ("simulat" in page.lower()) is simulated


def test_words_of_the_key_numbers_are_explained_before_them(report):
    before, numbers = report.page().split('<table class="key">')
    for word in ("arXiv 2505.03641", "A dash", "not defined", "A BaseNet", "a GroupNet", "IndivNet"):
        assert word in before
    assert "<td>—</td>" in numbers and "GroupNet" in numbers


def test_a_report_of_other_images_says_what_its_digits_are(report):
    assert "it means one of what these images show: cat, dog, emu" in report.page()
    report.settings = report.settings.__class__(**{**vars(report.settings), "classes": ["0", "1", "2"]})
    page = report.page()
    assert "Where this report says digit" not in page and "<strong>0 | 1</strong>" in page


def test_answers_that_were_split_anew_are_labelled(report):
    assert "resplit" not in report.page()
    report.results["reading_report"] = {"split": "resplit", "stimuli_in_both_splits": 17}
    assert "resplit: 17 images stood in both" in report.page()


def test_report_names_the_run_and_its_artifacts(report):
    page = report.page()
    assert "2001-01-01T00.00.00.000Z" in page
    assert '<th scope="row">mlflow run id</th><td><code>not available</code></td>' in page
    assert "<code>trials</code></th><td><code>2001-01-01T00.00.00.001Z</code>" in page


def test_every_number_names_its_entry(report):
    content = report.content()
    named = [*content.key_groups, *content.tables, *content.people, content.gallery]
    named += [table for section in content.people for table in section.tables]
    assert all(part.sources for part in named)
    assert {figure.source for figure in content.figures} == {f"figure_{name}" for name in FIGURES}
    # the version of an entry stands beside it
    report.identity["artifacts"]["participants"] = "2001-01-01T00.00.00.002Z"
    assert "<code>trials</code> 2001-01-01T00.00.00.001Z, <code>participants</code> 2001" in report.page()
    report.identity["artifacts"]["participants"] = "2001-01-01T00.00.00.001Z"
    assert "<code>trials</code>, <code>participants</code> 2001-01-01T00.00.00.001Z</p>" in report.page()
    assert "<code>alignment_metrics</code> (version not known)" in report.page()


def test_a_manipulation_of_other_answers_is_left_out_and_said(report):
    whole = report.page()
    report.pairs = report.pairs.assign(choice_2=2)
    page = report.page()
    assert "belong to other answers" in page and "belong to other answers" not in whole
    for words in (
        "Pairs in a second round",
        "after the paper&#39;s figure 6b",
        "Dose and response",
        "second round: customised",
    ):
        assert words in whole and words not in page


def test_a_power_analysis_of_other_answers_is_left_out_and_said(report):
    whole = report.page()
    report.results["power_summary"] = POWER | {"measured": {"stimuli": 16, "net_directed_success": 0.0}}
    page = report.page()
    for words in ("How large a second round must be", "smallest second round that reaches"):
        assert words in whole and words not in page
    assert "power analysis was made of other answers" in page and "made of other answers" not in whole


def test_a_second_round_without_answers_has_no_cards(report):
    report.pairs = report.pairs.iloc[:1]
    report.results["second_stimuli"] = report.results["second_stimuli"].iloc[:0]
    page = report.page()
    assert "second round: " not in page and "belong to other answers" not in page


def test_answers_without_repeats_tests_of_attention_or_models_make_a_report(report):
    report.trials = report.trials[(report.trials["phase"] == "main") & (report.trials["repetition"] == 0)]
    report.trials = report.trials.assign(rt_ms=float("nan"))
    report.results["participants"] = report.results["participants"].assign(lapse=pd.NA, blur_events=pd.NA)
    for name in ("exclusions", "alignment_swap_costs"):
        report.results[name] = report.results[name].iloc[:0]
    report.results["quality_report"] = {}
    sections = report.content().people
    assert [label for label, _ in sections[1].facts] == [
        "trials",
        "answered",
        "left out by rules",
        "answers as most others give them",
    ]
    assert not re.search(r"\bnan\b", report.page().split("<main>")[1].split("<script>")[0], re.IGNORECASE)


def test_stimuli_without_targets_make_a_report(report):
    nothing = dict.fromkeys(("target_1", "target_2", "model_1", "model_2"), pd.NA)
    for name in ("stimuli", "trial_stimuli"):
        report.results[name] = report.results[name].assign(**nothing, strategy="unknown")
    report.results["guidance_outcomes"] = report.results["guidance_outcomes"].iloc[:0]
    report.results["guidance_summary"] = guidance_summary(report.results["guidance_outcomes"])
    page = report.page()
    assert "figure_guidance" not in {figure.source for figure in report.content().figures}
    assert "No stimulus that was answered has two targets" in page and "Stimulus made for no two classes" in page
    assert [group.title for group in report.content().key_groups][:2] == ["Answers", "Agreement with people's choices"]
    assert "so sampling is left out" in page and "Sampling: accepted stimuli" not in page


def test_only_what_has_targets_is_said_to_look_like_two_classes(report):
    whole = report.page()
    assert (
        "look like the two classes named under it.\n" in whole
        and "Each image was made" in whole
        and "Images without" not in whole
    )
    stimuli = report.results["trial_stimuli"]
    report.results["trial_stimuli"] = stimuli.assign(strategy="unguided")
    assert "unguided ones only begin between the two" in report.page()
    mixed = stimuli.assign(target_1=stimuli["target_1"].where(stimuli["stimulus_id"] != "u"))
    report.results["trial_stimuli"] = mixed
    page = report.page()
    assert (
        "Each image that has targets was made to look like" in page and "Images without targets were not made" in page
    )
    report.pairs = report.pairs.iloc[:1]
    report.results["second_stimuli"] = report.results["second_stimuli"].iloc[:0]
    report.results["trial_stimuli"] = report.results["stimuli"] = stimuli.assign(strategy="natural")
    page = report.page()
    assert "lies, as was said of it, between the two classes" in page and "guiding classifier gives" not in page
    report.results["trial_stimuli"] = stimuli.assign(target_1=pd.NA, target_2=pd.NA)
    report.results["stimuli"] = report.results["trial_stimuli"]
    page = report.page()
    assert "None of these images was made to look like any two classes" in page
    assert "the two classes named under it" not in page


def test_sampling_of_other_stimuli_than_were_shown_is_left_out(report):
    assert "Sampling: accepted stimuli" in report.page() and "sampling is left out" not in report.page()
    kept = report.results["stimuli"].assign(
        stimulus_id=[f"other{row}" for row in range(len(report.results["stimuli"]))]
    )
    report.results["stimuli"] = kept
    titles = [table.title for table in report.content().tables]
    assert not [title for title in titles if title.startswith("Sampling")]
