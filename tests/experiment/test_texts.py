import shutil

import pytest

from bam_pipelines.experiment.texts import PAGES, read_texts
from tests.experiment.conftest import CONF

TEXTS = CONF / "experiment" / "texts"


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(TEXTS, tmp_path / "texts")
    return tmp_path / "texts"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_shipped_languages_are_whole(language):
    found = read_texts(TEXTS, language)
    assert set(PAGES) < set(found)
    assert all(text.strip() for text in found.values())
    assert found["welcome"].startswith("<h1>")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_people_are_told_what_to_press_for_the_whole_screen(language):
    found = read_texts(TEXTS, language)
    assert found["continue"] in found["fullscreen"]


def test_languages_differ_in_every_text():
    english, chinese = read_texts(TEXTS, "en"), read_texts(TEXTS, "zh")
    assert [name for name in english if english[name] == chinese[name]] == []


def test_html_of_a_text_is_shown_and_not_obeyed(folder):
    (folder / "en" / "consent.md").write_text("**bold** <script>alert(1)</script>\n\n[x](javascript:alert(1))")
    html = read_texts(folder, "en")["consent"]
    assert "<strong>bold</strong>" in html
    assert "<script" not in html and "href" not in html


def test_what_is_wrong_with_texts_is_said(folder):
    with pytest.raises(ValueError, match="experiment.language is 'fr', but .* is no folder; expected one of en, zh"):
        read_texts(folder, "fr")
    words = folder / "zh" / "interface.yml"
    words.write_text(words.read_text(encoding="utf-8").replace("agree:", "agreed:"), encoding="utf-8")
    with pytest.raises(ValueError, match="zh/interface.yml lacks agree; translate"):
        read_texts(folder, "zh")
    words.write_text("a: b: c")
    with pytest.raises(ValueError, match="is no YAML"):
        read_texts(folder, "zh")
    words.write_text("- a")
    with pytest.raises(ValueError, match="holds no mapping"):
        read_texts(folder, "zh")
    (folder / "en" / "screen.md").write_text("  \n")
    with pytest.raises(ValueError, match="screen.md is empty"):
        read_texts(folder, "en")
    (folder / "en" / "screen.md").unlink()
    with pytest.raises(ValueError, match="screen.md cannot be read"):
        read_texts(folder, "en")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("x: &x [y, y]\nxx: &xx [*x, *x]\ncontinue: [*xx, *xx]", "x is no text"),
        ("continue: {a: b}", "continue is no text"),
        ("continue: 2026-99-99", "is no YAML"),
        ("continue: " + "[" * 3000, "is no YAML"),
        ("continue: !!python/object/apply:os.system [ls]", "is no YAML"),
        ("- a\n- b", "holds no mapping"),
    ],
)
def test_words_that_are_something_else_are_named(folder, words, reason):
    path = folder / "en" / "interface.yml"
    rest = "\n".join(line for line in path.read_text().splitlines() if not line.startswith("continue:"))
    path.write_text(words if words.startswith("-") else f"{rest}\n{words}")
    with pytest.raises(ValueError, match=rf"interface\.yml:? .*{reason}|interface\.yml {reason}"):
        read_texts(folder, "en")
