"""The run's report: one HTML page that needs nothing else to open."""

import base64
from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, StrictUndefined


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
class GalleryItem:
    """One stimulus: its PNG and the lines to write under it, the targets first."""

    png: bytes
    lines: list[str]


@dataclass(frozen=True)
class ReportFigure:
    """One figure: PNG, title and what the reader should see in it."""

    png: bytes
    title: str
    caption: str


@dataclass(frozen=True)
class ReportTable:
    """One table.

    Parameters
    ----------
    title
        Above it.
    columns, rows
        Text cells.
    folded
        Whether a click opens it.
    """

    title: str
    columns: list[str]
    rows: list[list[str]]
    folded: bool = False


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
    key_numbers, gallery, figures, tables
        The page's sections, in this order.
    identity
        Label and value of what identifies the run.
    artifacts
        Catalog entry to version.
    limits
        One sentence each.
    """

    title: str
    simulated: bool
    notices: list[str]
    key_numbers: list[KeyNumber]
    gallery: list[GalleryItem]
    figures: list[ReportFigure]
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
        HTML with its styles and images inside; every text is escaped.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["data_uri"] = _data_uri
    source = files("bam_pipelines.analysis").joinpath("templates/report.html.j2").read_text(encoding="utf-8")
    return environment.from_string(source).render(content=content)


def _data_uri(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
