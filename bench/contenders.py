"""The tool and its baselines, started: each as its own documentation serves it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization

from bench.baselines.serve import ON_TOOL_SERVER
from bench.driving import Contender
from bench.postgresql import socket_folder
from bench.servers import Server, free_port
from lti_tool.database import Database, utcnow
from lti_tool.identity.models import Course, Membership, OpenedLink, Person
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.registration.models import Deployment
from lti_tool.migrations import migrate
from tests.platform.platform import TOOL, Platform

LTIJS = Path(__file__).parent / "baselines" / "ltijs"
_AT_ONCE = 10_000


def subject(number: int) -> str:
    """The platform's name for person ``number``, from 0."""
    return f"person-{number}"


def fill(database: Database, platform: Platform, people: int) -> None:
    """Register the platform, with one activity and this many people, who have all opened it before."""
    platform.register(database)
    now = utcnow()
    told = platform.claims("")
    told_link = told["https://purl.imsglobal.org/spec/lti/claim/resource_link"]
    with database.transaction() as db:
        deployment = db.scalars(sa.select(Deployment.id)).one()
        course = Course(
            id=uuid.uuid4(), deployment_id=deployment, context_id="course-1", title="Leading today"
        )
        db.add(course)
        db.flush()
        link = ResourceLink(
            id=uuid.uuid4(),
            course_id=course.id,
            resource_link_id=told_link["id"],
            title=told_link["title"],
        )
        db.add(link)
        db.flush()
        for start in range(0, people, _AT_ONCE):
            rows: list[dict[str, Any]] = [
                {
                    "id": uuid.uuid4(),
                    "registration_id": platform.registration_id,
                    "subject": subject(number),
                    "pseudonym": uuid.uuid4(),
                    # As their next launch tells it, so that it tells nothing new.
                    "name": f"Person {subject(number)}",
                    "given_name": told["given_name"],
                    "family_name": told["family_name"],
                    "email": told["email"],
                    "locale": "en",
                    "created_at": now,
                }
                for number in range(start, min(start + _AT_ONCE, people))
            ]
            places = [
                {
                    "id": uuid.uuid4(),
                    "course_id": course.id,
                    "person_id": row["id"],
                    "role": "learner",
                    "active": True,
                    "launched_at": now,
                }
                for row in rows
            ]
            opened = [
                {"person_id": row["id"], "resource_link_id": link.id, "first_opened_at": now} for row in rows
            ]
            db.execute(sa.insert(Person), rows)
            db.execute(sa.insert(Membership), places)
            db.execute(sa.insert(OpenedLink), opened)


@contextmanager
def tandem(
    platform: Platform,
    folder: Path,
    *,
    people: int,
    processes: int,
    name: str,
    on_postgresql: bool = False,
) -> Iterator[Contender]:
    """The tool in so many web processes on one database, SQLite unless PostgreSQL, whose own CPU is not counted."""
    folder.mkdir()
    with ExitStack() as stack:
        url = f"sqlite:///{folder / 'tandem.db'}"
        if on_postgresql:
            socket = stack.enter_context(socket_folder(folder / "postgresql"))
            url = f"postgresql+psycopg://postgres:@/postgres?host={socket}"
        database = Database(url)
        migrate(database)
        fill(database, platform, people)
        database.dispose()
        yield stack.enter_context(_served(folder, url, processes, name))


@contextmanager
def _served(folder: Path, database_url: str, processes: int, name: str) -> Iterator[Contender]:
    environ = {
        "TANDEM_DATABASE_URL": database_url,
        "TANDEM_BASE_URL": TOOL,
        "TANDEM_DATA_DIR": str(folder),
        "TANDEM_SECRET_KEY": "a secret of this bench, long enough to be one",
        "TANDEM_ALLOW_PRIVATE_NETWORKS": "true",
    }
    with ExitStack() as started:
        servers = []
        for number in range(processes):
            port = free_port()
            command = [
                str(Path(sys.executable).with_name("tandem")),
                "serve",
                "--no-worker",
                "--port",
                str(port),
            ]
            server = Server(command, port, folder / f"{number}.log", environ)
            servers.append(started.enter_context(server))
        yield Contender(name, servers, "/lti/login", "/lti/launch", 303)


@contextmanager
def bare(
    platform: Platform, folder: Path, *, processes: int = 1, on_tool_server: bool = False
) -> Iterator[Contender]:
    """Flask and PyJWT, storing nothing; in several processes with a signed state."""
    folder.mkdir()
    settings = {
        "issuer": platform.issuer,
        "client_id": platform.client_id,
        "auth_login_url": platform.auth_login_url,
        "launch_url": f"{TOOL}/launch",
        "jwk": platform.key.jwk,
    }
    name = "bare Flask + PyJWT" + _in_so_many(processes)
    if processes > 1:
        settings["state_key"] = "a key of this bench"
    if on_tool_server:
        name += ", the tool's server"
    with _processes("bare", settings, folder, processes, on_tool_server=on_tool_server) as servers:
        yield Contender(name, servers, "/login", "/launch", 200)


def bare_twice(platform: Platform, folder: Path) -> AbstractContextManager[Contender]:
    """The same in two processes, a login in one and its launch in the other."""
    return bare(platform, folder, processes=2)


def bare_on_tool_server(platform: Platform, folder: Path) -> AbstractContextManager[Contender]:
    """Flask and PyJWT in one process on the tool's own server."""
    return bare(platform, folder, on_tool_server=True)


def bare_twice_on_tool_server(platform: Platform, folder: Path) -> AbstractContextManager[Contender]:
    """The same in two processes."""
    return bare(platform, folder, processes=2, on_tool_server=True)


@contextmanager
def example(
    platform: Platform, folder: Path, *, inline_keys: bool, published: bool = True, processes: int = 1
) -> Iterator[Contender]:
    """PyLTI1p3's Flask example, the platform's keys in its configuration or at their address.

    ``published``: the example whole; else the library's own work alone.
    """
    folder.mkdir()
    private = platform.key.private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "private.key").write_bytes(private)
    (folder / "public.key").write_bytes(platform.key.public_pem)
    registered = {
        "default": True,
        "client_id": platform.client_id,
        "auth_login_url": platform.auth_login_url,
        "auth_token_url": "https://lms.example/token",
        "key_set_url": None if inline_keys else keyset_url(platform),
        "key_set": {"keys": [platform.key.jwk]} if inline_keys else None,
        "private_key_file": "private.key",
        "public_key_file": "public.key",
        "deployment_ids": [platform.deployment_id],
    }
    config = folder / "config.json"
    config.write_text(json.dumps({platform.issuer: [registered]}))
    settings = {
        "config": str(config),
        "launch_url": f"{TOOL}/launch",
        "published": published,
        "in_session": processes > 1,
    }
    what = "PyLTI1p3's example" if published else "PyLTI1p3 alone"
    name = f"{what}, keys {'inline' if inline_keys else 'by URL'}"
    with _processes("example", settings, folder, processes) as servers:
        yield Contender(
            name + _in_so_many(processes), servers, "/login", "/launch", 200, asks_twice=published
        )


@contextmanager
def _processes(
    name: str, settings: dict[str, Any], folder: Path, processes: int, *, on_tool_server: bool = False
) -> Iterator[list[Server]]:
    """A baseline in so many processes, each in a folder of its own."""
    with ExitStack() as started:
        yield [
            started.enter_context(
                baseline(name, settings, folder / str(number), on_tool_server=on_tool_server)
            )
            for number in range(processes)
        ]


def _in_so_many(processes: int) -> str:
    """The end of a contender's name."""
    return f", {processes} processes" if processes > 1 else ""


@contextmanager
def baseline(
    name: str, settings: dict[str, Any], folder: Path, *, on_tool_server: bool = False
) -> Iterator[Server]:
    """A baseline of :mod:`bench.baselines` by its name, on waitress as it comes or on the tool's own server."""
    folder.mkdir(exist_ok=True)
    port = free_port()
    command = [sys.executable, "-m", "bench.baselines.serve", name, str(port), json.dumps(settings)]
    command += [ON_TOOL_SERVER] if on_tool_server else []
    with Server(command, port, folder / "server.log", {}) as server:
        yield server


def example_inline(platform: Platform, folder: Path) -> AbstractContextManager[Contender]:
    """The example with the platform's keys in its configuration."""
    return example(platform, folder, inline_keys=True)


def example_by_url(platform: Platform, folder: Path) -> AbstractContextManager[Contender]:
    """The example as most people configure it: it reads the key set at every launch."""
    return example(platform, folder, inline_keys=False)


def pylti_alone(platform: Platform, folder: Path) -> AbstractContextManager[Contender]:
    """The library without what its example adds, the keys in its configuration."""
    return example(platform, folder, inline_keys=True, published=False)


def pylti_alone_twice(platform: Platform, folder: Path) -> AbstractContextManager[Contender]:
    """The same in two processes, a login in one and its launch in the other."""
    return example(platform, folder, inline_keys=True, published=False, processes=2)


class LtijsUnavailable(Exception):
    """ltijs cannot run here; the text says why."""


@contextmanager
def ltijs(platform: Platform, folder: Path, *, inline_keys: bool) -> Iterator[Contender]:
    """ltijs on PostgreSQL, whose own CPU time is not counted. Raises :class:`LtijsUnavailable`."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise LtijsUnavailable("no Node.js")
    if not (LTIJS / "node_modules" / "ltijs").is_dir():
        install = [
            npm,
            "ci",
            "--ignore-scripts",
            "--silent",
            "--no-audit",
            "--no-fund",
            "--prefix",
            str(LTIJS),
        ]
        if subprocess.run(install, check=False).returncode:
            raise LtijsUnavailable("npm could not install it")
    folder.mkdir()
    key = {"method": "JWK_KEY", "key": json.dumps(platform.key.jwk)}
    by_url = {"method": "JWK_SET", "key": keyset_url(platform)}
    port = free_port()
    with socket_folder(folder / "postgresql") as socket:
        settings = {
            "port": port,
            "socket": socket,
            "issuer": platform.issuer,
            "clientId": platform.client_id,
            "authLoginUrl": platform.auth_login_url,
            "tokenUrl": "https://lms.example/token",
            "authConfig": key if inline_keys else by_url,
        }
        command = [node, str(LTIJS / "server.js"), json.dumps(settings)]
        with Server(command, port, folder / "server.log", {"NODE_ENV": "production"}) as server:
            yield Contender(
                f"ltijs, keys {'inline' if inline_keys else 'by URL'}", [server], "/login", "/launch", 302
            )


def ltijs_inline(platform: Platform, folder: Path) -> AbstractContextManager[Contender]:
    """ltijs with the platform's one key in its database."""
    return ltijs(platform, folder, inline_keys=True)


def ltijs_by_url(platform: Platform, folder: Path) -> AbstractContextManager[Contender]:
    """ltijs as its documentation has it: it reads the key set at every launch."""
    return ltijs(platform, folder, inline_keys=False)


def keyset_url(platform: Platform) -> str:
    """Where this platform's key set is read."""
    return f"{platform.keysets.url}/{platform.registration_id}/jwks"
