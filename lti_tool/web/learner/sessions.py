"""The meetings of a pair: logged by one, confirmed by the other, corrected or removed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.guards import NotAllowed
from lti_tool.mentoring.journey.queries import SessionLine
from lti_tool.mentoring.sessions import actions
from lti_tool.web.access import allows
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.learner.current import form_metadata, pair_of_request, pair_page, user_today
from lti_tool.web.refusal_wording import refusal
from lti_tool.web.services import transaction
from schemas.choices import DEFAULT_SESSION_FORMAT, SESSION_FORMATS
from schemas.mentoring_forms import MINUTES_DEFAULT, AnswerSessionForm, SessionForm, read_form
from schemas.problem import Problem, ShapeError

blueprint = Blueprint("sessions", __name__, url_prefix="/l/<launch_key>/sessions")

Problems = Mapping[str, list[Problem]]


@blueprint.get("")
@allows(Action.VIEW_OWN_PAIR, about=pair_of_request)
def index() -> ResponseReturnValue:
    """Every meeting of a pair."""
    return render_template("learner/sessions.html", **pair_page().values())


@blueprint.get("/new")
@allows(Action.KEEP_SESSIONS, about=pair_of_request)
def new() -> ResponseReturnValue:
    """“We met”: today, the usual length, the last format; one tap saves it."""
    pair = pair_page().pair
    if not pair.active:
        raise NotAllowed("agreement_first")
    given = {
        "held_on": utcnow().date().isoformat(),
        "minutes": str(MINUTES_DEFAULT),
        "format": pair.last_format or DEFAULT_SESSION_FORMAT,
    }
    return _form(given, form_key=str(uuid.uuid4()))


@blueprint.post("/new")
@allows(Action.KEEP_SESSIONS, about=pair_of_request)
def log() -> ResponseReturnValue:
    """Keep a meeting. The same form sent twice keeps it once."""
    page = pair_page()
    now = utcnow()
    form_key = str(form_metadata()["form_key"] or uuid.uuid4())
    try:
        form = read_form(SessionForm(today=user_today(now)), request.form.items(multi=True))
        with transaction() as db:
            actions.log_session(
                db,
                pair_id=page.pair_id,
                by=page.participant.id,
                held_on=form["held_on"],
                minutes=form["minutes"],
                format=form["format"],
                form_key=uuid.UUID(form_key),
                now=now,
            )
    except ShapeError as error:
        return _form(request.form, form_key=form_key, errors=error.problems)
    except NotAllowed as refused:
        return _form(request.form, form_key=form_key, refused=refused)
    return redirect(launch_url_for("home.home", pair=page.pair_id, done="session_logged"))


def _form(
    given: Mapping[str, str],
    *,
    form_key: str,
    line: SessionLine | None = None,
    errors: Problems | None = None,
    refused: NotAllowed | None = None,
) -> ResponseReturnValue:
    """The form, with what was typed kept, and what is wrong beside its field."""
    html = render_template(
        "learner/session_form.html",
        line=line,
        given={name: given.get(name, "") for name in ("held_on", "minutes", "format")},
        errors=errors or {},
        refused=refusal(refused.code) if refused else None,
        form_key=form_key,
        today=utcnow().date().isoformat(),
        formats=SESSION_FORMATS,
        **pair_page().values(),
    )
    return html, 422 if errors else 409 if refused else 200


@blueprint.get("/<uuid:session_id>/correct")
@allows(Action.KEEP_SESSIONS, about=pair_of_request)
def correct(session_id: uuid.UUID) -> ResponseReturnValue:
    """The form of a meeting as it is, to correct it."""
    line = _line(session_id)
    given = {"held_on": line.held_on.isoformat(), "minutes": str(line.minutes), "format": line.format}
    return _form(given, form_key="", line=line)


@blueprint.post("/<uuid:session_id>/correct")
@allows(Action.KEEP_SESSIONS, about=pair_of_request)
def save_correction(session_id: uuid.UUID) -> ResponseReturnValue:
    """Keep the correction; the partner is asked again."""
    page, line = pair_page(), _line(session_id)
    now = utcnow()
    try:
        form = read_form(SessionForm(today=user_today(now)), request.form.items(multi=True))
        with transaction() as db:
            actions.correct_session(
                db,
                session_id=session_id,
                by=page.participant.id,
                held_on=form["held_on"],
                minutes=form["minutes"],
                format=form["format"],
                now=now,
            )
    except ShapeError as error:
        return _form(request.form, form_key="", line=line, errors=error.problems)
    except NotAllowed as refused:
        return _form(request.form, form_key="", line=line, refused=refused)
    return redirect(launch_url_for("home.home", pair=page.pair_id, done="session_corrected"))


@blueprint.post("/<uuid:session_id>/confirm")
@allows(Action.KEEP_SESSIONS, about=pair_of_request)
def confirm(session_id: uuid.UUID) -> ResponseReturnValue:
    """“Yes, we met.”"""
    page = pair_page()
    form = _answer("yes")
    with transaction() as db:
        actions.confirm_session(
            db, session_id=session_id, by=page.participant.id, revision=form["revision"], now=utcnow()
        )
    return redirect(launch_url_for("home.home", pair=page.pair_id, done="session_confirmed"))


@blueprint.post("/<uuid:session_id>/dispute")
@allows(Action.KEEP_SESSIONS, about=pair_of_request)
def dispute(session_id: uuid.UUID) -> ResponseReturnValue:
    """“Not quite”, with what was not so."""
    page = pair_page()
    form = _answer("no")
    with transaction() as db:
        actions.dispute_session(
            db,
            session_id=session_id,
            by=page.participant.id,
            reason=form["reason"],
            revision=form["revision"],
            now=utcnow(),
        )
    return redirect(launch_url_for("home.home", pair=page.pair_id, done="session_disputed"))


def _answer(answer: str) -> dict[str, Any]:
    """The partner's form. The button itself is the answer, whatever else the form says."""
    given = [(name, value) for name, value in request.form.items(multi=True) if name != "answer"]
    try:
        return read_form(AnswerSessionForm(), [("answer", answer), *given])
    except ShapeError:
        abort(400)


@blueprint.get("/<uuid:session_id>/withdraw")
@allows(Action.KEEP_SESSIONS, about=pair_of_request)
def confirm_withdrawal(session_id: uuid.UUID) -> ResponseReturnValue:
    """Ask once before a meeting is removed."""
    line = _line(session_id)
    if not line.mine:
        raise NotAllowed("not_own_session")
    return render_template("learner/session_withdraw.html", line=line, **pair_page().values())


@blueprint.post("/<uuid:session_id>/withdraw")
@allows(Action.KEEP_SESSIONS, about=pair_of_request)
def withdraw(session_id: uuid.UUID) -> ResponseReturnValue:
    """Remove a meeting."""
    page = pair_page()
    with transaction() as db:
        actions.withdraw_session(db, session_id=session_id, by=page.participant.id, now=utcnow())
    return redirect(launch_url_for("home.home", pair=page.pair_id, done="session_withdrawn"))


def _line(session_id: uuid.UUID) -> SessionLine:
    """The session as whoever looks sees it."""
    line = next((line for line in pair_page().pair.sessions if line.id == session_id), None)
    if line is None:
        raise NotAllowed("session_over")
    return line
