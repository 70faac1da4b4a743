"""What a test process makes once for all its tests, because it costs more than most of them: RSA keys, the parts of the
routes' addresses, compiled templates, and the migrations' scripts as Alembic reads them.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Hashable, Iterator
from functools import cache
from types import CodeType, MethodType, SimpleNamespace
from typing import Any

import jinja2
import pytest
from alembic.config import Config as AlembicConfig
from alembic.script import ScriptDirectory
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

from lti_tool.demo.lms import secrets_file
from lti_tool.lti import tool_keys

KEYS = 12
"""How many keys there are. A test that needs more gets the first one again."""


class KeyPool:
    """Stands in for the ``rsa`` module of ``cryptography`` where a key is made; one key takes 40 ms."""

    def __init__(self) -> None:
        self._made: list[rsa.RSAPrivateKey] = []
        self._turn = itertools.cycle(range(KEYS))
        self._lock = threading.Lock()

    def generate_private_key(self, public_exponent: int, key_size: int) -> rsa.RSAPrivateKey:
        """Another key than the last eleven times."""
        with self._lock:
            number = next(self._turn)
            if number == len(self._made):
                self._made.append(rsa.generate_private_key(public_exponent, key_size))
            assert self._made[number].key_size == key_size
            return self._made[number]

    def module(self) -> SimpleNamespace:
        """Everything of the module, with this in place of its function."""
        return SimpleNamespace(**{**vars(rsa), "generate_private_key": self.generate_private_key})


class CompiledTemplates(jinja2.BytecodeCache):
    """Templates compiled once for all applications of this test process, and kept as they are run."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give a template what its text was compiled to."""
        checksum, code = self._kept.get(bucket.key, (None, None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what a template's text was compiled to."""
        assert bucket.code is not None
        self._kept[bucket.key] = bucket.checksum, bucket.code


class CompiledRoutes:
    """Stands in for ``Rule.compile``: the same address with the same kinds of values is taken apart once.

    What it is made of is all that the method reads of a rule and of its map.
    """

    _MADE = ("_parts", "_trace", "_converters")

    def __init__(self) -> None:
        self._compile = Rule.compile
        self._kept: dict[Hashable, dict[str, Any]] = {}

    def compile(self, rule: Rule) -> None:
        """Take the address of a rule apart, or remember how it was taken apart."""
        if rule.defaults:
            self._compile(rule)
            return
        domain = rule.host if rule.map.host_matching else rule.subdomain
        made_of = (rule.rule, domain, rule.merge_slashes, tuple(rule.map.converters.items()))
        made = self._kept.get(made_of)
        if made is None:
            self._compile(rule)
            made = {name: getattr(rule, name) for name in self._MADE}
            # Functions bound to the first rule: bound to each other one, they ask that for its values.
            made["builders"] = {name: getattr(rule, name).__func__ for name in ("_build", "_build_unknown")}
            self._kept[made_of] = made
            return
        for name in self._MADE:
            setattr(rule, name, made[name])
        rule.arguments.update(rule._converters)
        for name, function in made["builders"].items():
            setattr(rule, name, MethodType(function, rule))


@cache
def read_scripts(folder: str) -> ScriptDirectory:
    """The migrations in a folder; to read forty files takes 30 ms, and many tests migrate."""
    return ScriptDirectory(folder)


def scripts_of(config: AlembicConfig) -> ScriptDirectory:
    """Stands in for ``ScriptDirectory.from_config``: the tool sets nothing but the folder."""
    assert config.config_file_name is None
    folder = config.get_main_option("script_location")
    assert folder is not None
    return read_scripts(folder)


@pytest.fixture(autouse=True, scope="session")
def made_once() -> Iterator[None]:
    """The keys of tools and of LMSs, the parts of the addresses and the templates of every application, and
    the migrations' scripts."""
    routes = CompiledRoutes()
    keys = KeyPool().module()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tool_keys, "rsa", keys)
        patch.setattr(secrets_file, "rsa", keys)
        patch.setattr(Rule, "compile", lambda rule: routes.compile(rule))
        patch.setattr(ScriptDirectory, "from_config", scripts_of)
        patch.setitem(Flask.jinja_options, "bytecode_cache", CompiledTemplates())
        yield


@pytest.fixture(scope="session")
def complete_applications() -> list[Flask]:
    """The application whose blueprints and loaded templates all others of this test process have; empty at first.

    What templates call belongs to no application: it asks for the current one.
    """
    return []
