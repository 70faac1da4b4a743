"""Organisations, placements and the event log

One organisation for each registration; every resource link of a course with a programme opens that course's newest
cohort; what happened becomes events of version 1, in the order in which it was recorded, with nobody recorded as
acting. Statements that were written are listed by what they say, so that none is written again, and the base of this
installation's IRIs is the one that they have. Projections are computed from the log at the next start.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import uuid
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATEMENT_NAMESPACE = uuid.UUID("b632cd03-27e3-5ca1-b647-dc8016fc8bbb")
"""From which the first version computed the ids of its statements."""
HIGHEST_REVISION = 500
SHARED_FAMILIES = ("canvas", "blackboardlearn")
"""Platforms of which one registration may serve many companies, each with a deployment of its own."""
SHARED_ISSUERS = (
    "https://canvas.instructure.com",
    "https://canvas.beta.instructure.com",
    "https://canvas.test.instructure.com",
    "https://blackboard.com",
)
ROWS_AT_ONCE = 1000

U, T, D, J, B = sa.Uuid(), sa.Text(), sa.DateTime(timezone=True), sa.JSON(), sa.Boolean()


def _table(name: str, /, **columns: Any) -> sa.TableClause:
    return sa.table(name, *(sa.column(column, kind) for column, kind in columns.items()))


REGISTRATION = _table(
    "registration", id=U, label=T, issuer=T, platform_family=T, organisation_id=U, created_at=D
)
DEPLOYMENT = _table("deployment", id=U, registration_id=U, status=T, organisation_id=U, created_at=D)
INVITATION = _table("invitation", id=U, registration_id=U, organisation_id=U)
ORGANISATION = _table("organisation", id=U, name=T, created_at=D)
COURSE = _table("course", id=U, deployment_id=U, roster_read_at=D)
LINK = _table("resource_link", id=U, course_id=U, created_at=D)
PERSON = _table("person", id=U, last_launch_at=D)
MEMBERSHIP = _table(
    "membership", id=U, course_id=U, person_id=U, role=T, active=B, updated_at=D, launched_at=D, listed_at=D
)
SESSION = _table("launch_session", id=U, course_id=U, person_id=U)
PROGRAMME = _table("programme", id=U, course_id=U, settings=J, organisation_id=U, created_at=D)
SETTINGS = _table("programme_settings", id=U, programme_id=U, number=sa.Integer(), settings=J, created_at=D)
COHORT = _table("cohort", id=U, programme_id=U, settings_id=U, created_at=D)
PLACEMENT = _table("placement", id=U, cohort_id=U, course_id=U, resource_link_id=U, role_view=T, created_at=D)
PARTICIPANT = _table("participant", id=U, person_id=U, state=T, tutor_validated_at=D)
VALIDATION = _table("tutor_validation", participant_id=U, validated_at=D)
REOPENING = _table("reopening", id=U, participant_id=U, reason=T, created_at=D)
PAIR = _table("pair", id=U, state=T, mentor_signed_at=D, mentee_signed_at=D)
MEETING = _table("mentoring_session", id=U, revision=sa.Integer(), held_on=sa.Date())
OBJECTIVE = _table("objective", id=U, required=B, status=T)
FACT = _table("fact", id=U, kind=T, at=D, cohort_id=U, participant_id=U, pair_id=U, subject_id=U, details=J)
EVENT = _table(
    "event",
    id=U,
    kind=T,
    version=sa.Integer(),
    at=D,
    organisation_id=U,
    programme_id=U,
    cohort_id=U,
    placement_id=U,
    pair_id=U,
    participant_id=U,
    acted_by_kind=T,
    acted_by_id=U,
    details=J,
)
DELIVERY = _table("delivery", id=sa.BigInteger(), kind=T)
BODY = _table("delivery_body", delivery_id=sa.BigInteger(), body=sa.LargeBinary())
STATEMENT = _table(
    "emitted_statement",
    statement_id=U,
    xapi_registration=U,
    subject_id=U,
    verb=T,
    revision=sa.Integer(),
    actor=T,
    voided=B,
)
INSTALLATION = _table("installation", id=sa.Integer(), iri_base=T, created_at=D)


def upgrade() -> None:
    _create_tables()
    _add_columns()
    connection = op.get_bind()
    _fill_organisations(connection)
    _fill_programmes(connection)
    _fill_memberships(connection)
    _fill_people_and_pairs(connection)
    _write_events(connection)
    _open_placements(connection)
    _list_statements(connection)
    _alter_tables()


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _now(connection: sa.Connection) -> dt.datetime:
    """The moment as this database keeps it: SQLite without a time zone, in UTC."""
    now = dt.datetime.now(dt.UTC)
    return now.replace(tzinfo=None) if connection.dialect.name == "sqlite" else now


def _insert(connection: sa.Connection, table: sa.TableClause, rows: Iterable[dict[str, Any]]) -> None:
    remaining: Iterator[dict[str, Any]] = iter(rows)
    while batch := list(itertools.islice(remaining, ROWS_AT_ONCE)):
        connection.execute(sa.insert(table), batch)


def _add_columns() -> None:
    """Columns that are filled before the tables get their new constraints."""
    for table in ("registration", "deployment", "invitation", "programme"):
        op.add_column(table, sa.Column("organisation_id", sa.Uuid(), nullable=True))
    op.add_column("cohort", sa.Column("settings_id", sa.Uuid(), nullable=True))
    op.add_column("membership", sa.Column("launched_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("membership", sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True))


def _fill_organisations(connection: sa.Connection) -> None:
    """An organisation for each registration, called by its label or its host.

    Where companies share the registration, each further approved deployment has one of its own: organisations can be
    merged later, and never be split.
    """
    taken: set[str] = set()

    def add(row: Any, created_at: dt.datetime) -> uuid.UUID:
        stem = (row.label or urlsplit(row.issuer).netloc or row.issuer)[:240].strip() or "Organisation"
        names = itertools.chain([stem], (f"{stem} ({number})" for number in itertools.count(2)))
        name = next(name for name in names if name not in taken)
        taken.add(name)
        organisation_id = uuid.uuid4()
        connection.execute(
            sa.insert(ORGANISATION).values(id=organisation_id, name=name, created_at=created_at)
        )
        return organisation_id

    rows = connection.execute(
        sa.select(REGISTRATION).order_by(REGISTRATION.c.created_at, REGISTRATION.c.id)
    ).all()
    for row in rows:
        organisation_id = add(row, row.created_at)
        for table, condition in (
            (REGISTRATION, REGISTRATION.c.id == row.id),
            (DEPLOYMENT, sa.and_(DEPLOYMENT.c.registration_id == row.id, DEPLOYMENT.c.status == "approved")),
            (INVITATION, INVITATION.c.registration_id == row.id),
        ):
            connection.execute(sa.update(table).where(condition).values(organisation_id=organisation_id))
        if row.issuer in SHARED_ISSUERS or (row.platform_family or "").lower() in SHARED_FAMILIES:
            approved = connection.execute(
                sa.select(DEPLOYMENT.c.id, DEPLOYMENT.c.created_at)
                .where(DEPLOYMENT.c.registration_id == row.id, DEPLOYMENT.c.status == "approved")
                .order_by(DEPLOYMENT.c.created_at, DEPLOYMENT.c.id)
            ).all()
            for deployment in approved[1:]:
                connection.execute(
                    sa.update(DEPLOYMENT)
                    .where(DEPLOYMENT.c.id == deployment.id)
                    .values(organisation_id=add(row, deployment.created_at))
                )


def _fill_programmes(connection: sa.Connection) -> None:
    """A programme belongs to the organisation of its course; its settings become their first version."""
    rows = connection.execute(
        sa.select(
            PROGRAMME.c.id,
            PROGRAMME.c.settings,
            PROGRAMME.c.created_at,
            sa.func.coalesce(DEPLOYMENT.c.organisation_id, REGISTRATION.c.organisation_id).label(
                "organisation_id"
            ),
        )
        .join(COURSE, COURSE.c.id == PROGRAMME.c.course_id)
        .join(DEPLOYMENT, DEPLOYMENT.c.id == COURSE.c.deployment_id)
        .join(REGISTRATION, REGISTRATION.c.id == DEPLOYMENT.c.registration_id)
    ).all()
    for row in rows:
        settings_id = uuid.uuid4()
        connection.execute(
            sa.insert(SETTINGS).values(
                id=settings_id,
                programme_id=row.id,
                number=1,
                settings=row.settings,
                created_at=row.created_at,
            )
        )
        connection.execute(
            sa.update(PROGRAMME)
            .where(PROGRAMME.c.id == row.id)
            .values(organisation_id=row.organisation_id)
        )
        connection.execute(
            sa.update(COHORT).where(COHORT.c.programme_id == row.id).values(settings_id=settings_id)
        )


def _fill_memberships(connection: sa.Connection) -> None:
    """When a person launched in a course, and whether its roster listed them.

    The first version kept the latest launch of a person, not its course: it is that of their only membership, of those
    in which a session of theirs is still kept, and of those that no roster can have written. A learner who is active in a
    course whose roster was read was listed, or would have been made inactive; some rosters leave teachers out.
    """
    connection.execute(
        sa.update(MEMBERSHIP).values(
            launched_at=sa.case(
                (
                    sa.or_(_has_one_membership(), _has_session(), _no_roster_wrote_it()),
                    sa.select(PERSON.c.last_launch_at)
                    .where(PERSON.c.id == MEMBERSHIP.c.person_id)
                    .scalar_subquery(),
                ),
                else_=None,
            ),
            listed_at=sa.select(COURSE.c.roster_read_at)
            .where(
                COURSE.c.id == MEMBERSHIP.c.course_id,
                MEMBERSHIP.c.active,
                sa.or_(MEMBERSHIP.c.role == "learner", MEMBERSHIP.c.updated_at <= COURSE.c.roster_read_at),
            )
            .scalar_subquery(),
        )
    )


def _has_one_membership() -> sa.ColumnElement[bool]:
    other = MEMBERSHIP.alias("other_membership")
    return ~sa.exists().where(other.c.person_id == MEMBERSHIP.c.person_id, other.c.id != MEMBERSHIP.c.id)


def _has_session() -> sa.ColumnElement[bool]:
    return sa.tuple_(MEMBERSHIP.c.course_id, MEMBERSHIP.c.person_id).in_(
        sa.select(SESSION.c.course_id, SESSION.c.person_id)
    )


def _no_roster_wrote_it() -> sa.ColumnElement[bool]:
    return sa.exists().where(
        COURSE.c.id == MEMBERSHIP.c.course_id,
        sa.or_(COURSE.c.roster_read_at.is_(None), MEMBERSHIP.c.updated_at > COURSE.c.roster_read_at),
    )


def _fill_people_and_pairs(connection: sa.Connection) -> None:
    """Whom a tutor enrolled and who never came is invited; a pair is accepted once one of the two has signed."""
    never_launched = sa.select(PERSON.c.id).where(PERSON.c.last_launch_at.is_(None))
    connection.execute(
        sa.update(PARTICIPANT)
        .where(PARTICIPANT.c.person_id.in_(never_launched), PARTICIPANT.c.state.in_(["onboarded", "paired"]))
        .values(state="invited")
    )
    connection.execute(
        sa.update(PAIR)
        .where(
            PAIR.c.state == "proposed",
            sa.or_(PAIR.c.mentor_signed_at.is_not(None), PAIR.c.mentee_signed_at.is_not(None)),
        )
        .values(state="accepted")
    )
    validated = connection.execute(
        sa.select(PARTICIPANT.c.id, PARTICIPANT.c.tutor_validated_at).where(
            PARTICIPANT.c.tutor_validated_at.is_not(None)
        )
    )
    _insert(
        connection,
        VALIDATION,
        [{"participant_id": row.id, "validated_at": row.tutor_validated_at} for row in validated],
    )


def _write_events(connection: sa.Connection) -> None:
    """Every fact as an event of version 1, in the order in which it was recorded."""
    scopes = _scopes(connection)
    meetings = {row.id: row for row in connection.execute(sa.select(MEETING))}
    required = dict(connection.execute(sa.select(OBJECTIVE.c.id, OBJECTIVE.c.required)).all())
    if connection.dialect.name == "sqlite":
        order: list[sa.ColumnElement[Any]] = [sa.literal_column("fact.rowid")]
    else:
        # The number of the transaction first: it was given while the cohort was locked, and clocks may have differed.
        # After a restore all have one number. What one transaction recorded stands in the table in its order.
        order = [
            sa.literal_column("fact.xmin::text::bigint"),
            FACT.c.at,
            sa.literal_column("fact.ctid"),
        ]
    facts = connection.execute(sa.select(FACT).order_by(*order)).all()
    reopenings: list[dict[str, Any]] = []
    events = []
    for fact in facts:
        details = dict(fact.details)
        if fact.subject_id is not None:
            details["subject_id"] = str(fact.subject_id)
        participant_id = fact.participant_id
        if fact.kind in ("TutorValidated", "CompletionReopened"):
            participant_id = uuid.UUID(details["about_id"])
        if fact.kind == "CompletionReopened":
            reopening = {
                "id": uuid.uuid4(),
                "participant_id": participant_id,
                "reason": details.pop("reason", None),
                "created_at": fact.at,
            }
            reopenings.append(reopening)
            details["reason_id"] = str(reopening["id"])
        if fact.kind == "ObjectiveAgreed":
            details["required"] = bool(required.get(fact.subject_id, True))
        if "started_at" in details:
            meeting = meetings.get(fact.subject_id)
            if meeting is not None and meeting.revision == details.get("revision"):
                details["held_on"] = meeting.held_on.isoformat()
        events.append(
            {
                **scopes[fact.cohort_id],
                "id": fact.id,
                "kind": fact.kind,
                "version": 1,
                "at": fact.at,
                "cohort_id": fact.cohort_id,
                "placement_id": None,
                "pair_id": fact.pair_id,
                "participant_id": participant_id,
                "acted_by_kind": "not_recorded",
                "acted_by_id": None,
                "details": details,
            }
        )
    _insert(connection, REOPENING, reopenings)
    _insert(connection, EVENT, events)


def _scopes(connection: sa.Connection) -> dict[uuid.UUID, dict[str, uuid.UUID]]:
    """The programme and the organisation of each cohort."""
    rows = connection.execute(
        sa.select(COHORT.c.id, PROGRAMME.c.id.label("programme_id"), PROGRAMME.c.organisation_id).join(
            PROGRAMME, PROGRAMME.c.id == COHORT.c.programme_id
        )
    )
    return {
        row.id: {"programme_id": row.programme_id, "organisation_id": row.organisation_id} for row in rows
    }


def _open_placements(connection: sa.Connection) -> None:
    """Every resource link of a course with a programme opens the course's newest cohort, as it did."""
    scopes = _scopes(connection)
    cohorts = {
        row.course_id: row.id
        for row in connection.execute(
            sa.select(PROGRAMME.c.course_id, COHORT.c.id)
            .join(COHORT, COHORT.c.programme_id == PROGRAMME.c.id)
            .order_by(COHORT.c.created_at, COHORT.c.id)
        )
    }
    links = connection.execute(sa.select(LINK).order_by(LINK.c.created_at, LINK.c.id)).all()
    now = _now(connection)
    placements, events, opened = [], [], set()
    for link in links:
        cohort_id = cohorts.get(link.course_id)
        if cohort_id is None:
            continue
        placement_id = uuid.uuid4()
        placements.append(
            {
                "id": placement_id,
                "cohort_id": cohort_id,
                "course_id": link.course_id,
                "resource_link_id": link.id,
                "role_view": "both",
                "created_at": link.created_at,
            }
        )
        events.append(
            {
                **scopes[cohort_id],
                "id": uuid.uuid4(),
                "kind": "PlacementOpened",
                "version": 1,
                "at": now,
                "cohort_id": cohort_id,
                "placement_id": placement_id,
                "pair_id": None,
                "participant_id": None,
                "acted_by_kind": "tool",
                "acted_by_id": None,
                "details": {
                    "course_id": str(link.course_id),
                    "resource_link_id": str(link.id),
                    "role_view": "both",
                    "shared": cohort_id in opened,
                },
            }
        )
        opened.add(cohort_id)
    _insert(connection, PLACEMENT, placements)
    _insert(connection, EVENT, events)


def _list_statements(connection: sa.Connection) -> None:
    """What was written for the record store: about what, which revision, which verb, of whom, and whether voided."""
    bodies = connection.execute(
        sa.select(BODY.c.body)
        .join(DELIVERY, DELIVERY.c.id == BODY.c.delivery_id)
        .where(DELIVERY.c.kind == "statement")
        .order_by(DELIVERY.c.id)
    ).scalars()
    base = None
    written: dict[uuid.UUID, dict[str, Any]] = {}
    for body in bodies:
        statement = json.loads(body)
        base = statement["actor"]["account"]["homePage"]
        row = _emitted(statement)
        written[row["statement_id"]] = row
        if statement["object"].get("objectType") == "StatementRef" and row["subject_id"] in written:
            written[row["subject_id"]]["voided"] = True
    _insert(connection, STATEMENT, written.values())
    if base is not None:
        connection.execute(sa.insert(INSTALLATION).values(id=1, iri_base=base, created_at=_now(connection)))


def _emitted(statement: dict[str, Any]) -> dict[str, Any]:
    """What a statement says, from its id: the first version computed it from just that."""
    identifier = uuid.UUID(statement["id"])
    registration = uuid.UUID(statement["context"]["registration"])
    account, verb = statement["actor"]["account"], statement["verb"]["id"]
    subjects = list(dict.fromkeys([*_named(statement["object"]["id"]), registration]))
    subject_id, number = next(
        (
            (subject, number)
            for number in range(HIGHEST_REVISION)
            for subject in subjects
            if _statement_id(registration, subject, number, verb, account) == identifier
        ),
        # Somebody else's id: it is known by itself, and stands for the first revision.
        (subjects[0], 0),
    )
    return {
        "statement_id": identifier,
        "xapi_registration": registration,
        "subject_id": subject_id,
        "verb": verb,
        "revision": number,
        "actor": account["name"],
        "voided": False,
    }


def _named(object_id: str) -> list[uuid.UUID]:
    """The id that the last part of an object's IRI is, or the id of a referenced statement."""
    try:
        return [uuid.UUID(object_id.rstrip("/").rpartition("/")[2])]
    except ValueError:
        return []


def _statement_id(
    registration: uuid.UUID, subject: uuid.UUID, number: int, verb: str, account: dict[str, str]
) -> uuid.UUID:
    parts = (str(registration), str(subject), str(number), verb, account["homePage"], account["name"])
    return uuid.uuid5(STATEMENT_NAMESPACE, "\n".join(parts))


STATUSES = {
    "cohort": "'draft', 'ready', 'enrolling', 'matching', 'running', 'closing', 'follow_up', 'archived'",
    "participant": "'invited', 'onboarded', 'paired', 'active', 'completed', 'withdrawn'",
    "pair": "'proposed', 'accepted', 'active', 'paused', 'closed', 'ended'",
}
"""The tables whose ``state`` is called ``status`` from now on, and its values."""
FORMER_OBJECTIVE_STATUSES = "'agreed', 'in_progress', 'claimed', 'reached', 'dropped'"
OBJECTIVE_STATUSES = "'proposed', 'agreed', 'in_progress', 'claimed', 'reached', 'withdrawn'"
PROGRESS = "'onboarded', 'agreement_signed', 'under_way', 'awaiting_tutor', 'satisfied', 'withdrawn'"


def _rename(batch_op: Any, table: str, former: str, name: str) -> None:
    """Rename the column with the state of a row, and the check of its values with it."""
    batch_op.drop_constraint(op.f(f"ck__{table}__{former}_known"), type_="check")
    batch_op.alter_column(former, new_column_name=name)
    batch_op.create_check_constraint(op.f(f"ck__{table}__{name}_known"), f"{name} IN ({STATUSES[table]})")


def _alter_tables() -> None:
    """New names and constraints; columns that nothing reads go."""
    op.drop_table("fact")
    op.drop_index("ix__pair__together_once", table_name="pair")
    for table in ("registration", "deployment", "invitation"):
        with op.batch_alter_table(table) as batch_op:
            batch_op.create_foreign_key(
                op.f(f"fk__{table}__organisation_id__organisation"),
                "organisation",
                ["organisation_id"],
                ["id"],
            )
            if table == "registration":
                batch_op.drop_column("keyset_read_at")
            if table == "deployment":
                batch_op.create_check_constraint(
                    op.f("ck__deployment__approved_for_an_organisation"),
                    "status = 'pending' OR organisation_id IS NOT NULL",
                )
    with op.batch_alter_table("programme") as batch_op:
        batch_op.drop_constraint(op.f("uq__programme__course_id"), type_="unique")
        batch_op.drop_constraint(op.f("fk__programme__course_id__course"), type_="foreignkey")
        batch_op.alter_column("organisation_id", nullable=False)
        batch_op.create_foreign_key(
            op.f("fk__programme__organisation_id__organisation"),
            "organisation",
            ["organisation_id"],
            ["id"],
        )
        batch_op.create_index(op.f("ix__programme__organisation_id"), ["organisation_id"])
        batch_op.drop_column("course_id")
        batch_op.drop_column("settings")
    with op.batch_alter_table("cohort") as batch_op:
        _rename(batch_op, "cohort", "state", "status")
        batch_op.alter_column("settings_id", nullable=False)
        batch_op.create_foreign_key(
            op.f("fk__cohort__settings_id__programme_settings"),
            "programme_settings",
            ["settings_id"],
            ["id"],
        )
        batch_op.drop_column("changed_at")
        batch_op.drop_column("revision")
    with op.batch_alter_table("participant") as batch_op:
        _rename(batch_op, "participant", "state", "status")
        batch_op.drop_column("seen_at")
        batch_op.drop_column("tutor_validated_at")
    with op.batch_alter_table("pair") as batch_op:
        _rename(batch_op, "pair", "state", "status")
    _create_index_of_pairs("status")
    with op.batch_alter_table("mentoring_session") as batch_op:
        batch_op.drop_constraint(op.f("fk__mentoring_session__answered_by__participant"), type_="foreignkey")
        for column in ("started_at", "answered_by", "answered_at"):
            batch_op.drop_column(column)
    with op.batch_alter_table("objective") as batch_op:
        batch_op.drop_constraint(op.f("ck__objective__status_known"), type_="check")
    op.execute(sa.update(OBJECTIVE).where(OBJECTIVE.c.status == "dropped").values(status="withdrawn"))
    with op.batch_alter_table("objective") as batch_op:
        batch_op.create_check_constraint(
            op.f("ck__objective__status_known"), f"status IN ({OBJECTIVE_STATUSES})"
        )
        batch_op.drop_column("claimed_at")
        batch_op.drop_column("reached_at")
    with op.batch_alter_table("completion_record") as batch_op:
        batch_op.alter_column("standing", new_column_name="status")
        batch_op.drop_column("changed_at")
        batch_op.create_check_constraint(
            op.f("ck__completion_record__status_known"), f"status IN ({PROGRESS})"
        )
    with op.batch_alter_table("score_trail") as batch_op:
        batch_op.alter_column("standing", new_column_name="status")
    with op.batch_alter_table("membership") as batch_op:
        batch_op.drop_column("updated_at")
    with op.batch_alter_table("launch_session") as batch_op:
        batch_op.drop_column("document_target")
    for table, column in (
        ("person", "last_launch_at"),
        ("course", "label"),
        ("login_state", "target_link_uri"),
    ):
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column(column)


def _create_index_of_pairs(column: str) -> None:
    """Two people are in one pair at a time."""
    condition = sa.text(f"{column} NOT IN ('closed', 'ended')")
    op.create_index(
        "ix__pair__together_once",
        "pair",
        ["mentor_id", "mentee_id"],
        unique=True,
        sqlite_where=condition,
        postgresql_where=condition,
    )


FORMER_COLUMNS: dict[str, list[sa.Column[Any]]] = {
    "registration": [sa.Column("keyset_read_at", sa.DateTime(timezone=True))],
    "programme": [
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
    ],
    "cohort": [
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
    ],
    "participant": [
        sa.Column("seen_at", sa.DateTime(timezone=True)),
        sa.Column("tutor_validated_at", sa.DateTime(timezone=True)),
    ],
    "mentoring_session": [
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_by", sa.Uuid()),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
    ],
    "objective": [
        sa.Column("claimed_at", sa.DateTime(timezone=True)),
        sa.Column("reached_at", sa.DateTime(timezone=True)),
    ],
    "completion_record": [sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False)],
    "launch_session": [sa.Column("document_target", sa.String(20))],
    "person": [sa.Column("last_launch_at", sa.DateTime(timezone=True))],
    "course": [sa.Column("label", sa.String(255))],
    "login_state": [sa.Column("target_link_uri", sa.Text(), nullable=False)],
    "membership": [sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False)],
}
"""What the first version had besides."""


def downgrade() -> None:
    """Only of a database in which nothing has happened: what the first version kept in rows is events now."""
    connection = op.get_bind()
    if connection.execute(sa.select(ORGANISATION.c.id).limit(1)).first() is not None:
        raise RuntimeError("this migration cannot be undone once there is data: restore a backup instead")
    for table in (
        "timeline_entry",
        "score_state",
        "pair_counters",
        "event",
        "audit_entry",
        "tutor_validation",
        "reopening",
        "placement",
        "activity_choice",
        "programme_owner",
        "emitted_statement",
        "installation",
        "projection_state",
    ):
        op.drop_table(table)
    op.drop_index("ix__pair__together_once", table_name="pair")
    op.drop_index(op.f("ix__programme__organisation_id"), table_name="programme")
    for table, column in (
        ("registration", "organisation_id"),
        ("deployment", "organisation_id"),
        ("invitation", "organisation_id"),
        ("programme", "organisation_id"),
        ("cohort", "settings_id"),
    ):
        referred = "programme_settings" if column == "settings_id" else "organisation"
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_constraint(op.f(f"fk__{table}__{column}__{referred}"), type_="foreignkey")
            if table == "deployment":
                batch_op.drop_constraint(op.f("ck__deployment__approved_for_an_organisation"), type_="check")
            batch_op.drop_column(column)
    op.drop_table("programme_settings")
    op.drop_table("organisation")
    for table, columns in FORMER_COLUMNS.items():
        with op.batch_alter_table(table) as batch_op:
            for added in columns:
                batch_op.add_column(added)
            if table == "membership":
                batch_op.drop_column("launched_at")
                batch_op.drop_column("listed_at")
    for table in STATUSES:
        with op.batch_alter_table(table) as batch_op:
            _rename(batch_op, table, "status", "state")
    with op.batch_alter_table("completion_record") as batch_op:
        batch_op.drop_constraint(op.f("ck__completion_record__status_known"), type_="check")
        batch_op.alter_column("status", new_column_name="standing")
    with op.batch_alter_table("score_trail") as batch_op:
        batch_op.alter_column("status", new_column_name="standing")
    with op.batch_alter_table("objective") as batch_op:
        batch_op.drop_constraint(op.f("ck__objective__status_known"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck__objective__status_known"), f"status IN ({FORMER_OBJECTIVE_STATUSES})"
        )
    with op.batch_alter_table("programme") as batch_op:
        batch_op.create_foreign_key(op.f("fk__programme__course_id__course"), "course", ["course_id"], ["id"])
        batch_op.create_unique_constraint(op.f("uq__programme__course_id"), ["course_id"])
    with op.batch_alter_table("mentoring_session") as batch_op:
        batch_op.create_foreign_key(
            op.f("fk__mentoring_session__answered_by__participant"), "participant", ["answered_by"], ["id"]
        )
    _create_index_of_pairs("state")
    _create_fact()


def _create_fact() -> None:
    op.create_table(
        "fact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cohort_id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=True),
        sa.Column("pair_id", sa.Uuid(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk__fact__cohort_id__cohort")),
        sa.ForeignKeyConstraint(["pair_id"], ["pair.id"], name=op.f("fk__fact__pair_id__pair")),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk__fact__participant_id__participant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__fact")),
    )
    for column in ("cohort_id", "pair_id", "participant_id"):
        op.create_index(f"ix__fact__{column}", "fact", [column, "at"])


def _create_tables() -> None:
    op.create_table(
        "emitted_statement",
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("xapi_registration", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("verb", sa.String(length=255), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("voided", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("statement_id", name=op.f("pk__emitted_statement")),
    )
    with op.batch_alter_table("emitted_statement", schema=None) as batch_op:
        batch_op.create_index(
            "ix__emitted_statement__subject_id", ["subject_id", "verb", "revision"], unique=False
        )

    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("iri_base", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck__installation__one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__installation")),
    )
    op.create_table(
        "organisation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__organisation")),
        sa.UniqueConstraint("name", name=op.f("uq__organisation__name")),
    )
    op.create_table(
        "projection_state",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk__projection_state")),
    )
    op.create_table(
        "programme_settings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("programme_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programme.id"], name=op.f("fk__programme_settings__programme_id__programme")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__programme_settings")),
        sa.UniqueConstraint(
            "programme_id", "number", name=op.f("uq__programme_settings__programme_id_number")
        ),
    )
    op.create_table(
        "programme_owner",
        sa.Column("programme_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk__programme_owner__person_id__person")
        ),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programme.id"], name=op.f("fk__programme_owner__programme_id__programme")
        ),
        sa.PrimaryKeyConstraint("programme_id", "person_id", name=op.f("pk__programme_owner")),
    )
    op.create_table(
        "activity_choice",
        sa.Column("content_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("cohort_id", sa.Uuid(), nullable=True),
        sa.Column("role_view", sa.String(length=10), nullable=False),
        sa.Column("chosen_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role_view IN ('both', 'mentor', 'mentee')", name=op.f("ck__activity_choice__role_view_known")
        ),
        sa.ForeignKeyConstraint(
            ["chosen_by"], ["person.id"], name=op.f("fk__activity_choice__chosen_by__person")
        ),
        sa.ForeignKeyConstraint(
            ["cohort_id"], ["cohort.id"], name=op.f("fk__activity_choice__cohort_id__cohort")
        ),
        sa.ForeignKeyConstraint(
            ["course_id"], ["course.id"], name=op.f("fk__activity_choice__course_id__course")
        ),
        sa.PrimaryKeyConstraint("content_id", name=op.f("pk__activity_choice")),
    )
    op.create_table(
        "placement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cohort_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("resource_link_id", sa.Uuid(), nullable=False),
        sa.Column("role_view", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role_view IN ('both', 'mentor', 'mentee')", name=op.f("ck__placement__role_view_known")
        ),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk__placement__cohort_id__cohort")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk__placement__course_id__course")),
        sa.ForeignKeyConstraint(
            ["resource_link_id"],
            ["resource_link.id"],
            name=op.f("fk__placement__resource_link_id__resource_link"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__placement")),
        sa.UniqueConstraint("resource_link_id", name=op.f("uq__placement__resource_link_id")),
    )
    with op.batch_alter_table("placement", schema=None) as batch_op:
        batch_op.create_index("ix__placement__cohort_id", ["cohort_id"], unique=False)
        batch_op.create_index("ix__placement__course_id", ["course_id"], unique=False)

    op.create_table(
        "reopening",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk__reopening__participant_id__participant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__reopening")),
    )
    with op.batch_alter_table("reopening", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix__reopening__participant_id"), ["participant_id"], unique=False)

    op.create_table(
        "tutor_validation",
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("validated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk__tutor_validation__participant_id__participant"),
        ),
        sa.PrimaryKeyConstraint("participant_id", name=op.f("pk__tutor_validation")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("cohort_id", sa.Uuid(), nullable=True),
        sa.Column("pair_id", sa.Uuid(), nullable=True),
        sa.Column("participant_id", sa.Uuid(), nullable=True),
        sa.Column("acted_by_kind", sa.String(length=20), nullable=False),
        sa.Column("acted_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["cohort_id"], ["cohort.id"], name=op.f("fk__audit_entry__cohort_id__cohort")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk__audit_entry__organisation_id__organisation"),
        ),
        sa.ForeignKeyConstraint(["pair_id"], ["pair.id"], name=op.f("fk__audit_entry__pair_id__pair")),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk__audit_entry__participant_id__participant")
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk__audit_entry")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index("ix__audit_entry__cohort_id", ["cohort_id", "at"], unique=False)

    op.create_table(
        "event",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("programme_id", sa.Uuid(), nullable=True),
        sa.Column("cohort_id", sa.Uuid(), nullable=True),
        sa.Column("placement_id", sa.Uuid(), nullable=True),
        sa.Column("pair_id", sa.Uuid(), nullable=True),
        sa.Column("participant_id", sa.Uuid(), nullable=True),
        sa.Column("acted_by_kind", sa.String(length=20), nullable=False),
        sa.Column("acted_by_id", sa.Uuid(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "acted_by_kind IN ('nobody', 'person', 'anonymous', 'operator', 'tool', 'not_recorded')",
            name=op.f("ck__event__acted_by_kind_known"),
        ),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk__event__cohort_id__cohort")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk__event__organisation_id__organisation")
        ),
        sa.ForeignKeyConstraint(["pair_id"], ["pair.id"], name=op.f("fk__event__pair_id__pair")),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk__event__participant_id__participant")
        ),
        sa.ForeignKeyConstraint(
            ["placement_id"], ["placement.id"], name=op.f("fk__event__placement_id__placement")
        ),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programme.id"], name=op.f("fk__event__programme_id__programme")
        ),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk__event")),
        sa.UniqueConstraint("id", name=op.f("uq__event__id")),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index("ix__event__cohort_id", ["cohort_id", "sequence"], unique=False)
        batch_op.create_index("ix__event__organisation_id", ["organisation_id", "sequence"], unique=False)
        batch_op.create_index("ix__event__pair_id", ["pair_id", "sequence"], unique=False)
        batch_op.create_index("ix__event__participant_id", ["participant_id", "sequence"], unique=False)

    op.create_table(
        "pair_counters",
        sa.Column("pair_id", sa.Uuid(), nullable=False),
        sa.Column("confirmed", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("disputed", sa.Integer(), nullable=False),
        sa.Column("confirmed_minutes", sa.Integer(), nullable=False),
        sa.Column("last_held_on", sa.Date(), nullable=True),
        sa.Column("objectives", sa.Integer(), nullable=False),
        sa.Column("objectives_reached", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["pair_id"], ["pair.id"], name=op.f("fk__pair_counters__pair_id__pair")),
        sa.PrimaryKeyConstraint("pair_id", name=op.f("pk__pair_counters")),
    )
    op.create_table(
        "score_state",
        sa.Column("placement_id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("report", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk__score_state__participant_id__participant")
        ),
        sa.ForeignKeyConstraint(
            ["placement_id"], ["placement.id"], name=op.f("fk__score_state__placement_id__placement")
        ),
        sa.PrimaryKeyConstraint("placement_id", "participant_id", name=op.f("pk__score_state")),
    )
    op.create_table(
        "timeline_entry",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("pair_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=True),
        sa.Column("held_on", sa.Date(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("format", sa.String(length=30), nullable=True),
        sa.ForeignKeyConstraint(["pair_id"], ["pair.id"], name=op.f("fk__timeline_entry__pair_id__pair")),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk__timeline_entry__participant_id__participant"),
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk__timeline_entry")),
    )
    with op.batch_alter_table("timeline_entry", schema=None) as batch_op:
        batch_op.create_index("ix__timeline_entry__pair_id", ["pair_id", "at"], unique=False)
