"""Delivering statements, from the claim to the mark, beside the least it could be and beside tincan.

``python -m bench.delivery``. All send batches of 500 of the same statements to one sink, in rounds that take
turns. Ours begins with stored statements: it claims, sends and marks them in the database. The floor makes each
statement as a plain dict, serialises with orjson and posts over one pooled connection, and keeps no account of
anything; a row without a target shows it with the dicts ready made. tincan's ``save_statements`` begins with
finished ``Statement`` objects. What was made for a measure is kept from the garbage collector, which otherwise looks
through it again and again: through a thousand finished statements or four thousand.
"""

from __future__ import annotations

import gc
import logging
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import orjson
import requests
import sqlalchemy as sa
import structlog
import tincan

from bench.postgresql import socket_folder
from bench.rows import Row, bench_options, report
from bench.servers import Server, free_port
from lti_tool.composition.channels import make_worker
from lti_tool.composition.services import Services, make_services
from lti_tool.config import Config
from lti_tool.database import utcnow
from lti_tool.messaging.lrs_channel import LRSChannel
from lti_tool.messaging.models import LRS, Delivery, DeliveryBody, DeliveryKind, DeliveryStatus
from lti_tool.migrations import migrate
from xapi import statements
from xapi.context import Actor, CohortContext, PairContext, SessionContext, StatementContext
from xapi.vocabulary import Mode, Role, words

BATCH = LRSChannel.batch_size
PAIRS = 200
"""How many xAPI registrations the statements belong to."""

_KEY = "delivery: statements a second"


def some_statements(count: int) -> list[tuple[uuid.UUID, uuid.UUID, bytes]]:
    """Id, xAPI registration and bytes of statements as the tool emits them."""
    moment = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    context = StatementContext(
        iri_base="https://mentoring.example",
        programme_id=uuid.uuid4(),
        programme_name=words("Reverse mentoring", "Mentorat inversé"),
        course_iri="https://lms.example/lti/deployments/1/contexts/7",
        platform="Moodle",
        language="fr",
        course_title="Management",
        cohort=CohortContext(uuid.uuid4(), moment.date()),
    )
    pair = PairContext(
        uuid.uuid4(),
        *(Actor("https://mentoring.example", str(uuid.uuid4())) for _ in range(2)),
    )
    session = SessionContext(uuid.uuid4(), moment, timedelta(minutes=45), "coaching", Mode.VIDEO)
    body = statements.session_held(
        context, pair, session, Role.MENTEE, reported_by=Role.MENTOR, recorded_at=moment
    ).body
    document = orjson.loads(body)
    registrations = [uuid.uuid4() for _ in range(PAIRS)]
    made = []
    for number in range(count):
        identifier, registration = uuid.uuid4(), registrations[number % PAIRS]
        document["id"] = str(identifier)
        document["context"]["registration"] = str(registration)
        made.append((identifier, registration, orjson.dumps(document)))
    return made


def ours(services: Services, count: int) -> float:
    """Fill the outbox, which is not measured, and deliver it; statements a second."""
    fill(services, count)
    worker = make_worker(services)
    delivered = 0
    with what_is_made_kept():
        begun = time.perf_counter()
        while sent := worker.deliver(DeliveryKind.STATEMENT, LRS):
            delivered += sent
        took = time.perf_counter() - begun
    if delivered != count:
        raise RuntimeError(f"only {delivered} of {count} statements were delivered")
    return count / took


def fill(services: Services, count: int) -> None:
    """Put statements into the outbox, in place of what it held."""
    now = utcnow()
    with services.database.transaction() as db:
        db.execute(sa.delete(DeliveryBody))
        db.execute(sa.delete(Delivery))
        made = list(enumerate(some_statements(count), start=1))
        common = {
            "kind": DeliveryKind.STATEMENT.value,
            "receiver": LRS,
            "status": DeliveryStatus.WAITING.value,
            "attempts": 0,
            "not_before": now,
            "created_at": now,
        }
        rows: list[dict[str, Any]] = [
            {"id": number, "key": identifier, "order_key": str(registration), **common}
            for number, (identifier, registration, _) in made
        ]
        db.execute(sa.insert(Delivery), rows)
        bodies = [
            {"delivery_id": number, "key": identifier, "receiver": LRS, "body": body}
            for number, (identifier, _, body) in made
        ]
        db.execute(sa.insert(DeliveryBody), bodies)
    if not services.database.is_sqlite:
        with services.database.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(
                "VACUUM ANALYZE delivery"
            )


def floor(url: str, count: int, *, building: bool) -> float:
    """orjson and one pooled connection, and nothing else; statements a second.

    ``building``: with the making of each statement as a plain dict, as any program must that stores none.
    """
    write = writer(orjson.loads(some_statements(1)[0][2]))
    made = [] if building else [plain(write, number) for number in range(count)]
    with requests.Session() as http, what_is_made_kept():
        begun = time.perf_counter()
        for start in range(0, count, BATCH):
            several = range(start, min(start + BATCH, count))
            batch = [plain(write, number) for number in several] if building else made[start : start + BATCH]
            http.post(
                f"{url}statements",
                data=orjson.dumps(batch),
                headers={"Content-Type": "application/json", "X-Experience-API-Version": "1.0.3"},
                timeout=30,
            ).raise_for_status()
        return count / (time.perf_counter() - begun)


def writer(example: dict[str, Any]) -> Callable[[str, str], dict[str, Any]]:
    """What makes a statement as one dict display, the fastest way there is; given an id and a timestamp."""
    display = repr(example | {"id": "<id>", "timestamp": "<timestamp>"})
    display = display.replace("'<id>'", "identifier").replace("'<timestamp>'", "timestamp")
    made: Callable[[str, str], dict[str, Any]] = eval(f"lambda identifier, timestamp: {display}")
    return made


def plain(write: Callable[[str, str], dict[str, Any]], number: int) -> dict[str, Any]:
    """One statement as a dict of its own, with an id that comes from the event and a moment, and nothing checked."""
    moment = datetime(2026, 3, 2, 9, 0, tzinfo=UTC) + timedelta(milliseconds=number)
    identifier = uuid.uuid5(uuid.NAMESPACE_URL, f"https://mentoring.example/{number}")
    return write(str(identifier), moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"))


def by_tincan(url: str, count: int) -> float:
    """tincan's RemoteLRS as it is; statements a second."""
    made = [tincan.Statement(orjson.loads(body)) for _, _, body in some_statements(count)]
    lrs = tincan.RemoteLRS(endpoint=url, version="1.0.3", username="someone", password="secret")
    with what_is_made_kept():
        begun = time.perf_counter()
        for start in range(0, count, BATCH):
            if not lrs.save_statements(made[start : start + BATCH]).success:
                raise RuntimeError("the sink refused tincan")
        return count / (time.perf_counter() - begun)


@contextmanager
def what_is_made_kept() -> Iterator[None]:
    """Let the garbage collector look into nothing that is there now; https://docs.python.org/3/library/gc.html."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def measure(*, quick: bool = False) -> list[Row]:
    """Statements a second of each, the median of rounds that take turns."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    rounds, count, few = (3, 5_000, 1_000) if quick else (7, 20_000, 4_000)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tandem-bench-")))
        folder.chmod(0o711)  # PostgreSQL runs as a user of its own
        port = free_port()
        stack.enter_context(
            Server([sys.executable, "-m", "bench.sink", str(port)], port, folder / "sink.log", environ={})
        )
        url = f"http://127.0.0.1:{port}/xAPI/"
        socket = stack.enter_context(socket_folder(folder / "postgresql"))
        databases = {
            "SQLite": f"sqlite:///{folder / 'bench.db'}",
            "PostgreSQL": f"postgresql+psycopg://postgres:@/postgres?host={socket}",
        }
        contenders: dict[str, Callable[[], float]] = {
            "orjson + requests alone": lambda: floor(url, count, building=True),
            "the same, dicts ready made": lambda: floor(url, count, building=False),
            "tincan save_statements": lambda: by_tincan(url, few),
        }
        for name, database_url in databases.items():
            services = _services(folder, database_url, url)
            stack.callback(services.database.dispose)
            contenders[name] = lambda services=services: ours(services, count)  # type: ignore[misc]  # bound now, not later
        rates: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(rounds):
            for name, run in contenders.items():
                rates[name].append(run())
    middle = {name: statistics.median(found) for name, found in rates.items()}
    return [
        Row(f"{_KEY}, {database}", middle[database], baseline, middle[baseline], target, at_most=False)
        for database in databases
        for baseline, target in (
            ("tincan save_statements", 5.0),
            ("orjson + requests alone", 0.7),
            ("the same, dicts ready made", None),
        )
    ]


def _services(folder: Path, database_url: str, lrs: str) -> Services:
    services = make_services(
        Config(
            base_url="http://127.0.0.1:5000",
            data_dir=folder,
            database_url=database_url,
            secret_key="only for this measure, long enough to pass",
            lrs_endpoint=lrs.rstrip("/"),
            lrs_username="someone",
            lrs_password="secret",
            allow_private_networks=True,
        )
    )
    migrate(services.database)
    return services


@click.command()
@bench_options("Fewer rounds: for a look, not for a claim.")
def main(quick: bool, path: Path | None) -> None:
    """Measure delivery and print the ratios.

    \b
    Example:
      python -m bench.delivery --quick
    """
    rows = measure(quick=quick)
    report(rows, path)


if __name__ == "__main__":
    main()
