"""``tandem scores``: where each grade is, and sending grades to gradebooks again."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any, Final

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.commands.context import (
    BadInput,
    operator_command,
    print_json,
    print_rows,
    transaction,
)
from lti_tool.commands.jobs_here import run_here
from lti_tool.composition.channels import make_worker
from lti_tool.composition.services import Services
from lti_tool.health_checks.findings import one_line
from lti_tool.identity.models import Course, Person
from lti_tool.identity.policy import Action
from lti_tool.identity.principal import OPERATOR
from lti_tool.jobs.models import JobStatus
from lti_tool.lti.ags.grade_queries import Grade, NamedGrade, named_grades
from lti_tool.lti.ags.models import MAXIMUM, GradeStatus
from lti_tool.lti.ags.resending import request_resending
from lti_tool.lti.launch.models import ResourceLink

SENDING_SECONDS: Final = 30.0
"""How long it waits for what it has sent again to arrive; what takes longer arrives by itself."""

PERSON = click.option("--person", metavar="P", help="One person: the id, the platform's id, or the name.")
COURSE = click.option("--course", metavar="C", help="One course: its id or its title.")


@click.group()
def scores() -> None:
    """Grades: what each gradebook shows, and sending grades there again.

    \b
    Example:
      tandem scores list --status refused
    """


@scores.command("list")
@PERSON
@COURSE
@click.option(
    "--status",
    type=click.Choice([status.value for status in GradeStatus]),
    help="Only those with this status.",
)
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=200, show_default=True, help="The latest, at most."
)
@click.option("--json", "as_json", is_flag=True, help="Write JSON for a script.")
@operator_command(Action.MANAGE_DELIVERIES)
def list_(
    services: Services, person: str | None, course: str | None, status: str | None, limit: int, as_json: bool
) -> None:
    """List grades, those that changed last first: what should stand, what the gradebook shows, and why not.

    \b
    Examples:
      tandem scores list --course "Digital cultures"
      tandem scores list --status removed --json
    """
    with services.database.reading() as db:
        found = named_grades(
            db,
            person_id=_person(db, person),
            course_id=_course(db, course),
            statuses=[GradeStatus(status)] if status else None,
            limit=limit,
        )
    if as_json:
        print_json([_everything(grade) for grade in found])
    else:
        print_rows([_line(grade) for grade in found], empty="No grades.")


@scores.command()
@PERSON
@COURSE
@click.option("--all", "everything", is_flag=True, help="Every grade of every course.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON for a script.")
@operator_command(Action.RESEND_GRADES)
def resend(
    services: Services, person: str | None, course: str | None, everything: bool, as_json: bool
) -> None:
    """Read gradebooks now, and send what is missing or was refused again, however often that was before.

    A grade that somebody entered in the gradebook is kept. Exits 1 when a gradebook could not be read.

    \b
    Examples:
      tandem scores resend --person "Paul Moreau"
      tandem scores resend --course "Digital cultures"
      tandem scores resend --all
    """
    if (person is None and course is None) != everything:
        raise click.UsageError("give --person, --course or both; or else --all")
    with transaction(services) as db:
        person_id, course_id = _person(db, person), _course(db, course)
        links = [
            grade.resource_link_id
            for grade in named_grades(db, person_id=person_id, course_id=course_id)
            if grade.resource_link_id is not None
        ]
        ids = request_resending(db, sorted(set(links)), OPERATOR, person_id=person_id)
    ended = run_here(services, ids, lambda read, of: f"{read} of {len(of)} gradebooks read…")
    _send(services, {job.group_key for job in ended if job.group_key})
    with services.database.reading() as db:
        found = named_grades(db, person_id=person_id, course_id=course_id)
    failed = [job for job in ended if job.status == JobStatus.FAILED]
    result = {
        "sent_again": sum((job.result or {}).get("sent_again", 0) for job in ended),
        "gradebooks_not_read": [job.error for job in failed],
        **Counter(grade.grade.status.value for grade in found),
    }
    if as_json:
        print_json(result)
    else:
        click.echo(f"{result['sent_again']} sent again.")
        for job in failed:
            click.echo(f"A gradebook could not be read: {one_line(job.error or '')}", err=True)
        rows = [_line(grade) for grade in found if grade.grade.status is not GradeStatus.RECORDED]
        if rows:
            print_rows(rows, empty="")
    if failed:
        raise click.exceptions.Exit(1)


def _person(db: Session, given: str | None) -> uuid.UUID | None:
    """The person that is meant. Ends the command where there is none or more than one."""
    if given is None:
        return None
    chosen = sa.select(Person.id)
    found = (
        _by_id(db, Person.id, given)
        or db.scalars(
            chosen.where(sa.or_(Person.subject == given, Person.name == given)).order_by(Person.id)
        ).all()
    )
    return _only(found, "--person", given, "person")


def _course(db: Session, given: str | None) -> uuid.UUID | None:
    if given is None:
        return None
    found = (
        _by_id(db, Course.id, given)
        or db.scalars(
            sa.select(Course.id)
            .where(
                sa.or_(Course.title == given, Course.context_id == given),
                sa.exists().where(
                    ResourceLink.course_id == Course.id, ResourceLink.line_item_url.is_not(None)
                ),
            )
            .order_by(Course.id)
        ).all()
    )
    return _only(found, "--course", given, "course with a gradebook")


def _by_id(db: Session, column: Any, given: str) -> Sequence[uuid.UUID]:
    try:
        wanted = uuid.UUID(given)
    except ValueError:
        return []
    return db.scalars(sa.select(column).where(column == wanted)).all()


def _only(found: Sequence[uuid.UUID], option: str, given: str, what: str) -> uuid.UUID:
    if not found:
        raise BadInput(f"{option}: there is no {what} {given!r}; `tandem scores list --json` shows them")
    if len(found) > 1:
        raise BadInput(
            f"{option}: there is more than one {given!r}; give the id: {', '.join(map(str, found))}"
        )
    return found[0]


def _send(services: Services, receivers: Collection[str]) -> None:
    """Send what these platforms are to get, as far as that goes at once."""
    worker = make_worker(services)
    until = time.monotonic() + SENDING_SECONDS
    for receiver in sorted(receivers):
        while time.monotonic() < until and worker.deliver("score", receiver):
            pass


def _line(named: NamedGrade) -> dict[str, Any]:
    grade = named.grade
    is_own_word = grade.accepted_by is not None and grade.status is GradeStatus.RECORDED
    return {
        "person": named.person,
        "course": named.course,
        "status": grade.status.value,
        "should": "" if grade.wanted is None else f"{grade.wanted}/{MAXIMUM}",
        "gradebook": ""
        if grade.result_score is None
        else f"{grade.result_score:g}/{grade.result_maximum or 1:g}{' accepted' if is_own_word else ''}",
        "read": grade.read_at.isoformat(timespec="minutes") if grade.read_at else "",
        "why": _why(grade),
    }


def _why(grade: Grade) -> str:
    words = one_line(grade.reason) if grade.reason else ""
    rests = f"rests since {grade.rests_since:%Y-%m-%d}" if grade.rests_since is not None else ""
    return ": ".join(each for each in (rests, words) if each)


def _everything(named: NamedGrade) -> dict[str, Any]:
    grade = named.grade
    return {
        "person": named.person,
        "person_id": grade.person_id,
        "course": named.course,
        "course_id": named.course_id,
        "line_item": grade.line_item_url,
        "status": grade.status.value,
        "should": grade.wanted,
        "result_score": grade.result_score,
        "result_maximum": grade.result_maximum,
        "read_at": grade.read_at.isoformat() if grade.read_at else None,
        "unreadable_since": grade.unreadable_since.isoformat() if grade.unreadable_since else None,
        "rests_since": grade.rests_since.isoformat() if grade.rests_since else None,
        "gradebook_known": grade.accepted_by is None,
        "accepted_at": grade.accepted_at.isoformat() if grade.accepted_at else None,
        "refusal": grade.refusal,
        "reason": grade.reason,
    }
