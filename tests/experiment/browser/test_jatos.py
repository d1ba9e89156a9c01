"""The page as JATOS shows it."""

import io
import itertools
import json
import zipfile

from bam_pipelines.experiment.jatos_study import jatos_archive
from tests.experiment.browser.conftest import check_round_trip, planned, take_part

STORED = ("sent", "ended", "lists")


# what a page sees of JATOS 3: https://www.jatos.org/jatos.js-Reference.html
STUB = """
const kept = (name, value) => localStorage.setItem(name, JSON.stringify(value));
const sent = [];
let refusals = 1;
window.jatos = {
  workerId: 77,
  urlQueryParameters: { PROLIFIC_PID: "5f0abc77de" },
  onLoad: (call) => call(),
  batchSession: {
    get: () => ({ 1: 1, 2: 0, 3: 1, 4: 1 }),
    set: (name, value) => (refusals-- > 0 ? Promise.reject("out of date") : Promise.resolve(kept(name, value))),
  },
  submitResultData: (data) => Promise.resolve(kept("sent", (sent.push(JSON.parse(data)), sent))),
  endStudy: (successful) => kept("ended", [successful, sent.length]),
};
"""


def test_jatos_gets_the_whole_so_far_after_each_block_and_then_the_end(
    browser, build, plan, texts, settings_of, read_back, tmp_path
):
    with zipfile.ZipFile(io.BytesIO(jatos_archive(build(), texts, settings_of()[0]))) as archive:
        archive.extractall(tmp_path)
    (tmp_path / "digits" / "jatos.js").write_text(STUB)
    browser.get((tmp_path / "digits" / "index.html").as_uri())
    assert take_part(browser)[0] == ["finished"]
    sent, ended, lists = (json.loads(browser.execute_script(f"return localStorage['{name}']")) for name in STORED)
    assert ended == [True, 3]
    assert lists == {"1": 1, "2": 1, "3": 1, "4": 1}
    # each time all that was sent before, and more
    assert [one[: len(before)] == before for before, one in itertools.pairwise(sent)] == [True, True]
    results = tmp_path / "results"
    results.mkdir()
    (results / "whole.json").write_text(json.dumps(sent[-1]))
    check_round_trip(read_back(results).trials, planned(plan, 2), "keyboard")
