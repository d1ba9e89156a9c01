"""Ratings of classes to answers, by hand."""

import pytest

from bam_pipelines.behavior.readers.delimited import read_delimited
from bam_pipelines.behavior.readers.ratings import choose_highest

HEADER = "person,trial,kind,score"


def choose(*rows, names=None):
    return choose_highest(read_delimited("\n".join([HEADER, *rows, ""]), "t.csv"), "kind", "score", names or {}, 3)


def test_the_highest_rating_is_the_answer_and_a_tie_is_none():
    found = choose("a,1,0,.2", "a,1,1,.7", "a,1,2,.1", "a,2,0,.5", "a,2,2,.5", "a,2,1,0")
    assert found.fields["response"].tolist() == ["1", None]
    assert found.fields[["rating_0", "rating_1", "rating_2"]].to_numpy().tolist() == [
        ["0.2", "0.7", "0.1"],
        ["0.5", "0.0", "0.5"],
    ]
    assert found.fields["trial"].tolist() == ["1", "2"]
    assert found.origins["line"].tolist() == [2, 5]


def test_classes_may_have_names():
    found = choose("a,1,cat,.2", "a,1,Dog,.7", "a,1,owl,.1", names={"cat": 2, "dog": 0, "owl": 1})
    assert found.fields["response"].tolist() == ["0"]
    assert found.fields["rating_2"].tolist() == ["0.2"]


@pytest.mark.parametrize(
    "last", ["a,1,1,.1", "a,1,2,", "a,1,7,.1"], ids=["a class twice", "no rating", "no such class"]
)
def test_a_trial_without_a_rating_for_each_class_is_rejected(last):
    found = choose("a,1,0,.2", "a,1,1,.7", last, "b,1,0,1", "b,1,1,0", "b,1,2,0")
    assert found.fields["person"].tolist() == ["b"]
    assert found.rejects[["line", "reason"]].to_numpy().tolist() == [
        [2, "found no rating for each of 3 classes, expected one"]
    ]


def test_an_absent_field_is_named():
    with pytest.raises(ValueError, match="found no column mark, expected one of person, trial, kind, score"):
        choose_highest(read_delimited(HEADER + "\n", "t.csv"), "kind", "mark", {}, 3)
