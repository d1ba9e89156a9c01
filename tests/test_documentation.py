"""README and the pages of the documentation lead nowhere that is not there, and say what the project has."""

import re
from pathlib import Path

import pytest
import yaml
from omegaconf import OmegaConf

from bam_pipelines.pipelines.parameters import parameter_problems
from tests.conf.loaded import parameters_of

PROJECT = Path(__file__).parents[1]
PAGES = {path.relative_to(PROJECT).as_posix(): path.read_text() for path in sorted(PROJECT.glob("docs/**/*.md"))}
TEXTS = {"README.md": (PROJECT / "README.md").read_text()} | PAGES


def without_code(text):
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)


def links(text):
    """Return what a text links to and shows, addresses left out."""
    found = re.findall(r"(?:\]\(|<img src=\")([^)\s\"]+)", without_code(text))
    return [target for target in found if "://" not in target]


def anchors(text):
    """Return the anchors of a page's headings, as MkDocs and GitHub make them."""
    headings = re.findall(r"^#+ (.*)$", without_code(text), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def in_menu(part):
    if isinstance(part, str):
        return [part]
    return [page for one in (part.values() if isinstance(part, dict) else part) for page in in_menu(one)]


def test_the_menu_holds_every_page_once():
    pages = in_menu(yaml.safe_load((PROJECT / "mkdocs.yml").read_text())["nav"])
    assert sorted(f"docs/{page}" for page in pages) == sorted(PAGES)


@pytest.mark.parametrize("name", TEXTS)
def test_links_lead_somewhere(name):
    found = links(TEXTS[name])
    for link in found:
        path, _, anchor = link.partition("#")
        target = (PROJECT / name).parent / path if path else PROJECT / name
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text()), link


def test_the_readme_leads_to_the_pages_that_a_reader_needs():
    assert len(links(TEXTS["README.md"])) > 15


# docs/troubleshooting.md shows what is wrong
@pytest.mark.parametrize("name", [name for name in TEXTS if "--params" in TEXTS[name] and "troubles" not in name])
def test_what_a_page_says_to_change_can_be_changed(name):
    text = TEXTS[name].replace("\\\n", "")
    given = [item for found in re.findall(r"--params ([^\s`]+)", text) for item in found.split(",")]
    # neither placeholders nor what hangs on the machine
    given = [item for item in given if re.fullmatch(r"[a-z_.]+=[^<$.]\S*", item) and "compute.device" not in item]
    changes = OmegaConf.to_container(OmegaConf.from_dotlist(given))
    # each by itself: what is said in one command need not go with another
    for section, values in changes.items():
        assert parameter_problems(parameters_of("base", {section: values}), set()) == [], section


def entries():
    """Return the catalog's entries, and the layer that each lies in."""
    found = {}
    for path in sorted((PROJECT / "conf" / "base").glob("*/catalog.yml")):
        catalog = yaml.safe_load(path.read_text())
        found |= {name: value["filepath"].split("/")[-2] for name, value in catalog.items() if not name.startswith("_")}
    return found


def test_every_entry_of_the_catalog_is_described_with_its_layer():
    described = {}
    for names, layer in re.findall(r"^\| (`[^|]+`) \| (\d\d_\w+) \|", TEXTS["docs/data.md"], flags=re.MULTILINE):
        described |= dict.fromkeys(re.findall(r"`([^`]+)`", names), layer)
    read_again = {name: layer for name, layer in entries().items() if name not in described}
    assert {name: layer for name, layer in entries().items() if name in described} == described
    assert all(f"`{name}`" in TEXTS["docs/data.md"] for name in read_again), read_again
