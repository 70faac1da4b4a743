"""Adding the people of a file: who is invited and who is awaited, once, whatever happens on the way."""

from __future__ import annotations

import datetime as dt
import signal
import uuid
from pathlib import Path

import pytest
import sqlalchemy as sa

from lti_tool.composition import people_import
from lti_tool.composition.audit.entries import Reader, Wanted, entries
from lti_tool.composition.audit.sentences import names_of, sentence_of
from lti_tool.composition.housekeeping import DeleteExpired
from lti_tool.composition.jobs import make_job_runner
from lti_tool.composition.people_import import AT_ONCE, request_adding
from lti_tool.composition.projections import check_projections
from lti_tool.database import utcnow
from lti_tool.events.models import AuditEntry, EventRow
from lti_tool.identity.models import Membership, Person
from lti_tool.identity.principal import OPERATOR, TOOL, CourseRole, Principal
from lti_tool.jobs import queue
from lti_tool.jobs.models import Job
from lti_tool.mentoring.enrolment.actions import join, take_back_invitation
from lti_tool.mentoring.enrolment.details import Details
from lti_tool.mentoring.enrolment.details_actions import save_answers
from lti_tool.mentoring.enrolment.details_queries import details_of
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.enrolment.people import actions, queries
from lti_tool.mentoring.enrolment.people.checking import check_file
from lti_tool.mentoring.enrolment.people.columns import count_names
from lti_tool.mentoring.enrolment.people.file import read_table
from lti_tool.mentoring.enrolment.people.listed import find_awaited, invite_listed
from lti_tool.mentoring.enrolment.people.models import AwaitedPerson, PeopleImport
from lti_tool.mentoring.programmes.models import ProgrammeOwner
from lti_tool.mentoring.roles import Role
from tests.builder import World
from tests.builder.world import person_principal
from tests.jobs.kinds import wait_until_ended
from tests.killed_process import run_until_killed
from tests.sql_counter import counting

FILE = """role;id;user name;e-mail;name;offers;wants;department;manager;languages;time zone;capacity
mentee;anne;;;Anne Roy;;data:4;Finance;boss@example.org;fr, en;Europe/Paris;
mentor;;LEO;;Léo Petit;data:5|generative-ai;;IT;;fr;;3
mentee;;;new@example.org;Nina New;;;;;;;
"""


@pytest.fixture
def here(world: World) -> World:
    """The world with two people of the course who have no role yet; one is known by a user name."""
    world.course.person("Anne Roy", subject="anne")
    leo = world.course.person("Léo Petit", subject="leo")
    with world.services.database.transaction() as db:
        db.execute(sa.update(Person).where(Person.id == leo.id).values(user_name="leo"))
    return world


def give(world: World, text: str, principal: Principal = OPERATOR) -> uuid.UUID:
    """Give a file, and ask for its people to be added; its id."""
    with world.acting_as(principal).acting() as db:
        made = actions.keep_file(
            db,
            cohort_id=world.cohort_id,
            file_name="people.csv",
            table=read_table(text.encode(), count_names),
            now=utcnow(),
        )
        request_adding(db, import_id=made, cohort_id=world.cohort_id, requested_by=principal)
        return made


def run_jobs(world: World, *ids: int) -> None:
    runner = make_job_runner(world.services, lease=dt.timedelta(seconds=1), sweep_seconds=0.05)
    runner.start()
    try:
        wait_until_ended(world.services, *ids)
    finally:
        runner.stop()


def add(world: World, text: str, principal: Principal = OPERATOR) -> dict[str, int]:
    made = give(world, text, principal)
    run_jobs(world)
    with world.services.database.reading() as db:
        record = queries.people_import(db, made)
    assert record is not None
    return record.counts


def events_of(world: World, kind: str) -> list[EventRow]:
    with world.services.database.reading() as db:
        return list(db.scalars(sa.select(EventRow).where(EventRow.kind == kind)))


def invitations(world: World) -> list[EventRow]:
    return events_of(world, "ParticipantInvited")


def entries_of_lists(world: World) -> list[str]:
    """What the audit says of lists of people."""
    with world.services.database.reading() as db:
        programme_id = world.built_cohort.programme.id
        tutor = person_principal(world, world.tutor_id, CourseRole.TUTOR)
        reader = Reader(principal=tutor, programme_id=programme_id, taught=frozenset({world.cohort_id}))
        lines = [line for line in entries(db, reader, Wanted(), limit=50) if line.kind == "PeopleAdded"]
        return [sentence_of(line, names_of(db, lines)) for line in lines]


def details(world: World, name: str) -> tuple[str, Details]:
    with world.services.database.reading() as db:
        participant = db.scalars(sa.select(Participant).join(Person).where(Person.name == name)).one()
        return participant.status, details_of(db, [participant.id])[participant.id].details


def test_people_of_the_course_are_invited_and_others_awaited_once(here: World) -> None:
    assert add(here, FILE) == {"invited": 2, "awaited": 1}
    assert details(here, "Anne Roy") == (
        "invited",
        Details(1, None, (("data", 4),), "Finance", "boss@example.org", ("fr", "en"), "Europe/Paris"),
    )
    assert details(here, "Léo Petit") == (
        "invited",
        Details(3, (("data", 5), ("generative-ai", None)), None, "IT", None, ("fr",), None),
    )
    assert add(here, FILE) == {"unchanged": 3}
    assert len(invitations(here)) == 2
    assert [row.details["people"] for row in events_of(here, "PeopleAdded")] == [3, 3]
    with here.services.database.reading() as db:
        kinds = set(db.scalars(sa.select(AuditEntry.kind)))
    assert ("PeopleAdded" in kinds, "ParticipantInvited" in kinds) == (True, False)
    with here.acting() as db:
        anne = db.scalars(sa.select(Participant).join(Person).where(Person.name == "Anne Roy")).one()
        take_back_invitation(db, participant_id=anne.id, cohort_id=here.cohort_id, now=utcnow())
    assert add(here, FILE) == {"invited": 1, "unchanged": 2}, (
        "a list invites again whose invitation was taken back"
    )
    assert details(here, "Anne Roy")[0] == "invited"
    assert all(each.identical for each in check_projections(here.services))


def test_the_content_of_a_file_is_kept_no_longer_than_it_is_needed(here: World) -> None:
    made = give(here, FILE)
    run_jobs(here)
    with here.services.database.transaction() as db:
        record = queries.people_import(db, made)
        assert record is not None
        assert (record.content, record.is_done) == (None, True)
        later = utcnow() + actions.KEPT_AFTERWARDS + dt.timedelta(minutes=1)
        assert actions.delete_expired_files(db, later) == 1


def test_who_asked_is_who_invites(here: World) -> None:
    tutor = person_principal(here, here.tutor_id, CourseRole.TUTOR)
    add(here, FILE, tutor)
    assert {row.acted_by_id for row in invitations(here)} == {here.tutor_id}


def test_nobody_adds_people_who_neither_teaches_nor_owns_any_more(here: World) -> None:
    give(here, FILE, person_principal(here, here.tutor_id, CourseRole.TUTOR))
    with here.services.database.transaction() as db:
        db.execute(sa.update(Membership).where(Membership.person_id == here.tutor_id).values(active=False))
        db.execute(sa.delete(ProgrammeOwner))
    run_jobs(here)
    assert not invitations(here)


def test_nothing_is_added_where_a_row_has_become_wrong_since(here: World) -> None:
    made = give(here, FILE)
    with here.services.database.reading() as db:
        anne = db.scalars(sa.select(Person.id).where(Person.subject == "anne")).one()
    with here.acting() as db:
        join(db, cohort_id=here.cohort_id, person_id=anne, role=Role.MENTOR, now=utcnow())
    run_jobs(here)
    with here.services.database.reading() as db:
        record, job = queries.people_import(db, made), db.scalars(sa.select(Job)).one()
        assert (job.status, job.error) == ("failed", people_import.ROWS_CHANGED)
        assert record is not None
        assert record.content is not None
    assert not invitations(here)


def test_a_job_that_is_killed_doubles_nothing(here: World, tmp_path: Path) -> None:
    rows = "".join(f"mentee;p{number}@example.org\n" for number in range(AT_ONCE))
    made = give(here, f"role;e-mail\n{rows}mentor;last@example.org\n")
    assert run_until_killed(here.services, "runner", "add_people:reported", tmp_path) == -signal.SIGKILL
    with here.services.database.reading() as db:
        begun = queries.people_import(db, made)
    assert begun is not None
    assert begun.job_id is not None
    # Were this the end of it, the audit would say what was added.
    assert entries_of_lists(here) == [
        f"The technical team added the first {AT_ONCE} people of a list of {AT_ONCE + 1}"
    ]
    run_jobs(here, begun.job_id)
    with here.services.database.reading() as db:
        record = queries.people_import(db, made)
        assert record is not None
        assert (record.counts, record.is_done) == ({"awaited": AT_ONCE + 1}, True)
        assert queries.count_awaited(db, here.cohort_id) == AT_ONCE + 1
    assert entries_of_lists(here) == [f"The technical team added {AT_ONCE + 1} people from a list"]
    assert all(each.identical for each in check_projections(here.services))


def test_somebody_awaited_is_invited_when_they_come_and_no_two_people_are(here: World) -> None:
    rows = (
        "mentor;;;twice@example.org;One;;;;;;;",
        "mentor;;twice;;Two;;;;;;;2",
        "mentor;;;late@example.org;Late;;;;;;;2",
    )
    add(here, FILE + "\n".join(rows))

    def come(name: str, subject: str, **identifiers: str | None) -> tuple[uuid.UUID, AwaitedPerson | None]:
        person = here.course.person(name, subject=subject)
        with here.services.database.transaction() as db:
            db.execute(sa.update(Person).where(Person.id == person.id).values(**identifiers))
        with here.services.database.reading() as db:
            return person.id, find_awaited(db, cohort_id=here.cohort_id, person_id=person.id)

    assert come("Both", "70", user_name="twice", email="twice@example.org")[1] is None
    assert come("Nobody", "71", email="nobody@example.org")[1] is None
    nina_id, found = come("Nina New", "77", email="New@example.org")
    assert found is not None
    for expected in ("invited", None):
        with here.acting() as db:
            made = actions.invite_awaited(db, awaited=found, person_id=nina_id, now=utcnow())
            assert (expected is None) == (made is None)
    assert details(here, "Nina New")[0] == "invited"
    # Whoever pairs people need not wait for a first visit: a roster that lists somebody is enough.
    assert come("Late Comer", "78", email="LATE@example.org")[1] is not None
    for expected in (1, 0):
        with here.acting() as db:
            assert invite_listed(db, here.course_id, utcnow()) == expected
    assert (details(here, "Late Comer")[0], details(here, "Late Comer")[1].capacity) == ("invited", 2)
    assert {row.acted_by_kind for row in invitations(here)} == {"operator"}


def test_somebody_awaited_whom_a_tutor_has_paired_meanwhile_gets_what_the_list_says(here: World) -> None:
    add(here, "role;user name;capacity;department\nmentor;nina;2;IT\n")
    nina = here.course.person("Nina New", subject="77")
    here.built_cohort.participant(nina, Role.MENTEE, invited=True)
    with here.services.database.transaction() as db:
        db.execute(sa.update(Person).where(Person.id == nina.id).values(user_name="nina"))
    with here.acting() as db:
        found = find_awaited(db, cohort_id=here.cohort_id, person_id=nina.id)
        assert found is not None
        actions.invite_awaited(db, awaited=found, person_id=nina.id, now=utcnow())
    assert details(here, "Nina New") == ("invited", Details(2, department="IT"))
    assert len(invitations(here)) == 1
    with here.services.database.reading() as db:
        assert queries.count_awaited(db, here.cohort_id) == 0


def test_somebody_who_has_left_the_course_is_awaited(here: World) -> None:
    with here.services.database.transaction() as db:
        anne = db.scalars(sa.select(Person.id).where(Person.subject == "anne")).one()
        db.execute(sa.update(Membership).where(Membership.person_id == anne).values(active=False))
    assert add(here, "role;id\nmentee;anne\n") == {"awaited": 1}


def test_somebody_who_was_awaited_and_is_in_the_course_now_is_invited_by_the_same_file(here: World) -> None:
    late = "role;e-mail;capacity\nmentor;nina.new@example.org;2\n"
    assert add(here, late) == {"awaited": 1}
    nina = here.course.person("Nina New", subject="77")
    with here.services.database.transaction() as db:
        db.execute(sa.update(Person).where(Person.id == nina.id).values(email="Nina.New@example.org"))
    assert add(here, late) == {"invited": 1}
    assert details(here, "Nina New")[1].capacity == 2
    with here.services.database.reading() as db:
        assert queries.count_awaited(db, here.cohort_id) == 0


def test_a_person_s_own_answers_stay(here: World) -> None:
    answers = Details(capacity=2, offers=(("data", 2),), languages=("en",))
    with here.acting() as db:
        save_answers(db, participant_id=here.mentor_id, answers=answers, now=utcnow())
    with here.services.database.reading() as db:
        subject = db.scalars(
            sa.select(Person.subject).join(Participant).where(Participant.id == here.mentor_id)
        ).one()
    text = f"role;id;offers;capacity;department\nmentor;{subject};data:5;9;Finance\n"
    assert add(here, text) == {"updated": 1, "keeps_answers": 1}
    with here.services.database.reading() as db:
        known = details_of(db, [here.mentor_id])[here.mentor_id].details
    assert known == Details(2, (("data", 2),), None, "Finance", None, ("en",), None)


def test_looking_at_a_file_takes_as_many_statements_whatever_its_length(here: World) -> None:
    def statements(rows: int) -> int:
        text = "role;e-mail\n" + "".join(f"mentee;p{number}@example.org\n" for number in range(rows))
        table = read_table(text.encode(), count_names)
        with here.services.database.reading() as db, counting(here.services.database) as counted:
            assert check_file(db, here.cohort_id, table).is_right
        return len(counted.statements)

    assert statements(3) == statements(60) <= 8


def test_people_are_invited_before_the_start_and_nobody_is_after_the_end(here: World) -> None:
    with here.services.database.transaction() as db:
        here.cohort(db).status = "draft"
    assert add(here, "role;id\nmentee;anne\n") == {"invited": 1}
    with here.services.database.transaction() as db:
        here.cohort(db).status = "closing"
    assert add(here, "role;id\nmentor;leo\n") == {}
    assert len(invitations(here)) == 1


def test_a_list_whose_time_is_over_is_deleted_by_the_schedule(here: World) -> None:
    made = give(here, FILE)
    with here.services.database.transaction() as db:
        db.execute(sa.update(PeopleImport).values(expires_at=utcnow() - dt.timedelta(seconds=1)))
        db.execute(sa.delete(Job))
        queue.enqueue(db, DeleteExpired, {}, requested_by=TOOL)
    run_jobs(here)
    with here.services.database.reading() as db:
        assert queries.people_import(db, made) is None
