"""Check of what must be sent: what waits, in the receivers' own words, and what they will never take."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.composition.channels import make_channels
from lti_tool.composition.record_stores import named_stores
from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.health_checks.findings import Found, Verdict, one_line
from lti_tool.health_checks.stored import name_of
from lti_tool.identity.models import Course, Person, display_name
from lti_tool.lti.ags.damaged_scores import fault_of, find_grade
from lti_tool.lti.ags.grade_queries import named_grades
from lti_tool.lti.ags.models import (
    GradeStatus,
    MissingLineItem,
    OwnLineItemRecord,
    OwnLineItemStatus,
    UnreadableResults,
)
from lti_tool.lti.ags.scores import order_key
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.platforms import UNBINDING_FAMILIES
from lti_tool.lti.registration.models import Deployment, Registration
from lti_tool.messaging import backlog, pauses
from lti_tool.messaging.backlog import Backlog
from lti_tool.messaging.models import Delivery, DeliveryKind, DeliveryPause, DeliveryStatus

LONG_WAIT: Final = dt.timedelta(hours=1)
MOST_NAMED: Final = 5
"""How many refused scores of a platform are named, the latest ones."""


MOST_READ: Final = 200
"""How many refused grades are looked at."""


def deliveries(services: Services) -> Found:
    """What waits and is dead, for each receiver."""
    names = _names(services)
    sent = {channel.kind for channel in make_channels(services)}
    with services.database.reading() as db:
        found = backlog.receivers(db)
        for kind, receiver in found:
            queue = backlog.read(db, kind, receiver)
            name = names.get((kind, receiver), "" if kind in list(DeliveryKind) else receiver)
            if queue.waiting:
                yield _waiting(db, kind, receiver, name, queue, is_sent=kind in sent)
            if queue.dead and kind == DeliveryKind.SCORE:
                yield from _dead_scores(db, receiver, name, queue.dead)
            elif queue.dead:
                yield _dead(db, kind, receiver, name, queue.dead)
        missing = [
            *_gone_grades(db),
            *_missing_grades(db),
            *_unreadable(db, names),
            *_resting(db, names),
            *_line_items(db),
            *_bound_line_items(db),
        ]
    yield from missing
    if not (found or missing):
        yield Verdict.OK, "nothing waits", ""


def _names(services: Services) -> dict[tuple[str, str], str]:
    """What to call each receiver that is set or registered, by kind and receiver."""
    names = {
        (DeliveryKind.STATEMENT.value, store.receiver): f"the LRS {store.label}"
        for store in named_stores(services)
    }
    with services.database.reading() as db:
        for registration in db.scalars(sa.select(Registration)):
            names[DeliveryKind.SCORE.value, str(registration.id)] = name_of(registration)
    return names


def _dead(db: Session, kind: str, receiver: str, name: str, count: int) -> tuple[Verdict, str, str]:
    """What a receiver refused for good; of a further channel with its latest reason, by which it can be judged."""
    message = f"{_counted(count, kind)} refused for good{f' by {name}' if name else ''}"
    if kind == DeliveryKind.STATEMENT:
        return (
            Verdict.WARNING,
            message,
            "see why, and send again what can be: tandem statements list --status dead",
        )
    latest = db.scalar(
        sa.select(Delivery.last_error)
        .where(Delivery.kind == kind, Delivery.receiver == receiver, sa.text("status = 'dead'"))
        .order_by(Delivery.id.desc())
        .limit(1)
    )
    return (
        Verdict.WARNING,
        f"{message}: {one_line(latest or 'no reason was kept')}",
        f"see all: tandem statements list --kind {kind} --status dead; once the cause is gone, send them again: "
        f"tandem statements retry --all --kind {kind}",
    )


def _waiting(
    db: Session, kind: str, receiver: str, name: str, queue: Backlog, *, is_sent: bool
) -> tuple[Verdict, str, str]:
    """``is_sent``: whether this version has a channel of the kind."""
    waits = f"{_counted(queue.waiting, kind)} waiting{f' for {name}' if name else ''}"
    failing = pauses.read(db, kind, receiver)
    whole = failing.find(pauses.WHOLE)
    if whole is not None:
        return _failing(kind, waits, whole)
    if groups := failing.failing_groups():
        return _failing(kind, waits, min(groups, key=_since))
    if failing.rows:
        part, count = min(failing.rows, key=_since), len(failing.rows)
        what = "line item" if kind == DeliveryKind.SCORE else "part"
        return (
            Verdict.WARNING,
            f"{waits}, since {part.since:%Y-%m-%d %H:%M} UTC {count} {what}{' fails' if count == 1 else 's fail'}: "
            f"{one_line(part.reason)}",
            "look at the activity's grade in the LMS; they are sent again by themselves"
            if kind == DeliveryKind.SCORE
            else "",
        )
    if not is_sent:
        return (
            Verdict.WARNING,
            f"{waits}: this version has no channel that sends them",
            f"they wait for a version with a channel of the kind {kind} (a line in composition/channels.py)",
        )
    late = queue.oldest is not None and utcnow() - queue.oldest > LONG_WAIT
    words = f" ({one_line(queue.last_error)})" if queue.last_error else ""
    if late and queue.oldest is not None and (name or kind != DeliveryKind.STATEMENT):
        return (
            Verdict.WARNING,
            f"{waits}, the oldest since {queue.oldest:%Y-%m-%d %H:%M} UTC{words}",
            "see that a worker runs (tandem serve, or tandem worker)",
        )
    return (Verdict.WARNING if words else Verdict.OK), f"{waits}{words}", ""


def _since(pause: DeliveryPause) -> dt.datetime:
    return pause.since


def _failing(kind: str, waits: str, pause: DeliveryPause) -> tuple[Verdict, str, str]:
    fix = "what waits is sent once it answers again"
    if pause.refused and kind == DeliveryKind.STATEMENT:
        fix = "correct the credentials (tandem lrs set, or TANDEM_LRS_…), then look: tandem lrs test"
    elif pause.refused and kind == DeliveryKind.SCORE:
        fix = "compare the registration with what the LMS shows: tandem registrations list --json"
    return (
        Verdict.ERROR if pause.refused else Verdict.WARNING,
        f"{waits}, which {'refuses the tool' if pause.refused else 'fails'} since {pause.since:%Y-%m-%d %H:%M} UTC: "
        f"{one_line(pause.reason)}",
        fix,
    )


def _dead_scores(db: Session, receiver: str, name: str, count: int) -> Iterator[tuple[Verdict, str, str]]:
    """The refused scores with person and course, so that somebody can look them up in the LMS."""
    rows = db.scalars(
        sa.select(Delivery)
        .where(
            Delivery.kind == DeliveryKind.SCORE,
            Delivery.receiver == receiver,
            Delivery.status == DeliveryStatus.DEAD,
        )
        .order_by(Delivery.id.desc())
        .limit(MOST_NAMED)
    )
    for row in rows:
        url, person_id = find_grade(db, row.target, row.order_key) or (None, None)
        of = f"the grade of {_person(db, person_id)} in {_course(db, url, receiver)}"
        yield _not_recorded(
            of,
            one_line(row.last_error or ""),
            f"tandem scores resend{_option(person_id)}",
            was_sent=fault_of(row.target, row.order_key, row.body) is None,
            by=name,
        )
    if count > MOST_NAMED:
        yield (
            Verdict.WARNING,
            f"{_counted(count - MOST_NAMED, 'score')} more refused by {name}, or not sent",
            "",
        )


def _not_recorded(
    grade: str, reason: str, resend: str, *, was_sent: bool, by: str = ""
) -> tuple[Verdict, str, str]:
    """A grade that the gradebook has not taken, or that was never sent."""
    if not was_sent:
        return Verdict.WARNING, f"{grade} was not sent, what is stored of it being damaged: {reason}", resend
    refused = f"{grade} was refused for good{f' by {by}' if by else ''}: {reason}"
    return Verdict.WARNING, refused, f"look at the person and the activity in the LMS; then: {resend}"


def _option(person_id: uuid.UUID | None) -> str:
    return f" --person {person_id}" if person_id else " --all"


def _gone_grades(db: Session) -> Iterator[tuple[Verdict, str, str]]:
    """Grades that count as refused since a reading said so, of which no score is a dead letter."""
    grades = [
        named
        for named in named_grades(db, statuses=[GradeStatus.REFUSED], of_activities=True, limit=MOST_READ)
        if named.grade.rests_since is None
    ]
    if not grades:
        return
    letters = set(
        db.scalars(
            sa.select(Delivery.order_key).where(
                sa.text("status = 'dead'"), Delivery.kind == DeliveryKind.SCORE
            )
        )
    )
    grades = [
        named
        for named in grades
        if order_key(named.grade.line_item_url, named.grade.person_id) not in letters
    ]
    for named in grades[:MOST_NAMED]:
        yield _not_recorded(
            f"the grade of {named.person} in {named.course}",
            one_line(named.grade.reason or "no reason was kept"),
            f"tandem scores resend --person {named.grade.person_id}",
            was_sent=not named.grade.was_not_sent,
        )
    if len(grades) > MOST_NAMED:
        yield Verdict.WARNING, "more grades were refused", "see all: tandem scores list --status refused"


_LINE_ITEMS: Final = {
    OwnLineItemStatus.REFUSED: "its platform lists no line items, or made none",
    OwnLineItemStatus.UNSURE: "it was asked for a line item, its answer was lost, and it lists none",
}


_ACTIVITIES: Final = (
    sa.select(
        ResourceLink.title,
        sa.func.coalesce(Course.title, Course.context_id).label("course"),
        OwnLineItemRecord.status,
        OwnLineItemRecord.reason,
    )
    .join(ResourceLink, ResourceLink.id == OwnLineItemRecord.resource_link_id)
    .join(Course, Course.id == ResourceLink.course_id)
    .order_by(OwnLineItemRecord.looked_at.desc(), ResourceLink.id)
    .limit(MOST_NAMED + 1)
)
"""The activities whose line items the tool asks for, the latest first, and one more than are named."""


def _line_items(db: Session) -> Iterator[tuple[Verdict, str, str]]:
    """Activities without a line item, of which only somebody can say what is to be done."""
    rows = db.execute(
        _ACTIVITIES.where(
            OwnLineItemRecord.status.in_(list(_LINE_ITEMS)), ResourceLink.line_item_url.is_(None)
        )
    ).all()
    for row in rows[:MOST_NAMED]:
        said = f": {one_line(row.reason)}" if row.reason else ""
        yield (
            Verdict.WARNING,
            f"the activity {row.title or 'without a title'} in {row.course} has no line item, since "
            f"{_LINE_ITEMS[OwnLineItemStatus(row.status)]}{said}",
            "its tutor reads what to do on their page; see all: tandem line-items list",
        )
    if len(rows) > MOST_NAMED:
        yield Verdict.WARNING, "more activities have no line item", "see all: tandem line-items list"


def _bound_line_items(db: Session) -> Iterator[tuple[Verdict, str, str]]:
    """Columns that an earlier version made for their activities, and that could not be let go of them."""
    rows = db.execute(
        _ACTIVITIES.join(Deployment, Deployment.id == Course.deployment_id)
        .join(Registration, Registration.id == Deployment.registration_id)
        .where(
            OwnLineItemRecord.is_bound.is_(sa.true()),
            OwnLineItemRecord.posted_at.is_not(None),
            sa.func.lower(Registration.platform_family).in_(UNBINDING_FAMILIES),
        )
    ).all()
    for row in rows[:MOST_NAMED]:
        said = f": {one_line(row.reason)}" if row.reason else ""
        yield (
            Verdict.WARNING,
            f"the column that an earlier version made for the activity {row.title or 'without a title'} in "
            f"{row.course} keeps Moodle from completing that activity by a grade{said}",
            "it is asked again every day and whenever a teacher opens the activity; or a teacher lets the tool add "
            "grades in the activity's settings and then deletes that column: the grades are sent to the activity's own",
        )
    if len(rows) > MOST_NAMED:
        yield Verdict.WARNING, "more columns keep Moodle from completing their activities", ""


_MISSING: Final = {
    GradeStatus.REMOVED: "was deleted there, sent again, and deleted again",
    GradeStatus.NOT_SHOWN: "was accepted there twice, and its gradebook does not show it",
}


def _missing_grades(db: Session) -> Iterator[tuple[Verdict, str, str]]:
    """Grades that are missing again after they were sent a second time."""
    # Nobody can send one again whose activity has another line item by now.
    for status, words in _MISSING.items():
        grades = named_grades(db, statuses=[status], of_activities=True, limit=MOST_NAMED + 1)
        for named in grades[:MOST_NAMED]:
            yield (
                Verdict.WARNING,
                f"the grade of {named.person} in {named.course} {words}",
                "their tutor is asked whether to send it again; or: "
                f"tandem scores resend --person {named.grade.person_id}",
            )
        if len(grades) > MOST_NAMED:
            yield Verdict.WARNING, "more grades are missing", f"see all: tandem scores list --status {status}"


def _unreadable(db: Session, names: dict[tuple[str, str], str]) -> Iterator[tuple[Verdict, str, str]]:
    """Gradebooks that do not say what they show."""
    rows = db.scalars(
        sa.select(UnreadableResults).order_by(UnreadableResults.failed_at.desc()).limit(MOST_NAMED + 1)
    ).all()
    for row in rows[:MOST_NAMED]:
        receiver = str(row.registration_id)
        times = f"{row.failures} reading{'s' if row.failures != 1 else ''} failed"
        yield (
            Verdict.WARNING,
            f"what {names.get((DeliveryKind.SCORE, receiver), 'a platform')} shows in the gradebook of "
            f"{_course(db, row.line_item_url, receiver)} cannot be read since {row.began_at:%Y-%m-%d %H:%M} UTC "
            f"({times}): {one_line(row.reason)}",
            "see that the platform lets the tool read results (result.readonly), then: tandem scores resend --all; "
            "until then the grade of a completed programme goes out after a day without knowing what is there",
        )
    if len(rows) > MOST_NAMED:
        yield Verdict.WARNING, "more gradebooks cannot be read", ""


def _resting(db: Session, names: dict[tuple[str, str], str]) -> Iterator[tuple[Verdict, str, str]]:
    """Gradebooks to which nothing is sent any more."""
    rows = db.scalars(
        sa.select(MissingLineItem)
        .where(MissingLineItem.rests_since.is_not(None))
        .order_by(MissingLineItem.rests_since.desc())
        .limit(MOST_NAMED + 1)
    ).all()
    for row in rows[:MOST_NAMED]:
        receiver = str(row.registration_id)
        course = _course(db, row.line_item_url, receiver)
        yield (
            Verdict.WARNING,
            f"no grade is sent to the gradebook of {course} since "
            f"{row.rests_since:%Y-%m-%d %H:%M} UTC: "
            f"{names.get((DeliveryKind.SCORE.value, receiver), 'the platform')} has said for days that it is not "
            f"there, or not the tool's: {one_line(row.reason)}",
            "if the course is deleted, there is nothing to do; otherwise open the activity from it, or: "
            f'tandem scores resend --course "{course}"',
        )
    if len(rows) > MOST_NAMED:
        yield (
            Verdict.WARNING,
            "more gradebooks get no grade any more",
            "see all: tandem scores list --status refused",
        )


def _person(db: Session, person_id: uuid.UUID | None) -> str:
    person = db.get(Person, person_id) if person_id else None
    return (display_name(person) or f"the person {person.subject}") if person else "a person who is gone"


def _course(db: Session, line_item_url: str | None, registration_id: str) -> str:
    """The course of a line item of one platform: another one's may have the same address."""
    title = db.scalar(
        sa.select(sa.func.coalesce(Course.title, Course.context_id))
        .join(ResourceLink, ResourceLink.course_id == Course.id)
        .join(Deployment, Deployment.id == Course.deployment_id)
        .where(
            ResourceLink.line_item_url == line_item_url,
            Deployment.registration_id == uuid.UUID(registration_id),
        )
        .limit(1)
    )
    return title or "a course that is gone"


def _counted(number: int, kind: str) -> str:
    """``3 statements``; kinds of further channels are shown as they are called."""
    plural = number != 1 and kind in list(DeliveryKind)
    return f"{number} {kind}{'s' if plural else ''}"
