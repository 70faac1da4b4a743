"""The meetings of a pair: logged by one, confirmed by the other, corrected or removed."""

from __future__ import annotations

import datetime as dt
import uuid
from functools import lru_cache, partial
from typing import Final

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.guards import NotAllowed
from lti_tool.mentoring.journey.views import SessionLine
from lti_tool.mentoring.objectives.actions import work_on_objectives
from lti_tool.mentoring.sessions import actions
from lti_tool.translation import gettext as _
from lti_tool.web.access import allows
from lti_tool.web.forms.bound import Form, Values, blank_form, sent_form
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.learner.current import kept_pair_of_request, pair_of_request, pair_page, user_today
from lti_tool.web.shown_settings import current_settings
from lti_tool.web.time_zone import reader_today
from schemas.choices import MEETING_MODES, SESSION_FORMATS
from schemas.form_schema import FormSchema
from schemas.session_forms import (
    LENGTHS,
    MINUTES_DEFAULT,
    AnswerSessionForm,
    LogSessionForm,
    ProposalForm,
    SessionForm,
)

blueprint = Blueprint("sessions", __name__, url_prefix="/l/<launch_key>/sessions")


@blueprint.get("")
@allows(Action.VIEW_OWN_PAIR, about=kept_pair_of_request)
def index() -> ResponseReturnValue:
    """Every meeting of a pair, of one that is over too."""
    return render_template("learner/sessions.html", **pair_page().values())


@blueprint.get("/new")
@allows(Action.KEEP_SESSIONS, about=pair_of_request)
def new() -> ResponseReturnValue:
    """“We met”: today, and the rest as the last time; one tap saves it. How they spoke is asked at the first."""
    pair = pair_page().pair
    if not pair.active:
        raise NotAllowed("agreement_first")
    last = pair.last_session
    proposed = {
        "day": "today",
        "held_on": reader_today().isoformat(),
        **(_fields_of(last) if last is not None else _usual()),
    }
    return _page(blank_form(_schema(reader_today(), _formats()), proposed, id="session"))


def _usual() -> dict[str, str]:
    """The fields of a first meeting: as long as the programme advises."""
    own, formats = current_settings(), _formats()
    minutes = own.minutes if own is not None else MINUTES_DEFAULT
    return {**_length(minutes), "format": "coaching" if "coaching" in formats else formats[0]}


def _fields_of(line: SessionLine) -> dict[str, str]:
    """The fields of a form as in a meeting, but for its day."""
    return {**_length(line.minutes), "mode": line.mode or "", "format": line.format}


def _length(minutes: int) -> dict[str, str]:
    return {"length": str(minutes) if str(minutes) in LENGTHS else "other", "minutes": str(minutes)}


@blueprint.post("/new")
@allows(Action.KEEP_SESSIONS, about=pair_of_request)
def log() -> ResponseReturnValue:
    """Keep a meeting."""
    page, now = pair_page(), utcnow()
    form = sent_form(_log_schema(user_today(now), _formats()), id="session")

    def save(db: Session, values: Values) -> None:
        worked_on = values.pop("worked_on")
        met = actions.log_session(db, pair_id=page.pair_id, by=page.participant.id, now=now, **values)
        work_on_objectives(
            db,
            pair=page.record,
            by=page.participant.id,
            objective_ids=worked_on,
            session_id=met.id,
            worked_on=met.held_on,
            now=now,
        )

    return form.submit(save, then=page.home, done="session_logged", show=_logged_page)


def _logged_page(form: Form) -> ResponseReturnValue:
    """The form again; or, where a meeting of that day stands, the question whether it is the same one."""
    if form.refusal_code != "same_day":
        return _page(form)
    values, wanted = pair_page().values(), form.read()
    same_day = [
        line for line in values["pair"].sessions if line.correctable and line.held_on == wanted["held_on"]
    ]
    # The page itself asks: nothing is wrong.
    status, form.refusal = form.status, None
    html = render_template(
        "learner/session_same_day.html", form=form, wanted=wanted, same_day=same_day, **values
    )
    return html, status


@lru_cache(maxsize=8)
def _log_schema(today: dt.date, formats: tuple[str, ...]) -> LogSessionForm:
    return LogSessionForm(today=today, formats=formats)


@lru_cache(maxsize=8)
def _proposal_schema(today: dt.date, formats: tuple[str, ...]) -> ProposalForm:
    return ProposalForm(today=today, formats=formats)


@lru_cache(maxsize=8)
def _schema(today: dt.date, formats: tuple[str, ...]) -> SessionForm:
    """The schema of a meeting, made once a day for each day that it is somewhere: to make it copies its fields."""
    return SessionForm(today=today, formats=formats)


def _formats(line: SessionLine | None = None) -> tuple[str, ...]:
    """The formats of the programme that have a name; and that of ``line``, a meeting to correct.

    Those that the tool knows where the programme names none.
    """
    own = current_settings()
    named = (
        [code for code in own.formats if code in SESSION_FORMATS or code in own.format_names]
        if own is not None
        else []
    )
    also = [line.format] if line is not None else []
    return tuple(dict.fromkeys([*(named or SESSION_FORMATS), *also]))


def _page(form: Form, line: SessionLine | None = None) -> ResponseReturnValue:
    """The form, with what was typed, and what is wrong beside its field. ``line``: the meeting to correct."""
    today = reader_today()
    values = pair_page().values()
    html = render_template(
        "learner/session_form.html",
        form=form,
        line=line,
        today=today.isoformat(),
        modes=MEETING_MODES,
        formats=_formats(line),
        worked_on=[each for each in values["pair"].objectives if each.open] if line is None else [],
        **values,
    )
    return html, form.status


@blueprint.get("/<uuid:session_id>/correct")
@allows(Action.KEEP_SESSIONS, about=pair_of_request)
def correct(session_id: uuid.UUID) -> ResponseReturnValue:
    """The form of a meeting as it is, to correct it."""
    line = _line(session_id)
    logged = {"day": "other", "held_on": line.held_on.isoformat(), **_fields_of(line)}
    return _page(blank_form(_schema(reader_today(), _formats(line)), logged, id="correction"), line)


@blueprint.post("/<uuid:session_id>/correct")
@allows(Action.KEEP_SESSIONS, about=pair_of_request)
def save_correction(session_id: uuid.UUID) -> ResponseReturnValue:
    """Keep the correction; the partner is asked again."""
    page, line, now = pair_page(), _line(session_id), utcnow()
    form = sent_form(_schema(user_today(now), _formats(line)), id="correction")

    def save(db: Session, values: Values) -> None:
        del values["worked_on"]
        actions.correct_session(db, session_id=session_id, by=page.participant.id, now=now, **values)

    return form.submit(save, then=page.home, done="session_corrected", show=partial(_page, line=line))


@blueprint.post("/<uuid:session_id>/confirm")
@allows(Action.KEEP_SESSIONS, about=pair_of_request)
def confirm(session_id: uuid.UUID) -> ResponseReturnValue:
    """“Yes, we met.”"""
    page = pair_page()

    def save(db: Session, values: Values) -> None:
        actions.confirm_session(
            db, session_id=session_id, by=page.participant.id, revision=values["revision"], now=utcnow()
        )

    return _answer("yes").submit(save, then=page.home, done="session_confirmed")


@blueprint.post("/<uuid:session_id>/dispute")
@allows(Action.KEEP_SESSIONS, about=pair_of_request)
def dispute(session_id: uuid.UUID) -> ResponseReturnValue:
    """“Not quite”, with what was not so."""
    page = pair_page()

    def save(db: Session, values: Values) -> None:
        actions.dispute_session(
            db,
            session_id=session_id,
            by=page.participant.id,
            reason=values["reason"],
            revision=values["revision"],
            now=utcnow(),
        )

    return _answer("no").submit(
        save, then=page.home, done="session_disputed", show=partial(_ask_what_differs, session_id=session_id)
    )


def _ask_what_differs(sent: Form, session_id: uuid.UUID) -> ResponseReturnValue:
    """The form of what was different, in place of an answer that did not say it."""
    if sent.refusal_code is not None:
        raise NotAllowed(sent.refusal_code)
    line = _line_to_answer(session_id)
    form = _difference_form(line)
    form.refusal = _("Nothing was sent: change a detail, or say that the meeting did not take place.")
    html, _status = _differs_page(form, line, is_disputed=True)
    return html, sent.status


@blueprint.get("/<uuid:session_id>/differs")
@allows(Action.KEEP_SESSIONS, about=pair_of_request)
def differs(session_id: uuid.UUID) -> ResponseReturnValue:
    """“That is not right”: the meeting as logged, to be put right."""
    line = _line_to_answer(session_id)
    return _differs_page(_difference_form(line), line=line)


def _difference_form(line: SessionLine) -> Form:
    """What was different, before anything is changed: the meeting as logged."""
    logged = {"day": "other", "held_on": line.held_on.isoformat(), **_fields_of(line)}
    logged["revision"] = str(line.revision)
    schema = _proposal_schema(reader_today(), _formats(line))
    action = launch_url_for("sessions.propose", session_id=line.id)
    return blank_form(schema, logged, id="difference", action=action)


def _differs_page(form: Form, line: SessionLine, *, is_disputed: bool = False) -> tuple[str, int]:
    """The form. What was not answered stays chosen as it was logged.

    ``is_disputed``: whether the person has already said that something was different; confirming is then no answer.
    """
    logged = {"mode": line.mode or "", "format": line.format}
    form.given = {name: form.given[name] for name in form.given} | {
        name: form.given.get(name) or value for name, value in logged.items()
    }
    today = reader_today().isoformat()
    html = render_template(
        "learner/session_differs.html",
        form=form,
        is_disputed=is_disputed,
        line=line,
        today=today,
        modes=MEETING_MODES,
        formats=_formats(line),
        **pair_page().values(),
    )
    return html, form.status


@blueprint.post("/<uuid:session_id>/differs")
@allows(Action.KEEP_SESSIONS, about=pair_of_request)
def propose(session_id: uuid.UUID) -> ResponseReturnValue:
    """Propose to the logger what was so; they accept it in one tap."""
    page, line, now = pair_page(), _line(session_id), utcnow()
    form = sent_form(_proposal_schema(user_today(now), _formats(line)), id="difference")

    def save(db: Session, values: Values) -> None:
        proposed = {
            name: values[name]
            for name in _REASONS
            if values[name] is not None and values[name] != getattr(line, name)
        }
        if not proposed:
            raise NotAllowed("nothing_differs")
        reasons = [_REASONS[name] for name in proposed]
        actions.dispute_session(
            db,
            session_id=session_id,
            by=page.participant.id,
            reason=reasons[0] if len(reasons) == 1 else "other",
            proposed_on=proposed.get("held_on"),
            proposed_minutes=proposed.get("minutes"),
            proposed_mode=proposed.get("mode"),
            proposed_format=proposed.get("format"),
            revision=values["revision"],
            now=now,
        )

    return form.submit(save, then=page.home, done="session_disputed", show=partial(_differs_page, line=line))


_REASONS: Final = {
    "held_on": "wrong-date",
    "minutes": "wrong-length",
    "mode": "wrong-mode",
    "format": "wrong-format",
}
"""Of each field that can be corrected, the reason for which a meeting is disputed that differs in it alone."""


def _line_to_answer(session_id: uuid.UUID) -> SessionLine:
    line = _line(session_id)
    if not line.to_confirm:
        raise NotAllowed("own_session" if line.mine else "not_waiting")
    return line


@blueprint.post("/<uuid:session_id>/accept")
@allows(Action.KEEP_SESSIONS, about=pair_of_request)
def accept(session_id: uuid.UUID) -> ResponseReturnValue:
    """“Accept 60”: the logger agrees with what the partner proposes."""
    page = pair_page()

    def save(db: Session, values: Values) -> None:
        actions.accept_proposal(
            db, session_id=session_id, by=page.participant.id, revision=values["revision"], now=utcnow()
        )

    return _answer("yes").submit(save, then=page.home, done="proposal_accepted")


@blueprint.post("/<uuid:session_id>/keep")
@allows(Action.KEEP_SESSIONS, about=pair_of_request)
def keep(session_id: uuid.UUID) -> ResponseReturnValue:
    """“Keep 45 and talk”: as it was logged; the partner is asked again."""
    page, line = pair_page(), _line(session_id)

    def save(db: Session, _values: Values) -> None:
        if not line.to_correct:
            raise NotAllowed("not_waiting")
        actions.correct_session(
            db,
            session_id=session_id,
            by=page.participant.id,
            held_on=line.held_on,
            minutes=line.minutes,
            format=line.format,
            mode=line.mode,
            now=utcnow(),
        )

    return sent_form(FormSchema()).submit(save, then=page.home, done="proposal_kept")


_ANSWER: Final = AnswerSessionForm()


def _answer(answer: str) -> Form:
    """The partner's form. The button itself is the answer, whatever else the form says."""
    return sent_form(_ANSWER, fixed={"answer": answer})


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

    def save(db: Session, _values: Values) -> None:
        actions.withdraw_session(db, session_id=session_id, by=page.participant.id, now=utcnow())

    return sent_form(FormSchema()).submit(save, then=page.home, done="session_withdrawn")


def _line(session_id: uuid.UUID) -> SessionLine:
    """The session as whoever looks sees it."""
    line = next((line for line in pair_page().pair.sessions if line.id == session_id), None)
    if line is None:
        raise NotAllowed("session_over")
    return line
