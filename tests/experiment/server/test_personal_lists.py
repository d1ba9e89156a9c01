import pytest

from bam_pipelines.datasets.folder import FolderDataset
from bam_pipelines.experiment.server.places import Refused
from bam_pipelines.experiment.server.plan import read_plan
from bam_pipelines.experiment.server.store import AnswerStore
from bam_pipelines.experiment.study import study_files
from tests.experiment.conftest import CLASSES


@pytest.fixture
def personal(plan, texts, settings_of, tmp_path):
    folder = tmp_path / "second"
    lists, shown = plan()
    FolderDataset(filepath=str(folder)).save(study_files(lists, shown, texts, settings_of()[0], CLASSES, 2))
    store = AnswerStore(tmp_path / "answers", read_plan(folder), 3600)
    yield store
    store.close()


def test_a_list_is_its_persons_alone(personal):
    design = personal.plan.design_id
    place, _ = personal.start(None, "anna", design, 3)
    assert place.list == 3
    for number in (None, 3, 9):
        with pytest.raises(Refused) as caught:
            personal.start(None, "ben", design, number)
        assert (caught.value.status, caught.value.word) == (403, "study_unknown")
    # who comes back is known
    again, token = personal.start(None, "anna", design, 3)
    assert again.session == 2
    # and who opens another list at the same machine is another
    assert personal.start(token, None, design, 2)[0].list == 2
    assert personal.start(token, None, design, 3)[0].list == personal.start(token, None, design)[0].list == 3


def test_lists_of_a_first_round_may_be_asked_for(store):
    assert store.start(None, None, store.plan.design_id, 2)[0].list == 2
    assert store.start(None, None, store.plan.design_id)[0].list == 1
    assert store.start(None, None, store.plan.design_id)[0].list == 3
