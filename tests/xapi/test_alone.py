"""The package is usable by a program that has none of the tool's other dependencies."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
import xapi.client, xapi.delivery, xapi.profile, xapi.statements, xapi.templates, xapi.validation
print(" ".join(sorted({name.partition(".")[0] for name in sys.modules})))
"""


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """The top-level packages that importing all of it brings in."""
    answer = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    return set(answer.stdout.split())


@pytest.mark.parametrize("package", ["flask", "sqlalchemy", "pylti1p3", "marshmallow", "lti_tool", "schemas"])
def test_it_brings_in_nothing_of_the_tool(imported, package):
    assert package not in imported
