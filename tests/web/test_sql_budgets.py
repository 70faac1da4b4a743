"""How many SQL statements a request may cost, with nothing of the pair read before. A failure prints them.

The process is warm: an earlier request has read what never changes in an installation.
"""

from __future__ import annotations

import datetime as dt
import html
import re
import uuid
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.database import Base
from lti_tool.lti.ags.scores import SCORE_SCOPE
from lti_tool.mentoring.objectives.models import Objective
from lti_tool.mentoring.overview import cohort_reading
from lti_tool.mentoring.programmes.models import CompletionRuleVersion
from lti_tool.mentoring.roles import Role
from lti_tool.mentoring.sessions.models import MentoringSession
from tests.builder import situations
from tests.builder.crowd import add_crowd
from tests.builder.situations import Situation
from tests.sql_counter import SqlCounter, counting
from tests.web.visiting import Visit

Build = Callable[[Situation], None]
Come = Callable[..., Visit]

LOG_SESSION = 15
"""In its transaction: the form, the event, both statements and every projection."""
FIRST_SESSION = 21
"""The same, and what the gradebook should say of both people changes: their scores are enqueued."""
PASSES_MILESTONE = 24
"""As LOG_SESSION, and both people pass a milestone: an event and a statement of each."""
LEARNERS_PAGE = 8
TUTORS_PAGE = 12


def graded(build: Build) -> Build:
    """The same situation, in an activity that may send scores."""

    def with_line_item(situation: Situation) -> None:
        build(situation)
        situation.link.scopes = [SCORE_SCOPE]

    return with_line_item


def counts_held(build: Build) -> Build:
    """The same situation, under a rule of twelve meetings, for which one counts as soon as it is logged."""

    def with_rule(situation: Situation) -> None:
        build(situation)
        assert situation.cohort is not None
        version = situation.db.scalars(
            sa.select(CompletionRuleVersion).where(CompletionRuleVersion.cohort_id == situation.cohort.id)
        ).one()
        version.rule = {
            **version.rule,
            "criteria": [
                {**criterion, "status": "held", "min": 12} if criterion["type"] == "sessions" else criterion
                for criterion in version.rule["criteria"]
            ],
        }

    return with_rule


def among(build: Build, people: int) -> Build:
    """The same situation, in a cohort of so many more people."""

    def crowded(situation: Situation) -> None:
        build(situation)
        assert situation.cohort is not None
        add_crowd(situation.db, situation.cohort, people)

    return crowded


def rows(services: Services) -> dict[str, int]:
    """How many rows each table has."""
    with services.database.reading() as db:
        return {
            table.name: db.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }


def meeting() -> dict[str, object]:
    today = dt.datetime.now(dt.UTC).date()
    return {
        "held_on": today.isoformat(),
        "minutes": "45",
        "mode": "video",
        "format": "coaching",
        "is_another": "yes",
        "form_key": uuid.uuid4(),
    }


def cost(services: Services, here: Visit, below: str, **form: object) -> SqlCounter:
    """What sending a form costs, which must succeed in one transaction."""
    token = here.csrf_token()
    with counting(services.database) as counter:
        answer = here.client.post(here.home + below, data={"csrf_token": token, **form})
    assert answer.status_code == 302, answer.text
    assert (counter.transactions, counter.commits) == (1, 1), counter
    return counter


def latest_session(services: Services, status: str) -> MentoringSession:
    with services.database.reading() as db:
        return db.scalars(
            sa.select(MentoringSession)
            .where(MentoringSession.status == status)
            .order_by(MentoringSession.logged_at.desc())
            .limit(1)
        ).one()


@pytest.fixture
def warm(visit: Come) -> Come:
    """``visit``, in a process in which another pair has acted before."""
    other = visit(situations.begins)
    assert other.post("sessions/new", **meeting()).status_code == 302
    return visit


RULES = [
    pytest.param(graded, id="confirmed_counts"),
    pytest.param(lambda build: graded(counts_held(build)), id="held_counts"),
]


@pytest.mark.parametrize("rule", RULES)
def test_logging_a_session(warm: Come, services: Services, rule: Callable[[Build], Build]) -> None:
    """One that passes no milestone: passing one has a budget of its own."""
    here = warm(rule(situations.under_way))
    assert here.post("sessions/new", **meeting()).status_code == 302
    before = rows(services)
    counter = cost(services, here, "sessions/new", **meeting())
    counter.require_in_transaction(LOG_SESSION)
    added = {name: count - before[name] for name, count in rows(services).items()}
    assert {name: count for name, count in added.items() if count} == {
        "form_submission": 1,
        "mentoring_session": 1,
        "event": 1,
        "delivery": 2,
        "delivery_body": 2,
        "emitted_statement": 2,
        "audit_entry": 1,
        "timeline_entry": 1,
    }


def test_logging_a_session_that_passes_a_milestone(warm: Come, services: Services) -> None:
    here = warm(graded(counts_held(situations.under_way)))
    before = rows(services)
    cost(services, here, "sessions/new", **meeting()).require_in_transaction(PASSES_MILESTONE)
    after = rows(services)
    added = {name: after[name] - before[name] for name in ("event", "emitted_statement", "delivery")}
    assert added == {"event": 3, "emitted_statement": 4, "delivery": 4}


def test_logging_the_first_session_of_a_pair(warm: Come, services: Services) -> None:
    here = warm(graded(situations.begins))
    before = rows(services)
    counter = cost(services, here, "sessions/new", **meeting())
    counter.require_in_transaction(FIRST_SESSION)
    assert rows(services)["delivery"] - before["delivery"] == 4


def test_logging_costs_the_same_among_many(warm: Come, services: Services) -> None:
    few, many = (
        cost(services, warm(graded(among(situations.under_way, people))), "sessions/new", **meeting())
        for people in (46, 1000)
    )
    assert many.statements == few.statements


def test_logging_reads_no_whole_table(warm: Come, services: Services) -> None:
    """By the databases' own plans. PostgreSQL reads a small table whole, so it is told not to where it can."""
    counter = cost(services, warm(graded(situations.under_way)), "sessions/new", **meeting())
    explain, whole = (
        ("EXPLAIN QUERY PLAN", "SCAN ") if services.database.is_sqlite else ("EXPLAIN", "Seq Scan")
    )
    with services.database.reading() as db:
        connection = db.connection()
        if not services.database.is_sqlite:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plans = [
            str(tuple(step)[-1])
            for statement, parameters in zip(counter.statements, counter.parameters, strict=True)
            if statement.startswith(("SELECT", "WITH"))
            for step in connection.exec_driver_sql(f"{explain} {statement}", parameters)
        ]
    assert len(plans) > 20
    # The list of pairs is made by the statement itself.
    assert [step for step in plans if whole in step and step != "SCAN their_pairs"] == []


def test_confirming_a_session(warm: Come, services: Services) -> None:
    here = warm(graded(situations.to_confirm))
    session = latest_session(services, "held")
    counter = cost(services, here, f"sessions/{session.id}/confirm", revision=session.revision)
    counter.require_in_transaction(18)


def test_withdrawing_a_session(warm: Come, services: Services) -> None:
    here = warm(graded(situations.under_way))
    here.post("sessions/new", **meeting())
    session = latest_session(services, "held")
    cost(services, here, f"sessions/{session.id}/withdraw").require_in_transaction(18)


def test_logging_a_session_about_objectives(warm: Come, services: Services) -> None:
    """Naming what it was about is one event more, and moves each objective."""
    here = warm(graded(situations.under_way))
    assert here.post("sessions/new", **meeting()).status_code == 302
    with services.database.reading() as db:
        worked_on = db.scalars(sa.select(Objective.id).where(Objective.status == "agreed")).all()
    assert worked_on
    counter = cost(services, here, "sessions/new", **meeting(), worked_on=[str(each) for each in worked_on])
    counter.require_in_transaction(LOG_SESSION)


def test_setting_claiming_and_removing_an_objective(warm: Come, services: Services) -> None:
    here = warm(graded(situations.under_way))
    form = {"title": "Lead a meeting", "direction": Role.MENTEE.value, "tag": "skills", "required": "yes"}
    cost(services, here, "objectives", **form).require_in_transaction(13)
    with services.database.reading() as db:
        objective_id = db.scalars(sa.select(Objective.id).where(Objective.title == form["title"])).one()
    with services.database.transaction() as db:
        db.execute(sa.update(Objective).where(Objective.id == objective_id).values(status="agreed"))
    for move in ("claim", "withdraw"):
        cost(services, here, f"objectives/{objective_id}", move=move).require_in_transaction(11)


def test_signing_the_agreement(warm: Come, services: Services) -> None:
    here = warm(graded(situations.to_sign))
    cost(services, here, "agreement", accepted="yes").require_in_transaction(12)


def test_pairing_two_people(warm: Come, services: Services) -> None:
    """The tutor's form, for two who have joined."""
    here = warm(graded(situations.tutor))
    page = html.unescape(here.get("cohort/pairing").text)
    chosen = {
        f"{role}_id": re.findall(rf'value="([0-9a-f-]+)"[^>]*>{name}<', page)[0]
        for role, name in (("mentor", "Léa Nguyen"), ("mentee", "Marc Tessier"))
    }
    cost(services, here, "cohort/pairs", **chosen).require_in_transaction(21)


def cost_of_page(services: Services, here: Visit, below: str) -> SqlCounter:
    """What a page costs that was shown before."""
    here.get(below)
    with counting(services.database) as counter:
        assert here.get(below).status_code == 200
    return counter


@pytest.mark.parametrize(
    ("build", "below", "budget"),
    [
        (situations.under_way, "", LEARNERS_PAGE),
        (situations.under_way, "sessions", LEARNERS_PAGE),
        (situations.under_way, "objectives", LEARNERS_PAGE),
        (situations.tutor, "", TUTORS_PAGE),
        (situations.tutor, "cohort/live", TUTORS_PAGE),
    ],
)
def test_a_page_costs_the_same_for_46_and_for_1000_people(
    visit: Come,
    services: Services,
    build: Build,
    below: str,
    budget: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cohort_reading, "TRUSTED_FOR", 0)
    few, many = (cost_of_page(services, visit(among(build, people)), below) for people in (46, 1000))
    few.require_at_most(budget)
    assert len(many.statements) == len(few.statements), many
