"""The experimenter's page: who is how far, and whom the quality rules would exclude so far."""

import time
from pathlib import Path
from typing import Any

from jinja2 import Environment

from bam_pipelines.experiment.server.places import Place
from bam_pipelines.experiment.server.screening import Screen
from bam_pipelines.experiment.server.store import AnswerStore

_PAGE = Path(__file__).parents[1] / "page" / "status.html.j2"
STATUS_SCRIPT = _PAGE.with_name("status.js")


def status_page(store: AnswerStore, screen: Screen) -> str:
    """Return the page, without anybody's outside id.

    Parameters
    ----------
    store
        What was answered so far.
    screen
        Applies the quality rules.
    """
    finished = frozenset(place.participant_id for place in store.places if place.finished)
    reasons, trouble = _screened(store, screen, finished)
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(_PAGE.read_text(encoding="utf-8"))
    return template.render(
        name=store.plan.name,
        folder=store.folder,
        places=[_row(store, place, reasons.get(place.participant_id, "")) for place in store.places],
        n_lists=len(store.plan.blocks),
        finished=len(finished),
        excluded=sum(reason != "" for reason in reasons.values()),
        trouble=trouble,
    )


def _screened(store: AnswerStore, screen: Screen, finished: frozenset[str]) -> tuple[dict[str, str], str | None]:
    """Return the broken rules by id, and what keeps the rules from being applied: a file that cannot be read."""
    if not any(block > 0 for place in store.places for block in place.blocks):
        return {}, None
    try:
        return screen(finished).to_dict(), None
    except ValueError as error:
        return {}, str(error)


def _row(store: AnswerStore, place: Place, reason: str) -> dict[str, Any]:
    # practice is no trial that the rules or planned_trials count
    planned = {block: shown.total() for block, shown in store.plan.blocks[place.list].items() if block > 0}
    answered = sum(planned.get(block, 0) for block in place.blocks)
    return {
        "number": place.number,
        "list": place.list,
        "sessions": place.session,
        "answered": answered,
        "planned": sum(planned.values()),
        "heard": _ago(time.time() - place.seen),
        "finished": place.finished,
        "excluded": reason.replace(";", ", ").replace("_", " "),
    }


def _ago(seconds: float) -> str:
    minutes = int(seconds / 60)
    return f"{minutes} min ago" if minutes < 120 else f"{minutes // 60} h ago"
