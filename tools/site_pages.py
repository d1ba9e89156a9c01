"""What MkDocs does beside turning pages into HTML; it calls the functions named ``on_...``.

Modules get a page each, files of the repository that pages name come along, and formulas become MathML, which browsers
show without a script.
"""

import html
import logging
import os.path
import re
from pathlib import Path, PurePosixPath

from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

PROJECT = Path(__file__).parents[1]
PACKAGE = "bam_pipelines"
# what Kedro calls is no library
NOT_PUBLIC = ("pipelines", "hooks", "datasets", "settings", "cli", "pipeline_registry", "__main__")
_COPIES = "repository"
_PAGES_OF_MODULES = "reference"
_AS_THEY_ARE = (".png", ".ipynb")
_LINK = re.compile(r"(\]\()((?:\.\./)+[^)\s#]+)")
_LOADED = re.compile(r"""<(?:script|img|iframe|source)\b[^>]*?\bsrc=["']?((?:https?:)?//[^"'\s>]+)""")
_STYLE = re.compile(
    r"""<link\b(?=[^>]*\brel=["']?(?:stylesheet|icon|preconnect|preload))[^>]*?\bhref=["']?((?:https?:)?//[^"'\s>]+)"""
)
_FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)

logger = logging.getLogger("mkdocs.hooks")  # its warnings end a strict build


def public_modules() -> list[str]:
    """Return the names of the modules that others may call, below the package, in order."""
    source = PROJECT / "src" / PACKAGE
    paths = (path.relative_to(source).with_suffix("") for path in source.rglob("*.py"))
    names = [".".join(path.parts).removesuffix(".__init__") for path in paths if path.parts[0] not in NOT_PUBLIC]
    return sorted(name for name in names if not any(part.startswith("_") for part in name.split(".")))


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the modules to the menu."""
    packages: dict[str, list[dict[str, str]]] = {}
    for name in public_modules():
        package, _, module = name.partition(".")
        packages.setdefault(package, []).append({module or package: _page_of(name)})
    config.nav.append({"API": [{name: pages} for name, pages in packages.items()]})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each module, and the files of the repository that pages name."""
    pages = [(file.src_uri, file.content_string) for file in files.documentation_pages()]
    for name in public_modules():
        files.append(File.generated(config, _page_of(name), content=f"::: {PACKAGE}.{name}\n"))
    for path in sorted({path for uri, text in pages for path in named_files(text, uri)}):
        if _module_of(path) is None:
            files.append(_copy(path, config))
    return files


def named_files(markdown: str, page: str) -> list[str]:
    """Return the files outside ``docs`` that a page links to, as paths in the repository."""
    found = (_in_repository(link, page) for _, link in _LINK.findall(markdown))
    return [path for path in found if (PROJECT / path).is_file()]


def _in_repository(link: str, page: str) -> str:
    return os.path.normpath(f"docs/{PurePosixPath(page).parent}/{link}")


def _page_of(module: str) -> str:
    return f"{_PAGES_OF_MODULES}/{module}.md"


def _module_of(path: str) -> str | None:
    """Return the public module whose source lies at a path, None if there is none."""
    name = path.removeprefix(f"src/{PACKAGE}/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return name if path == f"src/{PACKAGE}/{name.replace('.', '/')}.py" and name in public_modules() else None


def _uri_of(path: str) -> str:
    """Return where the site shows a file of the repository."""
    module = _module_of(path)
    if module is not None:
        return _page_of(module)
    return f"{_COPIES}/{path}" + ("" if path.endswith(_AS_THEY_ARE) else ".md")


def _copy(path: str, config: MkDocsConfig) -> File:
    if path.endswith(_AS_THEY_ARE):
        return File.generated(config, _uri_of(path), abs_src_path=str(PROJECT / path))
    text = (PROJECT / path).read_text(encoding="utf-8")
    shown = text if path.endswith(".md") else f"````{Path(path).suffix[1:]}\n{text}\n````\n"
    return File.generated(config, _uri_of(path), content=f"# {path}\n\n{shown}")


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links to files of the repository to where the site shows them."""
    uri = page.file.src_uri

    def shown(link: re.Match[str]) -> str:
        before, target = link.groups()
        path = _in_repository(target, uri)
        if not (PROJECT / path).is_file():
            return link.group()
        return before + os.path.relpath(_uri_of(path), PurePosixPath(uri).parent)

    return _LINK.sub(shown, markdown)


def on_page_content(html_text: str, **_: object) -> str:
    """Turn formulas into MathML."""
    return _FORMULA.sub(_mathml, html_text)


def _mathml(formula: re.Match[str]) -> str:
    display = "block" if formula.group(2) == "[" else "inline"
    return convert(html.unescape(formula.group(3)).strip(), display=display)


def on_post_build(config: MkDocsConfig) -> None:
    """Warn of every page that loads something from elsewhere."""
    for path in sorted(Path(config.site_dir).rglob("*.html")):
        for address in loaded_from_elsewhere(path.read_text(encoding="utf-8")):
            logger.warning("%s loads %s; a page needs nothing from elsewhere.", path, address)


def loaded_from_elsewhere(page: str) -> list[str]:
    """Return what a page of HTML makes a browser fetch from other machines: scripts, pictures, styles, frames."""
    return [*_LOADED.findall(page), *_STYLE.findall(page)]
