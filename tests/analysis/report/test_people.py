import re

import pytest

LAPSE = "lapse: answers given at random"


@pytest.fixture
def people(report):
    return {section.participant_id: section for section in report.content().people}


def test_everyone_has_a_section_and_a_row(people):
    assert list(people) == list("abcd")
    assert [section.included for section in people.values()] == [True, False, True, True]
    # a: 3 of 4 clear images; t again with another answer; of s, t and u only t as most others
    assert people["a"].overview == [
        "yes", "8", "75.0% [30.1%, 95.4%] of 4", "0.0% [0.0%, 79.3%] of 1", "33.3% [6.1%, 79.2%] of 3",
    ]  # fmt: skip
    assert people["d"].overview[2:4] == ["—", "—"]


def test_facts_leave_out_what_nobody_knows(people):
    facts = dict(people["a"].facts)
    assert (facts["answered"], facts[LAPSE], facts["times the window was left"]) == ("8", "37.5%", "2")
    assert facts["median response time, ms"] == "450 [400, 500]"
    assert dict(people["d"].facts)["answered"] == "2" and LAPSE not in dict(people["d"].facts)


def test_intervals_do_not_break_in_a_narrow_cell(report):
    page = report.page()
    assert page.count("33.3% [6.1%,\N{NO-BREAK SPACE}79.2%] of 3") == 2  # a's row of the overview, and a's facts
    assert re.findall(r"<t?d[dh]?>[^<]*\[[^<\]]* [^<]*", page) == []


def tables(section):
    return {table.title: table.rows for table in section.tables}


def test_broken_rules_say_what_they_leave_out(people):
    assert tables(people["a"])["Exclusions"] == [["rt window", "2 trials", "—", "150 to 10000 ms"]]
    assert tables(people["b"])["Exclusions"] == [["catch accuracy", "the participant", "0.5", "at least 0.75"]]
    assert "Exclusions" not in tables(people["c"])


def test_models_stand_beside_one_another(people):
    vgg, lrm = tables(people["a"])["Models"]
    # accuracies of 10 trials .25, .5, .75; log-losses 2 - 2 times them; others' models .75 and 1.25 against .5
    agreement = ["0.25 [0.08, 0.56]", "0.50 [0.24, 0.76]", "0.75 [0.44, 0.92]"]
    assert vgg == ["VGG", "10", *agreement, "1.50", "1.00", "0.50", "+0.50", "+0.50"]
    assert (lrm[0], lrm[-1]) == ("LRM", "—")
    assert tables(people["b"])["Models"][0][-1] == "-0.50"
    assert "Models" not in tables(people["c"])


def test_a_second_round_is_told_by_pair_and_source(people):
    assert tables(people["a"])["Second round"] == [
        ["ac", "c", "customised", "1", "100.0% [20.7%, 100.0%]", "0", "1"],
        ["ac", "c", "swapped pair", "1", "0.0% [0.0%, 79.3%]", "0", "0"],
    ]
    assert tables(people["c"])["Second round"][0][1] == "a"
    assert "Second round" not in tables(people["b"])
    assert people["a"].no_second_round == ""


def test_who_has_no_second_round_is_told_why(report):
    def reason():
        (section,) = [section for section in report.content().people if section.participant_id == "b"]
        return section.no_second_round

    # b is in a pair of the first round alone
    sentence = "In no pair of the second round."
    assert reason() == sentence and f"<h4>Second round</h4>\n<p>{sentence}</p>" in report.page()
    report.results["manipulation_summary"]["left_out"] = {"bd": "d has no answer in round 2."}
    assert reason().startswith("In no pair whose two people both answered it")
    report.pairs = report.pairs[report.pairs["round"] == 1]
    assert reason() == "No second round was answered."
    report.pairs = report.pairs.assign(choice_2=2)
    assert reason().endswith("belongs to other answers than these.")


def test_a_lapse_is_explained_where_it_is_first_named(report):
    page = report.page().split("</style>")[1].lower()
    assert page[page.index("lapse") :].startswith("lapse is an answer given at random, whatever is shown")


def test_confusion_has_the_names_of_classes(people):
    table = people["a"].confusion
    assert table.columns[1:] == ["cat", "dog", "emu"]
    # s: one other said cat, two said dog; t: two dog and one emu; u: both emu
    assert table.rows == [["dog", "1", "1", ""], ["emu", "1", "", ""]]


def test_lone_answers_show_their_images(people):
    lone = people["a"].lone
    assert [(one.card.stimulus_id, one.response) for one in lone] == [("u", 0)] and people["a"].n_lone == 1
    assert [(one.card.stimulus_id, one.response) for one in people["d"].lone] == [("t", 2)]
    assert people["b"].lone == [] and people["b"].n_lone == 0


def test_more_people_than_there_is_room_for_are_said(report):
    report.settings = report.settings.__class__(**{**vars(report.settings), "people_shown": 3})
    assert [section.participant_id for section in report.content().people] == list("abc")
    assert "For\n1 more there was no room" in report.page()


def test_pairs_of_other_answers_are_left_out(report):
    report.pairs = report.pairs.assign(choice_2=2)
    assert all("Second round" not in tables(section) for section in report.content().people)
