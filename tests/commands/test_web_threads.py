"""Which thread serves a request, and that every request is served."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from waitress.task import ThreadedTaskDispatcher

from lti_tool.commands.web_threads import make_dispatcher

SECONDS = 20


class Task:
    """A request: it notes its thread, and lasts until it is told to end."""

    def __init__(self, *, ends: bool = True) -> None:
        self.thread = ""
        self.begun, self.may_end, self.ended = (threading.Event() for _ in range(3))
        if ends:
            self.may_end.set()

    def service(self) -> None:
        """Called by the thread that serves it."""
        self.thread = threading.current_thread().name
        self.begun.set()
        self.may_end.wait(SECONDS)
        self.ended.set()

    def cancel(self) -> None:
        """Called for what is still waiting at the end."""


@pytest.fixture
def dispatcher() -> Iterator[ThreadedTaskDispatcher]:
    dispatcher = make_dispatcher(4)
    wait_until_idle(dispatcher)
    yield dispatcher
    assert dispatcher.shutdown(timeout=SECONDS)
    assert not dispatcher.threads


def wait_until_idle(dispatcher: ThreadedTaskDispatcher) -> None:
    """Return once every thread waits for a request."""
    idle = threading.Event()
    while dispatcher.active_count or dispatcher.queue:
        idle.wait(0.001)


def serve(dispatcher: ThreadedTaskDispatcher, task: Task) -> Task:
    dispatcher.add_task(task)
    assert task.ended.wait(SECONDS)
    wait_until_idle(dispatcher)
    return task


def test_requests_one_after_another_are_served_by_one_thread(dispatcher: ThreadedTaskDispatcher) -> None:
    assert len({serve(dispatcher, Task()).thread for _ in range(10)}) == 1


def test_requests_at_once_are_served_by_a_thread_each(dispatcher: ThreadedTaskDispatcher) -> None:
    tasks = [Task(ends=False) for _ in range(4)]
    for task in tasks:
        dispatcher.add_task(task)
    assert all(task.begun.wait(SECONDS) for task in tasks)
    assert len({task.thread for task in tasks}) == 4
    for task in tasks:
        task.may_end.set()


def test_a_request_that_finds_no_idle_thread_is_served_by_the_next_one(
    dispatcher: ThreadedTaskDispatcher,
) -> None:
    tasks = [Task(ends=False) for _ in range(4)]
    for task in (*tasks, late := Task()):
        dispatcher.add_task(task)
    assert all(task.begun.wait(SECONDS) for task in tasks)
    assert not late.begun.is_set()
    tasks[2].may_end.set()
    assert late.ended.wait(SECONDS)
    for task in tasks:
        task.may_end.set()


def test_every_one_of_many_requests_is_served(dispatcher: ThreadedTaskDispatcher) -> None:
    tasks = [Task() for _ in range(2_000)]
    for task in tasks:
        dispatcher.add_task(task)
    assert all(task.ended.wait(SECONDS) for task in tasks)
