"""Pseudonyms against the standard's own definition."""

import hashlib
import hmac

import pytest

from bam_pipelines.behavior.pseudonyms import Pseudonyms


def test_a_pseudonym_is_the_keyed_hash():
    expected = "p" + hmac.new(b"salt and pepper", b"5f3c", hashlib.sha256).hexdigest()[:16]
    assert Pseudonyms("salt and pepper").of("5f3c") == expected


def test_another_salt_or_id_gives_another():
    names = {Pseudonyms(salt).of(one) for salt in ("salt one", "salt two") for one in ("a", "b")}
    assert len(names) == 4


def test_a_short_salt_is_refused_and_none_is_ever_shown():
    with pytest.raises(ValueError, match="fewer than 8 characters"):
        Pseudonyms("short")
    assert "salt and pepper" not in repr(Pseudonyms("salt and pepper"))


def test_long_ids_are_hidden_everywhere_and_short_ones_as_whole_words():
    names = Pseudonyms("salt and pepper")
    hidden = names.hide("worker17_1700 17.json of 5f3c2a9b1x", ["17", "5f3c2a9b"])
    assert hidden == f"worker17_1700 {names.of('17')}.json of {names.of('5f3c2a9b')}1x"


def test_the_longest_of_overlapping_ids_is_hidden_first():
    names = Pseudonyms("salt and pepper")
    assert names.hide("abcdef123", ["abcdef", "abcdef123"]) == names.of("abcdef123")


def test_of_published_ids_letters_and_digits_are_kept():
    assert Pseudonyms(None).of_all(["subject-01", "Exp1_S02"]) == {"subject-01": "subject01", "Exp1_S02": "Exp1S02"}
    assert Pseudonyms(None).hide("subject-01", ["subject-01"]) == "subject-01"


@pytest.mark.parametrize("ids", [["a-1", "a1"], ["--"]])
def test_published_ids_that_nothing_else_tells_apart(ids):
    with pytest.raises(ValueError, match=f"published participant id '{ids[-1]}'.* set participant_ids to outside"):
        Pseudonyms(None).of_all(ids)
