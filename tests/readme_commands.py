"""The commands of a page, and a program that runs some of them in a copy of the project, in one process."""

import json
import os
import re
import shlex
import sys
import time
from pathlib import Path

import numpy as np

SALT = "a secret of the test"
# what a study's path of answers is, where a command does not say another
ANSWERS = "data/01_raw/jspsych"


def commands(page):
    """Return each command of a page's bash blocks as its words; a placeholder, <in brackets>, is one word."""
    blocks = re.findall(r"^```bash\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", "").splitlines()]
    whole = [re.sub(r"<[^<>]+>", lambda found: found[0].replace(" ", "_"), line) for line in lines]
    return [words for line in whole if (words := shlex.split(line, comments=True))]


def options_of(words):
    """Return the options of ``kedro run`` with these words, as Kedro itself reads them."""
    from kedro.framework.cli.project import run

    return run.make_context("kedro run", list(words[2:])).params


def write_answers(folder, round_number):
    """Let two people answer each list of the newest study, or each person of a second round the list that is theirs."""
    from bam_pipelines.behavior.pseudonyms import Pseudonyms
    from bam_pipelines.experiment.server.plan import read_plan

    prefix = "" if round_number == 1 else f"round_{round_number}_"
    study = newest(folder / "data/smoke/07_model_output" / f"{prefix}study")
    plan = read_plan(study)
    people = {number: [f"person-{number}-{hand}" for hand in "ab"] for number in plan.blocks}
    if plan.personal_lists:
        import pandas as pd

        names = {Pseudonyms(SALT).of(f"person-{number}-{hand}"): f"person-{number}-{hand}"
                 for number in range(1, 50) for hand in "ab"}  # fmt: skip
        places = pd.read_parquet(newest(folder / "data/smoke/05_model_input" / f"{prefix}study_places.parquet"))
        people = {row.list: [names[row.participant_id]] for row in places.itertuples()}
    place = folder / (ANSWERS if round_number == 1 else f"{ANSWERS}_round_{round_number}")
    place.mkdir(parents=True, exist_ok=True)
    for number, whom in people.items():
        for person in whom:
            records = list(answers(study, number, person, round_number))
            (place / f"{person}.json").write_text(json.dumps(records))


def answers(study, number, person, round_number):
    """Yield a person's record of each trial of a list: catch trials right, others at random."""
    script = (study / "lists" / f"{number}.js").read_text().strip()
    blocks = json.loads(script.split(" = ", 1)[1].removesuffix(";"))["blocks"]
    draw = np.random.default_rng(list(person.encode()))
    said = {"trial_type": "html-multi-response", "response_source": "keyboard", "task": "digit", "round": round_number}
    for index, (block, trial) in enumerate((one["number"], trial) for one in blocks for trial in one["trials"]):
        answer = trial["expected_response"] if trial["expected_response"] is not None else int(draw.integers(10))
        given = {"keyboard_response": str(answer), "rt": int(draw.integers(400, 900)), "trial_index": index}
        yield {**said, **trial, **given, "block": block, "participant_id": person, "session": 1}


def newest(entry):
    """Return the newest version of an entry."""
    return max(entry.glob(f"*/{entry.name}"))


def main():
    """Run ``kedro run`` with each list of words that stands on the standard input, and say how long each took."""
    from kedro.framework.cli.project import run
    from kedro.framework.startup import bootstrap_project

    bootstrap_project(Path.cwd())
    os.environ["BAM_SALT"] = SALT
    for words in json.load(sys.stdin):
        if any("behavior.source=jspsych" in word for word in words) and not any(".path=" in word for word in words):
            write_answers(Path.cwd(), 2 if any("manipulation_analysis" in word for word in words) else 1)
        began = time.monotonic()
        run.main(words[2:], prog_name="kedro run", standalone_mode=False)
        print(f"DONE {shlex.join(words)} in {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
