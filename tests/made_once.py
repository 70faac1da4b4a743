"""What a test process makes once for all its tests, because it costs more than most of them: RSA keys and the routes'
builders of addresses.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from werkzeug.routing import Rule

from lti_tool.demo.lms import secrets_file
from lti_tool.lti import tool_keys

KEYS = 16
"""How many keys of each kind there are. A test that needs more gets the first one again."""


class KeyPool:
    """Stands in for the ``rsa`` module of ``cryptography`` where a key is made; one key takes 40 ms."""

    def __init__(self) -> None:
        self._made: list[rsa.RSAPrivateKey] = []
        self._turn = itertools.cycle(range(KEYS))
        self._lock = threading.Lock()

    def generate_private_key(self, public_exponent: int, key_size: int) -> rsa.RSAPrivateKey:
        """Another key than the last fifteen times."""
        with self._lock:
            number = next(self._turn)
            if number == len(self._made):
                self._made.append(rsa.generate_private_key(public_exponent, key_size))
            assert self._made[number].key_size == key_size
            return self._made[number]

    def module(self) -> SimpleNamespace:
        """Everything of the module, with this in place of its function."""
        return SimpleNamespace(**{**vars(rsa), "generate_private_key": self.generate_private_key})


@pytest.fixture(autouse=True, scope="session")
def made_once() -> Iterator[None]:
    """The keys of tools, the keys of LMSs, and the builders of addresses of every application."""
    built: dict[tuple[Any, ...], Callable[..., tuple[str, str]]] = {}
    build = Rule._compile_builder

    def build_once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        # All that the function is made of: it asks the rule that it is bound to for the converters.
        if rule.defaults:
            return build(rule, append_unknown)
        made_of = (*rule._trace, append_unknown)
        if made_of not in built:
            built[made_of] = build(rule, append_unknown)
        return built[made_of]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tool_keys, "rsa", KeyPool().module())
        patch.setattr(secrets_file, "rsa", KeyPool().module())
        patch.setattr(Rule, "_compile_builder", build_once)
        yield
