"""Wake-ups by huey, on both databases: they arrive, they may be lost, and huey's tables are its own."""

from __future__ import annotations

import signal
import stat
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from lti_tool.composition.jobs import make_job_worker
from lti_tool.composition.services import Services, make_services
from lti_tool.jobs import wakeups
from lti_tool.jobs.wakeups import FILE_NAME, MAX_PENDING, TABLE_PREFIX, Wakeups
from lti_tool.migrations import is_current, migrate
from tests.jobs.kinds import WriteRows, ask, rows_written, wait_until_ended


@pytest.fixture
def make(services: Services) -> Iterator[Callable[[], Wakeups]]:
    """Wake-ups of a further process of the same installation."""
    made: list[Wakeups] = []

    def of_process() -> Wakeups:
        made.append(Wakeups(services.config, services.database))
        return made[-1]

    yield of_process
    for each in made:
        each.stop()


def listen(receiver: Wakeups, *, is_scheduler: bool = False) -> tuple[threading.Event, threading.Event]:
    """Listen; events that are set by a wake-up and by the clock."""
    woken, ticked = threading.Event(), threading.Event()
    receiver.listen(woken.set, lambda: is_scheduler, ticked.set)
    return woken, ticked


def test_a_wake_up_arrives_in_another_process(make):
    woken, _ = listen(make())
    make().send()
    assert woken.wait(10)


def test_a_process_that_runs_jobs_is_woken_by_itself_at_once(make):
    """Without huey: its file may be locked, and its poll takes half a second."""
    woken, own = threading.Event(), make()
    own.wake_here(woken.set)
    own.send()
    assert woken.is_set()


def test_a_wake_up_that_was_sent_while_nobody_listened_arrives(make):
    make().send()
    woken, _ = listen(make())
    assert woken.wait(10)


def test_listening_away_from_the_main_thread_changes_no_signal_handler(make):
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    receiver, failures = make(), []

    def begin() -> None:
        try:
            listen(receiver)
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=begin)
    thread.start()
    thread.join(30)
    assert failures == []
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before


def test_the_clock_is_called_where_the_process_keeps_the_schedule(make):
    _, ticked = listen(make(), is_scheduler=True)
    assert ticked.wait(10)


def test_the_clock_is_not_called_where_it_does_not(make):
    woken, ticked = listen(make(), is_scheduler=False)
    make().send()
    assert woken.wait(10)
    assert not ticked.wait(1)


def test_a_fault_of_the_election_does_not_end_the_clock(make, monkeypatch):
    monkeypatch.setattr(wakeups._ElectedScheduler, "periodic_task_seconds", 0.1)
    monkeypatch.setattr(wakeups, "TICK_SECONDS", 1)
    answers = iter([RuntimeError("the database does not answer"), True])
    ticked = threading.Event()

    def elect() -> bool:
        answer = next(answers, True)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with capture_logs() as logs:
        make().listen(lambda: None, elect, ticked.set)
        assert ticked.wait(10)
    assert [entry["event"] for entry in logs] == ["schedule_not_looked_at"]


def test_wake_ups_do_not_pile_up_while_no_worker_runs(make):
    sender = make()
    for _ in range(MAX_PENDING + 20):
        sender.send()
    huey = sender._make_huey()
    assert huey.storage.queue_size() == MAX_PENDING
    huey.storage.close()


def test_a_wake_up_that_cannot_be_sent_is_logged_and_breaks_nothing(services, monkeypatch):
    sender = Wakeups(services.config, services.database)
    monkeypatch.setattr(sender, "_make_huey", lambda: 1 / 0)
    with capture_logs() as logs:
        sender.send()
    assert [entry["event"] for entry in logs] == ["wake_up_lost"]


def test_what_is_stored_is_a_name_and_never_unpickled(make):
    sender = make()
    sender.send()
    huey = sender._make_huey()
    assert [bytes(item) for item in huey.storage.enqueued_items()] == [b"lti_tool.jobs.wakeups.wake"]
    huey.storage.close()


def test_processes_that_begin_at_once_make_the_tables_once(make):
    senders = [make() for _ in range(6)]
    with capture_logs() as logs:
        threads = [threading.Thread(target=sender.send) for sender in senders]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert logs == []


def test_huey_s_tables_are_its_own(make, services, database_kind):
    """A file of its own beside SQLite, since it locks the whole file; prefixed tables that no migration knows."""
    make().send()
    names = sa.inspect(services.database.engine).get_table_names()
    own = [name for name in names if name.startswith(TABLE_PREFIX)]
    path = services.config.data_dir / FILE_NAME
    if database_kind == "sqlite":
        assert (own, stat.S_IMODE(path.stat().st_mode)) == ([], 0o600)
    else:
        assert (sorted(own)[0], path.exists()) == (f"{TABLE_PREFIX}_counter", False)
    migrate(services.database)
    assert is_current(services.database)


def test_a_job_runs_soon_after_it_is_asked_for(services):
    worker = make_job_worker(services, [lambda _services: WriteRows()], sweep_seconds=60)
    worker.start()
    time.sleep(1)
    elsewhere = make_services(services.config)
    ask(elsewhere, WriteRows, "a", rows=1)
    began = time.monotonic()
    wait_until_ended(services)
    took = time.monotonic() - began
    worker.stop()
    elsewhere.database.dispose()
    assert (rows_written(services), took < 10) == ({"a 0": 1}, True)


def test_a_lost_wake_up_costs_no_more_than_the_time_to_the_next_sweep(services, monkeypatch):
    worker = make_job_worker(services, [lambda _services: WriteRows()], sweep_seconds=0.5)
    worker.start()
    monkeypatch.setattr(services.wakeups, "send", lambda: None)
    ask(services, WriteRows, "a", rows=1)
    wait_until_ended(services)
    worker.stop()
    assert rows_written(services) == {"a 0": 1}
