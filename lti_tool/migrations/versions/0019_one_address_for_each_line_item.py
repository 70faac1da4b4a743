"""A line item that is named under two hosts of its platform has one address, and one that is missing may rest

A grade was kept, and sent, once for each host under which a launch named its line item. The rows of each person become
one here: by the address that the activity's latest launch named, with all that is known of either. Of scores that wait
for it the latest stays, unless the platform has taken that very one. What was joined is not taken apart by a downgrade.

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
GROUP_END = "/"
PORTS = {"http": 80, "https": 443}


def upgrade() -> None:
    with op.batch_alter_table("resource_link") as batch_op:
        batch_op.add_column(sa.Column("line_item_address", sa.Text(), nullable=True))
    op.create_table(
        "missing_line_item",
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("line_item_url", sa.Text(), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("began_at", MOMENT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("rests_since", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registration.id"],
            name=op.f("fk__missing_line_item__registration_id__registration"),
        ),
        sa.PrimaryKeyConstraint("registration_id", "line_item_url", name=op.f("pk__missing_line_item")),
    )
    _join()


def downgrade() -> None:
    op.drop_table("missing_line_item")
    with op.batch_alter_table("resource_link") as batch_op:
        batch_op.drop_column("line_item_address")


TRAIL = sa.table(
    "score_trail",
    sa.column("line_item_url", sa.Text()),
    sa.column("person_id", sa.Uuid()),
    sa.column("status", sa.String()),
    sa.column("score", sa.Integer()),
    sa.column("comment", sa.Text()),
    sa.column("last_timestamp", MOMENT),
    sa.column("graded", sa.Boolean()),
    sa.column("grade_status", sa.String()),
    sa.column("reason", sa.Text()),
    sa.column("refusal", sa.String()),
    sa.column("refused_at", MOMENT),
    sa.column("unanswered_scores", sa.JSON()),
    sa.column("accepted_score", sa.Integer()),
    sa.column("accepted_at", MOMENT),
    sa.column("result_score", sa.Double()),
    sa.column("result_maximum", sa.Double()),
    sa.column("read_at", MOMENT),
    sa.column("shown_at", MOMENT),
    sa.column("deletions", sa.Integer()),
)
LINK = sa.table(
    "resource_link",
    sa.column("id", sa.Uuid()),
    sa.column("course_id", sa.Uuid()),
    sa.column("line_item_url", sa.Text()),
    sa.column("own_line_item_url", sa.Text()),
)
PERSON = sa.table("person", sa.column("id", sa.Uuid()), sa.column("registration_id", sa.Uuid()))
COURSE = sa.table("course", sa.column("id", sa.Uuid()), sa.column("deployment_id", sa.Uuid()))
DEPLOYMENT = sa.table("deployment", sa.column("id", sa.Uuid()), sa.column("registration_id", sa.Uuid()))
REGISTRATION = sa.table(
    "registration",
    sa.column("id", sa.Uuid()),
    sa.column("issuer", sa.Text()),
    sa.column("auth_login_url", sa.Text()),
    sa.column("auth_token_url", sa.Text()),
    sa.column("jwks_url", sa.Text()),
    sa.column("service_hosts", sa.JSON()),
)
UNREADABLE = sa.table(
    "unreadable_results", sa.column("registration_id", sa.Uuid()), sa.column("line_item_url", sa.Text())
)
OWN = sa.table("own_line_item", sa.column("resource_link_id", sa.Uuid()), sa.column("url", sa.Text()))
DELIVERY = sa.table(
    "delivery",
    sa.column("id", sa.BigInteger()),
    sa.column("kind", sa.String()),
    sa.column("receiver", sa.String()),
    sa.column("part", sa.String()),
    sa.column("order_key", sa.String()),
    sa.column("status", sa.String()),
    sa.column("target", sa.JSON()),
    sa.column("done_at", MOMENT),
)
PAUSE = sa.table(
    "delivery_pause", sa.column("kind", sa.String()), sa.column("receiver", sa.String()), sa.column("part", sa.String())
)


def _join() -> None:
    """Join what is kept under several addresses of one line item, for each registration with several hosts."""
    connection = op.get_bind()
    for registration in connection.execute(sa.select(REGISTRATION)).all():
        own = (registration.issuer, registration.auth_login_url, registration.auth_token_url, registration.jwks_url)
        hosts = {host for url in own if (host := _host(url))} | set(registration.service_hosts or ())
        links = connection.execute(
            sa.select(LINK, COURSE.c.deployment_id)
            .join(COURSE, COURSE.c.id == LINK.c.course_id)
            .join(DEPLOYMENT, DEPLOYMENT.c.id == COURSE.c.deployment_id)
            .where(DEPLOYMENT.c.registration_id == registration.id)
            .order_by(LINK.c.id)
        ).all()
        kept = connection.scalars(
            sa.select(TRAIL.c.line_item_url)
            .join(PERSON, PERSON.c.id == TRAIL.c.person_id)
            .where(PERSON.c.registration_id == registration.id)
            .distinct()
        ).all()
        for addresses, canonical in _same(links, kept, hosts):
            for url in addresses:
                _rename(connection, registration.id, links, url, canonical)


def _same(
    links: Sequence[sa.Row[Any]], kept: Iterable[str], hosts: set[str]
) -> list[tuple[list[str], str]]:
    """Addresses that are to be given up, each with the one of the same line item that stays.

    In one course the same path and query under two hosts is one line item. An address that no activity has any more is
    that of the only course that has the line item under another; where two courses have it, nobody can say whose.
    """
    used: dict[Any, dict[Any, list[str]]] = defaultdict(lambda: defaultdict(list))
    for link in links:
        for url in (link.line_item_url, link.own_line_item_url):
            if url and _host(url) in hosts and url not in used[_identity(url)][link.course_id]:
                used[_identity(url)][link.course_id].append(url)
    left: dict[Any, list[str]] = defaultdict(list)
    in_use = {url for courses in used.values() for urls in courses.values() for url in urls}
    for url in sorted(kept):
        if url not in in_use and _host(url) in hosts:
            left[_identity(url)].append(url)
    found = []
    for identity, courses in used.items():
        for urls in courses.values():
            others = [*urls[1:], *(left[identity] if len(courses) == 1 else ())]
            if others:
                found.append((others, urls[0]))
    return found


def _identity(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.path, parts.query


def _host(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in PORTS or not host or "@" in parts.netloc:
        return None
    host = f"[{host}]" if ":" in host else host
    return host if port in (None, PORTS[parts.scheme]) else f"{host}:{port}"


def _rename(
    connection: sa.Connection, registration_id: Any, links: Sequence[sa.Row[Any]], url: str, canonical: str
) -> None:
    """Let everything that is kept by one address be kept by the other."""
    of_registration = sa.select(PERSON.c.id).where(PERSON.c.registration_id == registration_id)
    given_up = connection.execute(
        sa.select(TRAIL)
        .where(TRAIL.c.line_item_url == url, TRAIL.c.person_id.in_(of_registration))
        .order_by(TRAIL.c.person_id)
    ).all()
    for row in given_up:
        mine = TRAIL.c.person_id == row.person_id
        other = connection.execute(
            sa.select(TRAIL).where(TRAIL.c.line_item_url == canonical, mine)
        ).one_or_none()
        if other is not None:
            connection.execute(sa.delete(TRAIL).where(TRAIL.c.line_item_url == url, mine))
        values = {"line_item_url": canonical} if other is None else _joined(row, other)
        connection.execute(
            sa.update(TRAIL)
            .where(TRAIL.c.line_item_url == (url if other is None else canonical), mine)
            .values(**values)
        )
        status = values.get("grade_status", row.grade_status)
        _join_deliveries(connection, registration_id, row.person_id, url, canonical, status)
    ids = [link.id for link in links]
    for column in (LINK.c.line_item_url, LINK.c.own_line_item_url):
        connection.execute(
            sa.update(LINK).where(column == url, LINK.c.id.in_(ids)).values({column.name: canonical})
        )
    connection.execute(
        sa.update(OWN).where(OWN.c.url == url, OWN.c.resource_link_id.in_(ids)).values(url=canonical)
    )
    # They begin anew with the next failure.
    connection.execute(
        sa.delete(UNREADABLE).where(
            UNREADABLE.c.registration_id == registration_id, UNREADABLE.c.line_item_url == url
        )
    )
    connection.execute(
        sa.delete(PAUSE).where(
            PAUSE.c.kind == "score", PAUSE.c.receiver == str(registration_id), PAUSE.c.part == _part(url)
        )
    )


def _joined(one: sa.Row[Any], two: sa.Row[Any]) -> Mapping[str, Any]:
    """What is known of a person's grade by two rows of it."""
    later, earlier = (one, two) if one.last_timestamp > two.last_timestamp else (two, one)
    both = (later, earlier)
    taken = max((row for row in both if row.accepted_at), key=lambda row: row.accepted_at, default=None)
    read = max((row for row in both if row.read_at), key=lambda row: row.read_at, default=None)
    values = {
        **{
            name: getattr(later, name)
            for name in ("status", "score", "last_timestamp", "grade_status", "reason", "refusal", "refused_at")
        },
        "comment": later.comment or earlier.comment,
        "graded": later.graded or earlier.graded,
        "accepted_score": taken.accepted_score if taken is not None else None,
        "accepted_at": taken.accepted_at if taken is not None else None,
        "unanswered_scores": list(dict.fromkeys([*earlier.unanswered_scores, *later.unanswered_scores])),
        "result_score": read.result_score if read is not None else None,
        "result_maximum": read.result_maximum if read is not None else None,
        "read_at": read.read_at if read is not None else None,
        "shown_at": max((row.shown_at for row in both if row.shown_at), default=None),
        "deletions": max(row.deletions for row in both),
    }
    is_taken = taken is not None and values["score"] is not None and taken.accepted_score == values["score"]
    if is_taken and values["grade_status"] in ("on_its_way", "waiting", "refused"):
        values |= {"grade_status": "recorded", "reason": None, "refusal": None, "refused_at": None}
    return values


def _join_deliveries(
    connection: sa.Connection, registration_id: Any, person_id: Any, url: str, canonical: str, grade_status: str
) -> None:
    """Let the person's scores go to the address that stays: the latest that waits, if it is still to be sent."""
    keys = [_order_key(url, person_id), _order_key(canonical, person_id)]
    rows = connection.execute(
        sa.select(DELIVERY)
        .where(
            DELIVERY.c.kind == "score",
            DELIVERY.c.receiver == str(registration_id),
            DELIVERY.c.order_key.in_(keys),
            DELIVERY.c.status.in_(["waiting", "claimed", "dead"]),
        )
        .order_by(DELIVERY.c.id)
    ).all()
    unsent = [row for row in rows if row.status != "dead"]
    stays = unsent[-1].id if unsent and grade_status in ("on_its_way", "waiting") else None
    for row in rows:
        values: dict[str, Any] = {
            "order_key": keys[1],
            "part": _part(canonical),
            "target": {**(row.target or {}), "line_item_url": canonical},
        }
        is_over = row.status == "dead" and grade_status != "refused"
        if is_over or (row.status != "dead" and row.id != stays):
            values["status"] = "superseded"
            if row.done_at is None:
                values["done_at"] = sa.func.current_timestamp()
        connection.execute(sa.update(DELIVERY).where(DELIVERY.c.id == row.id).values(**values))


def _order_key(url: str, person_id: Any) -> str:
    return f"{_digest(url)}:{person_id}"


def _part(url: str) -> str:
    return f"{_digest(_host(url) or '')[:16]}{GROUP_END}{_digest(url)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
