"""What the documentation's build adds to pages."""

import pytest

from tools.site_pages import loaded_from_elsewhere, named_files, on_page_content, public_modules


def test_science_has_pages_and_what_kedro_calls_has_none():
    modules = public_modules()
    assert {"guidance.objectives", "behavior.schemas", "images", "experiment.server.store"} <= set(modules)
    assert not [name for name in modules if name.split(".")[0] in ("pipelines", "hooks", "datasets", "cli", "settings")]


def test_files_outside_the_pages_are_found_from_where_a_page_lies():
    text = "[a](../CITATION.cff) ![b](../benchmarks/results/loop.png) [c](method.md) [d](../no_such_file.md)"
    assert named_files(text, "page.md") == ["CITATION.cff", "benchmarks/results/loop.png"]
    assert named_files("[a](../../CITATION.cff)", "folder/page.md") == ["CITATION.cff"]


def test_formulas_become_mathml():
    block = on_page_content('<p>a</p><div class="arithmatex">\\[\nx &lt; \\frac{1}{2}\n\\]</div>')
    assert block.startswith("<p>a</p><math") and 'display="block"' in block
    assert "<mfrac>" in block and "&lt;" in block.replace("&#x0003C;", "&lt;") and "arithmatex" not in block
    inline = on_page_content('<span class="arithmatex">\\(o_1\\)</span>')
    assert 'display="inline"' in inline and "<msub>" in inline


@pytest.mark.parametrize(
    "page",
    [
        '<script src="https://example.org/a.js"></script>',
        "<img alt=x src=//example.org/a.png>",
        '<link rel="stylesheet" href="https://example.org/a.css">',
        '<link href="https://example.org" rel="preconnect" crossorigin>',
    ],
)
def test_what_a_page_loads_from_elsewhere_is_found(page):
    assert len(loaded_from_elsewhere(page)) == 1


def test_links_and_own_files_are_no_loads():
    own = (
        '<a href="https://example.org">x</a><script src="assets/a.js"></script><link rel="stylesheet" href="site.css">'
    )
    assert loaded_from_elsewhere(own) == []
