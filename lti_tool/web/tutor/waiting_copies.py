"""Duplicates of a group's activities in their own courses that wait for a tutor to say which group they open.

The tutor answers on the group's own page, or in the duplicate itself (:mod:`lti_tool.web.tutor.opening`).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from flask import Blueprint, abort, g, redirect, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session, aliased

from lti_tool.compiled_statement import CompiledStatement, once_for_each_dialect
from lti_tool.database import connection_of
from lti_tool.events.log import state_columns
from lti_tool.identity.policy import Action
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.mentoring.overview.inbox import WaitingCopy
from lti_tool.mentoring.programmes.actions import CopyAnswer
from lti_tool.mentoring.programmes.models import Placement
from lti_tool.mentoring.programmes.queries import placement_of_link
from lti_tool.web.access import allows
from lti_tool.web.activity import opened_cohort_id
from lti_tool.web.forms.bound import Form, Values, blank_form, sent_form
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.services import reading
from lti_tool.web.tutor.opening import open_link, to_confirm
from schemas.tutor_forms import DuplicateForm

blueprint = Blueprint("waiting_copies", __name__, url_prefix="/l/<launch_key>/cohort/duplicates")


def waiting_copies(db: Session, cohort_id: uuid.UUID, course_id: uuid.UUID | None) -> Sequence[WaitingCopy]:
    """Those that somebody has opened, the oldest first. ``course_id``: the course of whoever reads.

    A duplicate carries the content id of its original. Of two activities that were added together, one for each role,
    the other has that too: it is a duplicate of the one for its own role alone.
    """
    return state_and_copies(db, cohort_id, course_id)[1]


def state_and_copies(
    db: Session, cohort_id: uuid.UUID, course_id: uuid.UUID | None
) -> tuple[tuple[int, int], Sequence[WaitingCopy]]:
    """The same, behind what :func:`lti_tool.events.log.state_columns` gives, in one statement."""
    connection = connection_of(db)
    rows = _statement(connection).all(connection, {"cohort_id": cohort_id})
    copies = [
        WaitingCopy(row.id, row.title, row.created_at, row.course_id == course_id)
        for row in rows
        if row.id is not None
    ]
    return (rows[0].count, rows[0].highest or 0), copies


@once_for_each_dialect
def _statement(dialect: Dialect) -> CompiledStatement:
    cohort_id: sa.BindParameter[uuid.UUID] = sa.bindparam("cohort_id", type_=sa.Uuid())
    own = aliased(Placement)
    is_for_its_role = sa.or_(ResourceLink.only_role.is_(None), ResourceLink.only_role == Placement.role_view)
    copies = (
        sa.select(ResourceLink.id, ResourceLink.title, ResourceLink.created_at, ResourceLink.course_id)
        .distinct()
        .join(Placement, Placement.content_id == ResourceLink.content_id)
        .outerjoin(own, own.resource_link_id == ResourceLink.id)
        .where(
            Placement.cohort_id == cohort_id,
            Placement.course_id == ResourceLink.course_id,
            own.id.is_(None),
            is_for_its_role,
        )
        .subquery()
    )
    count, highest = (each.scalar_subquery() for each in state_columns(cohort_id))
    state = sa.select(count.label("count"), highest.label("highest")).subquery()
    query = (
        sa.select(state, copies)
        .select_from(state.outerjoin(copies, sa.true()))
        .order_by(copies.c.created_at, copies.c.id)
    )
    return CompiledStatement(query, dialect)


@blueprint.get("/<uuid:link_id>")
@allows(Action.ADD_ACTIVITY)
def ask(link_id: uuid.UUID) -> ResponseReturnValue:
    """Ask which group a duplicate opens; lead home where that is known by now."""
    form = blank_form(DuplicateForm(), action=launch_url_for("waiting_copies.answer", link_id=link_id))
    return _page(link_id, form)


@blueprint.post("/<uuid:link_id>")
@allows(Action.ADD_ACTIVITY)
def answer(link_id: uuid.UUID) -> ResponseReturnValue:
    """Open what the tutor chose for a duplicate. Whoever answers later finds what the first has opened."""
    cohort_id = opened_cohort_id()

    def save(db: Session, values: Values) -> None:
        if _waiting(db, cohort_id, link_id) is not None:
            open_link(db, db.get_one(ResourceLink, link_id), CopyAnswer(values["answer"]))
        elif placement_of_link(db, link_id) is None:
            abort(404)

    form = sent_form(DuplicateForm())
    if to_confirm(form) is not None:
        return _page(link_id, form)
    return form.submit(
        save,
        then=launch_url_for("home.home"),
        done="duplicate_answered",
        show=lambda form: _page(link_id, form),
    )


def _page(link_id: uuid.UUID, form: Form) -> ResponseReturnValue:
    with reading() as db:
        copy = _waiting(db, opened_cohort_id(), link_id)
    if copy is None:
        return redirect(launch_url_for("home.home"))
    html = render_template(
        "tutor/duplicate.html",
        form=form,
        chosen=to_confirm(form),
        copy=copy,
        original_title=g.launch.resource_link.title,
        course_title=g.launch.course.title,
    )
    return html, form.status


def _waiting(db: Session, cohort_id: uuid.UUID, link_id: uuid.UUID) -> WaitingCopy | None:
    """A duplicate that waits in the course of the launch, for one of the cohort's activities."""
    copies = waiting_copies(db, cohort_id, g.launch.course_id)
    return next((copy for copy in copies if copy.is_here and copy.link_id == link_id), None)
