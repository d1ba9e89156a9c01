"""The run's report: one HTML page that needs nothing else to open."""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from bam_pipelines.analysis.report_cards import Gallery
from bam_pipelines.analysis.report_people import OVERVIEW, PersonSection
from bam_pipelines.analysis.report_tables import ReportTable

_INTERVAL = re.compile(r"\[[^\[\]]*\]")


@dataclass(frozen=True)
class KeyNumber:
    """One measure beside the paper's.

    Parameters
    ----------
    measure
        What was measured.
    published
        The paper's value as text, or ``—``.
    found
        This run's value as text.
    """

    measure: str
    published: str
    found: str


@dataclass(frozen=True)
class KeyGroup:
    """Measures of one kind, and the catalog entries that they come from."""

    title: str
    sources: tuple[str, ...]
    numbers: list[KeyNumber]


@dataclass(frozen=True)
class ReportFigure:
    """One figure.

    Parameters
    ----------
    png
        The picture.
    title, caption
        Its name, and what the reader should see in it.
    source
        Its catalog entry.
    """

    png: bytes
    title: str
    caption: str
    source: str


@dataclass(frozen=True)
class ReportContent:
    """Everything that the page shows.

    Parameters
    ----------
    title
        Without the remark on simulation, which is added.
    simulated
        Whether the participants are simulated.
    notices
        What must be read first, a paragraph each.
    key_groups, figures, gallery, people
        The page's sections, in this order.
    people_left_out
        Number of participants without a section of their own.
    tables
        The last section.
    identity
        Label and value of what identifies the run.
    artifacts
        Catalog entry to version, which is the Kedro session that wrote it.
    limits
        One sentence each.
    """

    title: str
    simulated: bool
    notices: list[str]
    key_groups: list[KeyGroup]
    figures: list[ReportFigure]
    gallery: Gallery
    people: list[PersonSection]
    people_left_out: int
    tables: list[ReportTable]
    identity: list[tuple[str, str]]
    artifacts: dict[str, str]
    limits: list[str]


def build_report(content: ReportContent) -> str:
    """Render the report.

    Parameters
    ----------
    content
        What it shows.

    Returns
    -------
    str
        HTML with its styles, script and images inside; every text is escaped. Without the script everything is there
        to be read; it adds the filters and shows one participant at a time.
    """
    environment = Environment(
        loader=PackageLoader("bam_pipelines.analysis"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["data_uri"] = _data_uri
    environment.filters["class_name"] = _class_name
    environment.filters["unbroken"] = _unbroken
    environment.filters["by_version"] = _by_version
    return environment.get_template("report.html.j2").render(content=content, overview=OVERVIEW)


def _data_uri(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def _class_name(number: int, classes: list[str]) -> str:
    return classes[number]


def _unbroken(text: str) -> str:
    """Keep each interval in brackets in one line, however narrow its cell is."""
    return _INTERVAL.sub(lambda found: found[0].replace(" ", "\N{NO-BREAK SPACE}"), text)


def _by_version(sources: Iterable[str], artifacts: dict[str, str]) -> list[tuple[str, list[str]]]:
    """Return each version and the entries that have it, in the order of their first mention."""
    groups: dict[str, list[str]] = {}
    for name in sources:
        groups.setdefault(artifacts.get(name, "(version not known)"), []).append(name)
    return list(groups.items())
