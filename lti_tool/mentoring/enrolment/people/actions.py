"""Adding people from a file: keeping the file, inviting its people, and inviting those who come later.

Nobody takes part because a file names them: they are invited, and say themselves that they take part.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import insert_for, table_of
from lti_tool.events import log
from lti_tool.identity.principal import Principal, PrincipalKind
from lti_tool.many_rows import delete_some
from lti_tool.mentoring.enrolment.details import Details
from lti_tool.mentoring.enrolment.details_actions import insert_details, save_details
from lti_tool.mentoring.enrolment.details_queries import details_of
from lti_tool.mentoring.enrolment.events import ParticipantInvited, PeopleAdded
from lti_tool.mentoring.enrolment.models import Participant, ParticipantStatus
from lti_tool.mentoring.enrolment.people.file import Table
from lti_tool.mentoring.enrolment.people.matching import (
    KnownAwaited,
    Match,
    Outcome,
    details_of_row,
    merged,
)
from lti_tool.mentoring.enrolment.people.models import AwaitedPerson, PeopleImport
from lti_tool.mentoring.enrolment.people.queries import KEEPS_ANSWERS, rows_of
from lti_tool.mentoring.guards import require
from lti_tool.mentoring.programmes import queries as programmes

KEPT_UNUSED: Final = dt.timedelta(days=1)
"""How long a file is kept that nobody adds."""
KEPT_AFTERWARDS: Final = dt.timedelta(days=30)
"""How long it is kept, without its content, that a file was added."""
LONGEST_FILE_NAME: Final = 200


def keep_file(
    db: Session,
    *,
    cohort_id: uuid.UUID,
    file_name: str,
    table: Table,
    now: dt.datetime,
    import_id: uuid.UUID | None = None,
) -> uuid.UUID:
    """Keep the texts of a file until its people are added; return its id, which is ``import_id`` where it is given."""
    row = PeopleImport(
        id=import_id or uuid.uuid4(),
        cohort_id=cohort_id,
        file_name=" ".join(file_name.split())[:LONGEST_FILE_NAME],
        content=table.as_json(),
        rows=len(table.rows),
        counts={},
        created_at=now,
        expires_at=now + KEPT_UNUSED,
    )
    db.add(row)
    db.flush()
    return row.id


def note_job(db: Session, *, import_id: uuid.UUID, job_id: int) -> None:
    """The people of a file are to be added by this job."""
    imports = table_of(PeopleImport)
    db.execute(sa.update(imports).where(imports.c.id == import_id).values(job_id=job_id))


def drop_file(db: Session, *, import_id: uuid.UUID) -> None:
    """Delete a file that nobody has added yet. Deleting twice changes nothing."""
    db.execute(sa.delete(PeopleImport).where(PeopleImport.id == import_id, PeopleImport.job_id.is_(None)))


def delete_expired_files(db: Session, now: dt.datetime) -> int:
    """Delete some of the files whose time is over; return how many, 0 once none is left."""
    return delete_some(db, PeopleImport, table_of(PeopleImport).c.expires_at < now)


def count_added(
    db: Session, *, import_id: uuid.UUID, counts: dict[str, int], is_last: bool, now: dt.datetime
) -> dict[str, int]:
    """Note that a block of people of a file was added; with the last one the file's content is deleted.

    In the transaction that adds them, so that the log has an event of everybody who is there, whatever happens next.
    """
    imports = table_of(PeopleImport)
    # Without the content of the file, which takes longer to read than all the rest.
    before = db.execute(
        sa.select(imports.c.counts, imports.c.rows, imports.c.cohort_id)
        .where(imports.c.id == import_id)
        .with_for_update()
    ).one()
    added = PeopleAdded(
        people=rows_of(counts), rows=before.rows, import_id=import_id, is_first=not before.counts
    )
    if added.people:
        log.append(db, added, programmes.scope_of(db, before.cohort_id), at=now)
    total = Counter(before.counts)
    total.update(counts)
    values: dict[str, Any] = {"counts": dict(total)}
    if is_last:
        values |= {"content": None, "done_at": now, "expires_at": now + KEPT_AFTERWARDS}
    db.execute(sa.update(imports).where(imports.c.id == import_id).values(values))
    return dict(total)


def add_people(
    db: Session, *, cohort_id: uuid.UUID, matches: Sequence[Match], now: dt.datetime
) -> dict[str, int]:
    """Invite the people of these rows, or have them awaited, in a fixed number of statements; return the counts.

    Somebody who joined since the rows were matched stays as they are. Whoever acts in the transaction is who invites.
    Raises :class:`~lti_tool.mentoring.guards.NotAllowed` (``cohort_closed``).
    """
    require(programmes.cohort(db, cohort_id).accepts_invitations, "cohort_closed")
    programmes.lock_cohort(db, cohort_id)
    by_outcome: dict[Outcome, list[Match]] = {outcome: [] for outcome in Outcome}
    for match in matches:
        by_outcome[match.outcome].append(match)
    _invite(db, cohort_id, by_outcome[Outcome.INVITED], now)
    _await(db, cohort_id, by_outcome[Outcome.AWAITED], now)
    _update(db, by_outcome[Outcome.UPDATED])
    come = [match.awaited.id for match in matches if match.person is not None and match.awaited is not None]
    if come:
        db.execute(sa.delete(AwaitedPerson).where(AwaitedPerson.id.in_(come)))
    counts = {str(outcome): len(found) for outcome, found in by_outcome.items() if found}
    keeps = sum(match.keeps_answers for match in matches)
    return {**counts, KEEPS_ANSWERS: keeps} if keeps else counts


def _invite(db: Session, cohort_id: uuid.UUID, matches: Sequence[Match], now: dt.datetime) -> None:
    rows = {}
    for match in matches:
        if match.person is not None:
            details = _details_after(match)
            person_id = match.person.person_id
            rows[person_id] = (_invited(cohort_id, person_id, match.row.role, details, now), details)
    if not rows:
        return
    made = db.execute(
        _inviting(db).returning(table_of(Participant).c.id, table_of(Participant).c.person_id),
        [row for row, _details in rows.values()],
    ).all()
    ids: dict[uuid.UUID, uuid.UUID] = {row.id: row.person_id for row in made}
    events = [
        (
            ParticipantInvited(role=rows[person_id][0]["role"], in_list=True),
            programmes.scope_of(db, cohort_id, participant_id=participant_id),
        )
        for participant_id, person_id in ids.items()
    ]
    log.append_all(db, events, at=now)
    insert_details(db, {participant_id: rows[person_id][1] for participant_id, person_id in ids.items()})


def _inviting(db: Session) -> Any:
    """The statement that invites people: only who is not enrolled, or whose invitation was taken back."""
    participants = table_of(Participant)
    insert = insert_for(db, participants)
    again = ("role", "status", "capacity", "joined_at")
    return insert.on_conflict_do_update(
        index_elements=["cohort_id", "person_id"],
        set_={name: insert.excluded[name] for name in again},
        where=participants.c.status == ParticipantStatus.WITHDRAWN,
    )


def _details_after(match: Match) -> Details:
    """What a row says, beside what an earlier file has said of somebody who was awaited."""
    said = details_of_row(match.row)
    return match.awaited.details.updated(said, has_answered=False) if match.awaited is not None else said


def _invited(
    cohort_id: uuid.UUID, person_id: uuid.UUID, role: str, details: Details, now: dt.datetime
) -> dict[str, Any]:
    """The row of a participant who is invited."""
    return {
        "id": uuid.uuid4(),
        "cohort_id": cohort_id,
        "person_id": person_id,
        "role": role,
        "status": ParticipantStatus.INVITED.value,
        "capacity": details.capacity or 1,
        "joined_at": now,
    }


def _await(db: Session, cohort_id: uuid.UUID, matches: Sequence[Match], now: dt.datetime) -> None:
    if not matches:
        return
    kind, identifier = log.acting_principal(db).acted_by
    rows = [
        {
            "id": uuid.uuid4(),
            "cohort_id": cohort_id,
            "user_id": match.row.user_id,
            "user_name": match.row.user_name,
            "email": match.row.email,
            "name": match.row.name,
            "role": match.row.role,
            "details": details_of_row(match.row).as_json(),
            "invited_by_kind": kind.value,
            "invited_by_id": identifier,
            "created_at": now,
        }
        for match in matches
    ]
    db.execute(insert_for(db, table_of(AwaitedPerson)).on_conflict_do_nothing(), rows)


def _update(db: Session, matches: Sequence[Match]) -> None:
    details = {}
    for match in matches:
        if match.person is not None and match.person.participant_id is not None:
            before = match.person.details
            if match.awaited is not None:
                before = before.updated(match.awaited.details, has_answered=match.person.has_answered)
            after = before.updated(details_of_row(match.row), has_answered=match.person.has_answered)
            details[match.person.participant_id] = after
        elif match.awaited is not None:
            _update_awaited(db, merged(match.awaited, match.row))
    save_details(db, details)


def _update_awaited(db: Session, after: KnownAwaited) -> None:
    db.execute(
        sa.update(AwaitedPerson)
        .where(AwaitedPerson.id == after.id)
        .values(
            user_id=after.user_id,
            user_name=after.user_name,
            email=after.email,
            name=after.name,
            role=after.role,
            details=after.details.as_json(),
        )
        .execution_options(synchronize_session=False)
    )


def invite_awaited(
    db: Session, *, awaited: AwaitedPerson, person_id: uuid.UUID, now: dt.datetime
) -> uuid.UUID | None:
    """Invite somebody who was awaited and has come; return the participant's id.

    The one who gave the file is who invites. Somebody who is in the cohort already, because a tutor has paired them
    meanwhile, stays as they are but for what the file says of them. None where they are awaited no more. Raises
    :class:`~lti_tool.mentoring.guards.NotAllowed` (``cohort_closed``).
    """
    require(programmes.cohort(db, awaited.cohort_id).accepts_participants, "cohort_closed")
    acting = log.acting_principal(db)
    made = _invite_awaited(db, awaited.cohort_id, {person_id: awaited}, now)
    log.set_principal(db, acting)
    if made is None:
        return None
    return made.get(person_id) or _participant_of(db, awaited.cohort_id, person_id)


def invite_awaited_people(
    db: Session, *, cohort_id: uuid.UUID, people: Mapping[uuid.UUID, AwaitedPerson], now: dt.datetime
) -> int:
    """The same of several people, by person, whom a roster lists; return how many were invited.

    Whoever acts in the transaction afterwards is the one who gave the last file.
    """
    return len(_invite_awaited(db, cohort_id, people, now) or ())


def _invite_awaited(
    db: Session, cohort_id: uuid.UUID, people: Mapping[uuid.UUID, AwaitedPerson], now: dt.datetime
) -> dict[uuid.UUID, uuid.UUID] | None:
    """Invite them; return the new participants by person. None where nobody is awaited any more."""
    gone = set(
        db.scalars(
            sa.delete(AwaitedPerson)
            .where(AwaitedPerson.id.in_([row.id for row in people.values()]))
            .returning(AwaitedPerson.id)
            .execution_options(synchronize_session=False)
        )
    )
    people = {person_id: row for person_id, row in people.items() if row.id in gone}
    if not people:
        return None
    details = {person_id: Details.from_json(row.details) for person_id, row in people.items()}
    participants = table_of(Participant)
    made = {
        row.person_id: row.id
        for row in db.execute(
            _inviting(db).returning(participants.c.id, participants.c.person_id),
            [
                _invited(cohort_id, person_id, row.role, details[person_id], now)
                for person_id, row in people.items()
            ],
        )
    }
    by_giver: dict[tuple[str, uuid.UUID | None], list[uuid.UUID]] = {}
    for person_id in made:
        row = people[person_id]
        by_giver.setdefault((row.invited_by_kind, row.invited_by_id), []).append(person_id)
    for (kind, giver_id), person_ids in by_giver.items():
        log.set_principal(db, Principal(kind=PrincipalKind(kind), person_id=giver_id))
        events = [
            (
                ParticipantInvited(role=people[person_id].role, in_list=True),
                programmes.scope_of(db, cohort_id, participant_id=made[person_id]),
            )
            for person_id in person_ids
        ]
        log.append_all(db, events, at=now)
    if made:
        insert_details(db, {made[person_id]: details[person_id] for person_id in made})
    for person_id in people.keys() - made.keys():
        _add_details(db, _participant_of(db, cohort_id, person_id), details[person_id])
    return made


def _participant_of(db: Session, cohort_id: uuid.UUID, person_id: uuid.UUID) -> uuid.UUID:
    return db.scalars(
        sa.select(Participant.id).where(
            Participant.cohort_id == cohort_id, Participant.person_id == person_id
        )
    ).one()


def _add_details(db: Session, participant_id: uuid.UUID, said: Details) -> None:
    known = details_of(db, [participant_id])[participant_id]
    after = known.details.updated(said, has_answered=known.answered_at is not None)
    save_details(db, {participant_id: after})


def withdraw_awaited(db: Session, *, cohort_id: uuid.UUID, awaited_id: uuid.UUID) -> None:
    """Await somebody no longer. Doing so twice changes nothing."""
    db.execute(
        sa.delete(AwaitedPerson).where(AwaitedPerson.id == awaited_id, AwaitedPerson.cohort_id == cohort_id)
    )
