"""The meetings of a pair: noted by one, confirmed by the other, put right or taken back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool import recording
from lti_tool.database import utcnow
from lti_tool.mentoring import actions, journey
from lti_tool.mentoring.journey import SessionLine
from lti_tool.mentoring.models import MentoringSession, Participant
from lti_tool.tool import current_tool
from lti_tool.views import wording
from lti_tool.views.launch_sessions import here, require_person
from lti_tool.views.participants import PairPage, acting, form_origin, own_day, pair_page
from schemas.choices import DEFAULT_SESSION_FORMAT, SESSION_FORMATS
from schemas.mentoring_forms import MINUTES_DEFAULT, AnswerSessionForm, SessionForm, read_form
from schemas.problem import Problem, ShapeError

blueprint = Blueprint("sessions", __name__, url_prefix="/l/<launch_key>/sessions")

Problems = Mapping[str, list[Problem]]


@blueprint.get("")
@require_person
def index() -> ResponseReturnValue:
    """Every meeting of a pair."""
    return render_template("sessions/index.html", **pair_page().values())


@blueprint.get("/new")
@require_person
def new() -> ResponseReturnValue:
    """“We met”: today, the usual length, the last format; one tap saves it."""
    page = pair_page()
    if not page.pair.active:
        raise actions.NotAllowed("agreement_first")
    given = {
        "held_on": utcnow().date().isoformat(),
        "minutes": str(MINUTES_DEFAULT),
        "format": page.pair.last_format or DEFAULT_SESSION_FORMAT,
    }
    return _form(page, given, form_key=str(uuid.uuid4()))


@blueprint.post("/new")
@require_person
def log() -> ResponseReturnValue:
    """Keep a meeting. The same form sent twice keeps it once."""
    page = pair_page()
    now = utcnow()
    origin = form_origin()
    form_key = str(origin["form_key"] or uuid.uuid4())
    try:
        form = read_form(SessionForm(today=own_day(now)), request.form.items(multi=True))
        with recording.transaction(current_tool()) as db:
            me = acting(db)
            pair = journey.pair_of(db, page.pair.id, me.id) or abort(404)
            actions.log_session(
                db,
                pair=pair,
                by=me,
                held_on=form["held_on"],
                minutes=form["minutes"],
                format=form["format"],
                form_key=uuid.UUID(form_key),
                now=now,
            )
    except ShapeError as error:
        return _form(page, request.form, form_key=form_key, errors=error.problems)
    except actions.NotAllowed as refused:
        return _form(page, request.form, form_key=form_key, refused=refused)
    return redirect(here("home.home", pair=page.pair.id, done="session_logged"))


def _form(
    page: PairPage,
    given: Mapping[str, str],
    *,
    form_key: str,
    line: SessionLine | None = None,
    errors: Problems | None = None,
    refused: actions.NotAllowed | None = None,
) -> ResponseReturnValue:
    """The form, with what was typed kept, and what is wrong beside its field."""
    html = render_template(
        "sessions/form.html",
        line=line,
        given={name: given.get(name, "") for name in ("held_on", "minutes", "format")},
        errors=errors or {},
        refused=wording.refusal(refused.code) if refused else None,
        form_key=form_key,
        today=utcnow().date().isoformat(),
        formats=SESSION_FORMATS,
        **page.values(),
    )
    return html, 422 if errors else 409 if refused else 200


@blueprint.get("/<uuid:session_id>/correct")
@require_person
def correct(session_id: uuid.UUID) -> ResponseReturnValue:
    """The form of a meeting as it stands, to put it right."""
    page, line = _page_of(session_id)
    given = {"held_on": line.held_on.isoformat(), "minutes": str(line.minutes), "format": line.format}
    return _form(page, given, form_key="", line=line)


@blueprint.post("/<uuid:session_id>/correct")
@require_person
def save_correction(session_id: uuid.UUID) -> ResponseReturnValue:
    """Keep the correction; the partner is asked again."""
    page, line = _page_of(session_id)
    now = utcnow()
    try:
        form = read_form(SessionForm(today=own_day(now)), request.form.items(multi=True))
        with recording.transaction(current_tool()) as db:
            me, session = _session(db, session_id)
            actions.correct_session(
                db,
                session=session,
                by=me,
                held_on=form["held_on"],
                minutes=form["minutes"],
                format=form["format"],
                now=now,
            )
    except ShapeError as error:
        return _form(page, request.form, form_key="", line=line, errors=error.problems)
    except actions.NotAllowed as refused:
        return _form(page, request.form, form_key="", line=line, refused=refused)
    return redirect(here("home.home", pair=page.pair.id, done="session_corrected"))


@blueprint.post("/<uuid:session_id>/confirm")
@require_person
def confirm(session_id: uuid.UUID) -> ResponseReturnValue:
    """“Yes, we met.”"""
    with recording.transaction(current_tool()) as db:
        me, session = _session(db, session_id)
        actions.confirm_session(db, session=session, by=me, now=utcnow())
    return redirect(here("home.home", pair=session.pair_id, done="session_confirmed"))


@blueprint.post("/<uuid:session_id>/dispute")
@require_person
def dispute(session_id: uuid.UUID) -> ResponseReturnValue:
    """“Not quite”, with what was not so."""
    try:
        # The button itself says no: a form that says yes as well is read as a no.
        given = [(name, value) for name, value in request.form.items(multi=True) if name != "answer"]
        form = read_form(AnswerSessionForm(), [("answer", "no"), *given])
    except ShapeError:
        abort(400)
    with recording.transaction(current_tool()) as db:
        me, session = _session(db, session_id)
        actions.dispute_session(db, session=session, by=me, reason=form["reason"], now=utcnow())
    return redirect(here("home.home", pair=session.pair_id, done="session_disputed"))


@blueprint.get("/<uuid:session_id>/withdraw")
@require_person
def ask_withdraw(session_id: uuid.UUID) -> ResponseReturnValue:
    """Ask once before a meeting is taken back."""
    page, line = _page_of(session_id)
    if not line.mine:
        raise actions.NotAllowed("not_own_session")
    return render_template("sessions/withdraw.html", line=line, **page.values())


@blueprint.post("/<uuid:session_id>/withdraw")
@require_person
def withdraw(session_id: uuid.UUID) -> ResponseReturnValue:
    """Take a meeting back."""
    with recording.transaction(current_tool()) as db:
        me, session = _session(db, session_id)
        actions.withdraw_session(db, session=session, by=me, now=utcnow())
    return redirect(here("home.home", pair=session.pair_id, done="session_withdrawn"))


def _session(db: Session, session_id: uuid.UUID) -> tuple[Participant, MentoringSession]:
    """The one who acts, and a session of theirs; 404 for one of somebody else's."""
    me = acting(db)
    return me, journey.session_of(db, session_id, me.id) or abort(404)


def _page_of(session_id: uuid.UUID) -> tuple[PairPage, SessionLine]:
    """The page of the pair that a session belongs to, and the session as the one who looks sees it."""
    with current_tool().database.reading() as db:
        _me, session = _session(db, session_id)
    page = pair_page(session.pair_id)
    line = next((line for line in page.pair.sessions if line.id == session_id), None)
    if line is None:
        raise actions.NotAllowed("session_over")
    return page, line
