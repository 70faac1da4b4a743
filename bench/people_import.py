"""What adding 5,000 people from a CSV file costs. ``python -m bench.people_import``.

Ours is the whole way, on SQLite: the file is read, kept, looked at, matched with the 5,000 people of the course and
added by the background job in transactions of 500, each person with an invitation in the event log and in the audit.
The baseline reads the same bytes with the csv module and inserts the same rows (a participant, what is known of them,
two skills) with SQLAlchemy Core, all in one transaction; it matches nobody, and checks and records nothing. Processor
time, since others use the machine.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import statistics
import tempfile
import time
import uuid
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from bench.rows import Row, bench_options, report
from lti_tool.composition import transaction as composition
from lti_tool.composition.people_import import AddPeople, request_adding
from lti_tool.composition.services import Services, make_services
from lti_tool.config import Config
from lti_tool.database import table_of, utcnow
from lti_tool.identity.models import Membership, Person
from lti_tool.identity.principal import OPERATOR, TOOL, CourseRole
from lti_tool.jobs import queue
from lti_tool.jobs.kinds import RunningJob
from lti_tool.mentoring.enrolment.models import Participant, ParticipantSkill, ParticipantTraits
from lti_tool.mentoring.enrolment.people import actions, queries
from lti_tool.mentoring.enrolment.people.columns import count_names
from lti_tool.mentoring.enrolment.people.file import read_table
from lti_tool.migrations import migrate
from tests.builder.build import Builder

PEOPLE = 5_000
TARGET = 3.0
ROUNDS = 5
_HEADER = (
    "role",
    "user id",
    "e-mail",
    "name",
    "skills offered",
    "skills wanted",
    "department",
    "languages",
    "time zone",
)
_LEASE = dt.timedelta(minutes=5)


def _file() -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";")
    writer.writerow(_HEADER)
    for number in range(PEOPLE):
        role = "mentor" if number % 2 else "mentee"
        name, address = f"Anne-Charlotte {number}", f"anne-charlotte.{number}@example.org"
        skills = "data:4", "generative-ai:2"
        department = f"Department {number % 40}"
        writer.writerow((role, number, address, name, *skills, department, "fr, en", "Europe/Paris"))
    return text.getvalue().encode()


def _services(folder: Path) -> tuple[Services, uuid.UUID]:
    """A database with a course of that many people, and its cohort."""
    services = make_services(
        Config(
            base_url="http://127.0.0.1:5000",
            data_dir=folder,
            database_url=f"sqlite:///{folder / 'tandem.db'}",
            secret_key="a secret of this bench, long enough to be one",
        )
    )
    migrate(services.database)
    course = Builder(services).organisation().platform().course("course-1")
    programme = course.programme("digital-skills", opened_by=course.tutor())
    with services.database.transaction() as db:
        ids = [uuid.uuid4() for _ in range(PEOPLE)]
        people = [
            {
                "id": person_id,
                "registration_id": course.platform.id,
                "subject": str(number),
                "pseudonym": uuid.uuid4(),
                "name": f"Anne-Charlotte {number}",
                "email": f"anne-charlotte.{number}@example.org",
                "created_at": utcnow(),
            }
            for number, person_id in enumerate(ids)
        ]
        db.execute(sa.insert(table_of(Person)), people)
        members = [
            {
                "id": uuid.uuid4(),
                "course_id": course.id,
                "person_id": person_id,
                "role": CourseRole.LEARNER.value,
                "active": True,
            }
            for person_id in ids
        ]
        db.execute(sa.insert(table_of(Membership)), members)
    return services, programme.cohort_id


@dataclass
class _Runner:
    """What a job needs of a runner, without its threads."""

    services: Services
    is_stopping: bool = False
    lease: dt.timedelta = _LEASE

    def transaction(self) -> AbstractContextManager[Session]:
        return composition.transaction(self.services, TOOL)

    def at_step(self, kind: str, step: str) -> None:
        """Nobody asks."""


def _ours(content: bytes, services: Services, cohort_id: uuid.UUID) -> float:
    begun = time.process_time()
    table = read_table(content, count_names)
    with composition.transaction(services, OPERATOR) as db:
        made = actions.keep_file(db, cohort_id=cohort_id, file_name="people.csv", table=table, now=utcnow())
        request_adding(db, import_id=made, cohort_id=cohort_id, requested_by=OPERATOR)
    with services.database.transaction() as db:
        claimed = queue.claim(db, [AddPeople], lease=_LEASE)
    if claimed is None:
        raise click.ClickException("nobody asked for the job")
    AddPeople(services.database).run(RunningJob(claimed, {"import_id": made}, _Runner(services)))
    taken = time.process_time() - begun
    with services.database.reading() as db:
        record = queries.people_import(db, made)
    if record is None or record.counts != {"invited": PEOPLE}:
        raise click.ClickException(f"of {PEOPLE} people were added: {record}")
    return taken


def _theirs(content: bytes, services: Services, cohort_id: uuid.UUID) -> float:
    with services.database.reading() as db:
        ids = {row.subject: row.id for row in db.execute(sa.select(Person.subject, Person.id))}
    begun = time.process_time()
    participants, traits, skills = [], [], []
    now = utcnow()
    for row in csv.DictReader(io.StringIO(content.decode(), newline=""), delimiter=";"):
        participant_id = uuid.uuid4()
        participants.append(
            {
                "id": participant_id,
                "cohort_id": cohort_id,
                "person_id": ids[row["user id"]],
                "role": row["role"],
                "status": "invited",
                "capacity": 1,
                "joined_at": now,
            }
        )
        traits.append(
            {
                "participant_id": participant_id,
                "department": row["department"],
                "manager": None,
                "languages": row["languages"].split(", "),
                "time_zone": row["time zone"],
                "answered_at": None,
            }
        )
        for direction, column in (("offers", "skills offered"), ("wants", "skills wanted")):
            skill, level = row[column].split(":")
            skills.append(
                {
                    "participant_id": participant_id,
                    "direction": direction,
                    "skill": skill,
                    "level": int(level),
                }
            )
    with services.database.transaction() as db:
        for mapped, rows in (
            (Participant, participants),
            (ParticipantTraits, traits),
            (ParticipantSkill, skills),
        ):
            db.execute(sa.insert(table_of(mapped)), rows)
    return time.process_time() - begun


def measure(*, quick: bool = False) -> list[Row]:
    """CPU seconds for all people, beside the baseline's."""
    content = _file()
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(1 if quick else ROUNDS):
        for measured, found in ((_ours, ours), (_theirs, theirs)):
            with tempfile.TemporaryDirectory(prefix="tandem-bench-") as folder:
                services, cohort_id = _services(Path(folder))
                found.append(measured(content, services, cohort_id))
                services.close()
    return [
        Row(
            f"adding {PEOPLE:,} people from CSV: CPU seconds",
            statistics.median(ours),
            "csv + Core insert",
            statistics.median(theirs),
            TARGET,
        )
    ]


@click.command()
@bench_options("One round.")
def main(quick: bool, path: Path | None) -> None:
    """Measure adding people from a file."""
    report(measure(quick=quick), path)


if __name__ == "__main__":
    main()
