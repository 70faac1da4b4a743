"""What docs/architecture.md shows in code, so that tests run it as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from types import MappingProxyType, ModuleType

import pytest

import lti_tool
from lti_tool.identity import policy

ROOT = Path(lti_tool.__file__).parent.parent
DOCUMENT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def block(section: str, beginning: str) -> str:
    """The one block of code in a section, such as ``## A form``, that begins so."""
    text = re.split(r"\n##+ ", DOCUMENT.partition(f"\n{section}\n")[2])[0]
    blocks: list[str] = re.findall(r"```(?:python|jinja)\n(.*?)```", text, re.DOTALL)
    [found] = [each for each in blocks if each.startswith(beginning)]
    return found


def run(code: str, module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a block as a part of a module, which has afterwards what it had before."""
    for name in re.findall(r"^(?:class|def) (\w+)", code, re.MULTILINE):
        monkeypatch.setattr(module, name, None, raising=False)
    exec(compile(code, f"the documented {module.__name__}", "exec", dont_inherit=True), vars(module))


def add_to_policy(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Add a documented action to the policy, and what is said of it to the table."""
    [(name, value)] = re.findall(r'^    (\w+) = "(.*)"$', code, re.MULTILINE)
    [(named, capacity)] = re.findall(r"Action\.(\w+): frozenset\(\{Capacity\.(\w+)\}\),", code)
    assert named == name
    action = str.__new__(policy.Action, value)
    action._name_, action._value_ = name, value
    monkeypatch.setattr(policy.Action, name, action, raising=False)
    allowed = frozenset({policy.Capacity[capacity]})
    monkeypatch.setattr(policy, "TABLE", MappingProxyType({**policy.TABLE, action: allowed}))
