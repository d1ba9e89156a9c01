"""What says the same in several files: the version, its date, and which checks there are."""

import re
from pathlib import Path

import yaml

from bam_pipelines import __version__

PROJECT = Path(__file__).parents[1]


def test_citation_and_changelog_are_of_this_version():
    citation = yaml.safe_load((PROJECT / "CITATION.cff").read_text(encoding="utf-8"))
    changelog = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
    version, date = re.search(r"^## (\d+\.\d+\.\d+) - (\d{4}-\d\d-\d\d)$", changelog, re.MULTILINE).groups()
    assert (citation["version"], str(citation["date-released"])) == (version, date)
    assert __version__ == version


def test_a_commit_is_checked_as_make_lint_does():
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    rule = re.search(r"^lint:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE).group(1)
    hooks = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    commands = [hook["entry"].removeprefix(".venv/bin/") for hook in hooks]
    assert commands == [line.strip() for line in rule.splitlines()]
    assert commands
