"""What the server knows of a study: its design, and what each block of each list must bring."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bam_pipelines.compute.faults import InputError

_ASSIGNMENT = "window.BAM_LIST = "


@dataclass(frozen=True)
class StudyPlan:
    """A study that was built.

    Parameters
    ----------
    folder
        Of the study.
    name, design_id
        As its ``design.json`` has them.
    personal_lists
        Whether each list is one person's, who brings its number.
    blocks
        By list and block number, the stimulus ids that it shows, each as often as it is shown.
    """

    folder: Path
    name: str
    design_id: str
    personal_lists: bool
    blocks: Mapping[int, Mapping[int, Counter[str]]]

    def check(self, number: int, block: int, records: Sequence[Mapping[str, Any]]) -> None:
        """Check that records hold the answers to a block of a list, one for each trial.

        Parameters
        ----------
        number, block
            Of the list, and of the block in it.
        records
            jsPsych's; those without a ``stimulus_id`` are no trials.

        Raises
        ------
        ValueError
            If they don't, or the list has no such block.
        """
        planned = self.blocks[number].get(block)
        if planned is None:
            raise InputError(f"list {number} has no block {block}, expected one of {sorted(self.blocks[number])}.")
        answered = Counter(str(record["stimulus_id"]) for record in records if record.get("stimulus_id") is not None)
        if answered != planned:
            raise InputError(
                f"block {block} of list {number} has {planned.total()} trials, the records answer "
                f"{(answered & planned).total()} of them and {(answered - planned).total()} others."
            )


def read_plan(folder: Path) -> StudyPlan:
    """Read the plan of a study from its folder.

    Raises
    ------
    ValueError
        If it is no folder of a study.
    """
    try:
        design = json.loads((folder / "design.json").read_text(encoding="utf-8"))
        lists = [_list(folder / "lists" / f"{number}.js") for number in range(1, design["n_lists"] + 1)]
        blocks = {one["list"]: _blocks(one) for one in lists}
        return StudyPlan(folder, design["name"], design["design_id"], design["personal_lists"], blocks)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f"{folder} holds no study that can be read ({error}); run `kedro run --pipelines experiment` to build one."
        ) from None


def _list(path: Path) -> dict[str, Any]:
    script = path.read_text(encoding="utf-8").strip()
    found: dict[str, Any] = json.loads(script.removeprefix(_ASSIGNMENT).removesuffix(";"))
    return found


def _blocks(one: Mapping[str, Any]) -> dict[int, Counter[str]]:
    return {block["number"]: Counter(trial["stimulus_id"] for trial in block["trials"]) for block in one["blocks"]}
