import fcntl
import json
import os
import time

import pytest

from bam_pipelines.datasets.folder import FolderDataset
from bam_pipelines.experiment.server.places import Refused
from bam_pipelines.experiment.server.plan import read_plan
from bam_pipelines.experiment.server.store import LOG, AnswerStore


def begin(store, token=None, outside_id=None):
    return store.start(token, outside_id, store.plan.design_id)


def take_part(store, answers, blocks=(0, 1, 2)):
    place, token = begin(store)
    for block in blocks:
        assert store.save(token, place.session, block, answers(place.list, block))
    return place, token


def stored(store, place):
    return [json.loads(line) for line in store.file(place).read_text().splitlines()]


def refusal(call, *arguments):
    with pytest.raises(Refused) as caught:
        call(*arguments)
    return caught.value.status, caught.value.word, caught.value.detail


def test_everyone_gets_the_next_free_list_until_none_is_left(store):
    assert [begin(store)[0].list for _ in range(4)] == [1, 2, 3, 4]
    assert refusal(begin, store) == (410, "study_full", "all 4 lists are taken.")


def test_a_list_that_was_abandoned_is_given_again_when_none_is_free(open_store, answers, monkeypatch):
    store = open_store()
    monkeypatch.setattr(time, "time", lambda: 1000.0)
    place, token = take_part(store, answers)
    store.finish(token, place.session)
    begin(store)
    monkeypatch.setattr(time, "time", lambda: 2000.0)
    begin(store), begin(store)
    monkeypatch.setattr(time, "time", lambda: 4600.0)  # an hour after the second came
    assert refusal(begin, store)[1] == "study_full"
    monkeypatch.setattr(time, "time", lambda: 4601.0)
    assert begin(open_store())[0].list == 2
    # who has it now was just heard of, the third not for an hour
    monkeypatch.setattr(time, "time", lambda: 5700.0)
    assert [begin(open_store())[0].list for _ in range(2)] == [3, 4]
    assert refusal(begin, open_store())[1] == "study_full"


def test_what_is_saved_is_on_disk_in_order(store, answers):
    place, token = take_part(store, answers)
    store.finish(token, place.session)
    assert stored(store, place) == [record for block in (0, 1, 2) for record in answers(place.list, block)]
    assert place.finished


def test_a_block_that_is_sent_again_is_stored_once(store, answers):
    place, token = take_part(store, answers, blocks=(0, 1))
    before = stored(store, place)
    assert store.save(token, place.session, 1, answers(place.list, 1)) is False
    assert stored(store, place) == before
    assert refusal(store.save, token, place.session, 1, answers(place.list, 1, response=2))[:2] == (409, "study_error")
    assert stored(store, place) == before


def test_a_token_or_an_outside_id_leads_back_to_the_same_place(store, answers):
    place, token = begin(store, outside_id="5f0abc")
    store.save(token, place.session, 0, answers(place.list, 0))
    again, same = begin(store, token)
    assert (again.number, again.session, same) == (place.number, 2, token)
    elsewhere, other = begin(store, outside_id="5f0abc")
    assert elsewhere.number == place.number and other != token
    # both tokens are good from now on
    store.save(token, 3, 1, answers(place.list, 1))
    store.save(other, 3, 2, answers(place.list, 2))
    assert begin(store, outside_id="another")[0].number == 2


def test_the_next_person_at_a_machine_does_not_answer_in_the_place_of_the_one_before(store):
    place, token = begin(store, outside_id="ann")
    other, own = begin(store, token, outside_id="bob")
    assert (other.number, other.participant_id) == (2, "bob") and own != token
    assert begin(store, token, outside_id="ann")[0].number == begin(store, token)[0].number == place.number
    _, kept = begin(store)
    assert begin(store, kept, outside_id="cat")[0].number == 4


def test_only_the_newest_tab_may_send(store, answers):
    place, token = begin(store)
    begin(store, token)
    detail = "session 2 took over from session 1."
    assert refusal(store.save, token, 1, 0, answers(place.list, 0)) == (409, "other_tab", detail)
    assert store.save(token, 2, 0, answers(place.list, 0))


def test_unknown_tokens_and_old_pages_are_refused(store, answers):
    assert refusal(begin, store, "guess")[:2] == (403, "study_unknown")
    assert refusal(store.save, "guess", 1, 0, answers(1, 0))[:2] == (403, "study_unknown")
    assert refusal(store.start, None, None, "older")[:2] == (409, "study_error")
    assert store.places == []


def test_only_answers_to_the_block_are_stored(store, answers):
    place, token = begin(store)
    whole = answers(place.list, 1)
    cases = {
        "block 9": (9, whole),
        "block 1 of list 1 has 4 trials, the records answer 3 of them and 0 others": (1, whole[:-1]),
        "answer 4 of them and 1 others": (1, [*whole, {"stimulus_id": "0" * 16}]),
        "answer 4 of them and 4 others": (1, whole * 2),
    }
    for message, (block, records) in cases.items():
        status, _, detail = refusal(store.save, token, place.session, block, records)
        assert status == 422 and message in detail
    assert not store.file(place).exists()


def test_nobody_finishes_before_the_end(store, answers):
    place, token = take_part(store, answers, blocks=(0, 2))
    assert refusal(store.finish, token, place.session)[2] == "block 1 was not stored yet."


def test_a_new_store_knows_what_the_last_one_knew(open_store, answers):
    first = open_store()
    place, token = take_part(first, answers)
    first.finish(token, place.session)
    begin(first, outside_id="5f0abc")
    second = open_store()
    assert second.places == first.places
    assert begin(second, token)[0].session == 2
    assert begin(second, outside_id="5f0abc")[0].number == 2


@pytest.mark.parametrize("cut", [1, 10, 40])
def test_what_was_not_confirmed_before_a_kill_is_cut_off_and_can_be_sent_again(open_store, answers, cut):
    place, token = take_part(first := open_store(), answers, blocks=(0, 1))
    confirmed = stored(first, place)
    # killed while the second block's confirmation was being written
    log = first.folder / LOG
    log.write_bytes(log.read_bytes()[:-cut])
    second = open_store()
    assert stored(second, place) == confirmed[:2]
    assert set(second.places[0].blocks) == {0}
    assert second.save(token, 1, 1, answers(place.list, 1))
    assert stored(second, place) == confirmed


def test_half_a_block_behind_the_confirmed_end_is_cut_off(open_store, answers):
    place, _ = take_part(first := open_store(), answers, blocks=(0,))
    confirmed = stored(first, place)
    with open(first.file(place), "a") as file:
        file.write('{"trial_index": 5, "stim')
    second = open_store()
    assert stored(second, place) == confirmed


def test_answers_that_vanished_are_missed(open_store, answers):
    place, _ = take_part(first := open_store(), answers, blocks=(0,))
    first.file(place).write_text("")
    with pytest.raises(ValueError, match="has 0 bytes, .* were confirmed"):
        open_store()


def test_answers_that_were_changed_are_named_with_their_block(open_store, answers):
    place, _ = take_part(first := open_store(), answers, blocks=(0, 2, 1))
    file = first.file(place)
    content = file.read_bytes()
    file.write_bytes(content[:-3] + bytes([content[-3] ^ 1]) + content[-2:])
    with pytest.raises(ValueError, match=rf"{file}, block 1: not what was confirmed, .*; bring it back, or start with"):
        open_store()
    file.write_bytes(content)
    assert set(open_store().places[0].blocks) == {0, 1, 2}


def test_a_block_that_found_no_room_is_stored_once_there_is(open_store, answers, monkeypatch):
    place, token = take_part(store := open_store(), answers, blocks=(0,))

    def full(handle):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space left"):
        patch.setattr(os, "fsync", full)
        store.save(token, place.session, 1, answers(place.list, 1))
    assert set(place.blocks) == {0}
    assert store.save(token, place.session, 1, answers(place.list, 1))
    again = open_store()
    assert stored(again, place) == [record for block in (0, 1) for record in answers(place.list, block)]


def test_a_folder_without_locks_is_refused(study_plan, tmp_path, monkeypatch):
    def unsupported(file, operation):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    with pytest.raises(ValueError, match=r"server\.log cannot be locked \(Operation not supported\): name a folder"):
        AnswerStore(tmp_path / "answers", study_plan, 3600)


def test_a_damaged_log_is_named_with_its_line(open_store, answers):
    take_part(first := open_store(), answers, blocks=(0,))
    log = first.folder / LOG
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join([lines[0], "nonsense\n", *lines[1:]]))
    with pytest.raises(ValueError, match="server.log, line 2: cannot be read"):
        open_store()


def test_answers_to_another_study_are_left_alone(open_store, answers, build, tmp_path):
    store = open_store()
    take_part(store, answers, blocks=(0,))
    store.close()
    FolderDataset(filepath=str(tmp_path / "other")).save(build(scale=3))
    with pytest.raises(ValueError, match="holds answers to another study .*name another folder with --answers"):
        AnswerStore(store.folder, read_plan(tmp_path / "other"), 3600)


def test_two_servers_do_not_write_to_one_folder(store, study_plan):
    with pytest.raises(ValueError, match="another server writes to"):
        AnswerStore(store.folder, study_plan, 3600)


def test_a_folder_without_a_study_is_named(tmp_path):
    with pytest.raises(ValueError, match="holds no study that can be read .*run `kedro run --pipelines experiment`"):
        read_plan(tmp_path)
