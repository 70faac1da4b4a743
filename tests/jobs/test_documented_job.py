"""A kind of job that is added as docs/architecture.md says: its schema, action and class are taken from there."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

from lti_tool.composition import jobs
from lti_tool.composition import transaction as composition
from lti_tool.composition.services import Services
from lti_tool.identity.policy import NotPermitted
from lti_tool.identity.principal import OPERATOR
from schemas import jobs as job_schemas
from tests.builder import World
from tests.documented import add_to_policy, block, run
from tests.jobs.kinds import job, wait_until_ended

SCHEMA, POLICY, KIND = (
    block("### A job", beginning) for beginning in ("class ", "    COUNT_PARTICIPANTS", "import uuid")
)


@pytest.fixture
def documented(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module of the documented kind, registered by the documented line."""
    run(SCHEMA, job_schemas, monkeypatch)
    module = ModuleType("lti_tool.mentoring.enrolment.count_participants_job")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    add_to_policy(POLICY, monkeypatch)
    exec(compile(KIND, "the documented job", "exec"), vars(module))
    line = lambda _services: vars(module)["CountParticipants"]()  # noqa: E731 - as it stands in the document
    monkeypatch.setattr(jobs, "JOB_KINDS", (*jobs.JOB_KINDS, line))
    return module


def test_the_documented_job_is_asked_for_once_and_run(services: Services, world: World, documented: Any):
    with composition.transaction(services, OPERATOR) as db:
        asked = [documented.request_count(db, world.cohort_id, OPERATOR) for _ in range(2)]
    assert asked[0] == asked[1]
    runner = jobs.make_job_runner(services, jobs.JOB_KINDS, sweep_seconds=0.05)
    runner.start()
    try:
        wait_until_ended(services, asked[0])
    finally:
        runner.stop()
    done = job(services, asked[0])
    assert (done.status, done.result, done.requested_by_kind) == ("done", {"participants": 2}, "operator")


def test_the_documented_job_asks_the_policy(documented: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("lti_tool.identity.policy.TABLE", {})
    with pytest.raises(NotPermitted):
        documented.CountParticipants().run(None)
