"""What people read: Markdown pages and the words on buttons, a folder a language."""

from pathlib import Path

import yaml
from markdown_it import MarkdownIt

from bam_pipelines.compute.faults import InputError

PAGES = ("welcome", "consent", "instructions_digit", "instructions_judgment", "screen", "debrief")
WORDS = "interface.yml"


def read_texts(folder: Path, language: str) -> dict[str, str]:
    """Read one language's texts.

    Parameters
    ----------
    folder
        Holds a folder for each language, in it ``<page>.md`` for each of :data:`PAGES`, and ``interface.yml``.
    language
        Name of the folder, and of the page's language.

    Returns
    -------
    dict
        HTML of each page, made without any HTML of the source's own, and the plain text of each word of the interface.

    Raises
    ------
    ValueError
        If a file is absent, empty or no Markdown or YAML in UTF-8, or a word is missing.
    """
    place = folder / language
    if not place.is_dir():
        known = ", ".join(sorted(path.name for path in folder.glob("*") if path.is_dir())) or "none"
        raise InputError(
            f"experiment.language is {language!r}, but {place} is no folder; expected one of {known}, or add it there."
        )
    markdown = MarkdownIt("js-default", {"linkify": False})
    pages = {page: markdown.render(_read(place / f"{page}.md")) for page in PAGES}
    return {**pages, **_words(place / WORDS, folder / "en" / WORDS)}


def _words(path: Path, reference: Path) -> dict[str, str]:
    words, expected = _mapping(path), _mapping(reference)
    missing = sorted(set(expected) - set(words))
    if missing:
        raise InputError(f"{path} lacks {', '.join(missing)}; translate the words of {reference}.")
    # a list of lists of lists by reference is a short file and a text without an end
    strange = [name for name in expected if not isinstance(words[name], str | int | float)]
    if strange:
        raise InputError(f"{path}: {strange[0]} is no text; expected a line `name: text` for each word.")
    return {name: str(words[name]) for name in expected}


def _mapping(path: Path) -> dict[str, object]:
    try:
        found = yaml.safe_load(_read(path))
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # dates such as 2026-99-99 are a plain ValueError
        raise InputError(f"{path} is no YAML ({error}); expected a line `name: text` for each word.") from None
    if not isinstance(found, dict):
        raise InputError(f"{path} holds no mapping; expected a line `name: text` for each word.")
    return found


def _read(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as text in UTF-8 ({error}); the study needs it.") from None
    if not text.strip():
        raise InputError(f"{path} is empty; the study shows it to people.")
    return text
