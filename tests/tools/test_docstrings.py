"""Docstrings as the documentation shows them."""

from pathlib import Path

import griffe
import pytest

from tools.docstrings import linked


@pytest.mark.parametrize(
    ("role", "link"),
    [
        (
            ":func:`~bam_pipelines.compute.seeds.derive_seed`",
            '<autoref identifier="bam_pipelines.compute.seeds.derive_seed" optional><code>derive_seed</code></autoref>',
        ),
        (":class:`joblib.parallel_config`", "<code>joblib.parallel_config</code>"),
    ],
)
def test_roles_become_links(role, link):
    assert linked(f"See {role}, please.") == f"See {link}, please."


def test_names_are_looked_up_from_where_they_stand():
    module = griffe.visit("package.module", Path("module.py"), "from package.other import Seen\nclass Own: ...\n")
    for name, whole in {"Own": "package.module.Own", "Seen.look": "package.other.Seen.look"}.items():
        assert f'identifier="{whole}"' in linked(f":class:`{name}`", module)
    assert linked(":func:`absent`", module) == "<code>absent</code>"
