"""Feedback about the latest meeting from one of a pair to the other, and thanks at the end."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.feedback import actions
from lti_tool.mentoring.feedback.queries import FeedbackRecord, feedback_of_pair
from lti_tool.mentoring.journey.views import PairView, SessionLine
from lti_tool.mentoring.objectives import refusals
from lti_tool.web.access import allows
from lti_tool.web.forms.bound import Form, Values, blank_form, sent_form
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.learner.current import pair_of_request, pair_page
from lti_tool.web.services import reading
from schemas.choices import FEEDBACK_POINTS
from schemas.form_schema import FormSchema
from schemas.learner_forms import FeedbackForm, ThanksForm

blueprint = Blueprint("feedback", __name__, url_prefix="/l/<launch_key>/feedback")


@blueprint.get("")
@allows(Action.READ_WORDS_OF_PAIR, about=pair_of_request)
def index() -> ResponseReturnValue:
    """What both told each other, and the form about the latest meeting until one has said what helped in it."""
    page = pair_page()
    last = page.pair.last_session
    proposed = {"session_id": str(last.id)} if last is not None else {}
    action = launch_url_for("feedback.give", pair=page.pair_id)
    return _page(blank_form(FeedbackForm(), proposed, id="feedback", action=action))


def _page(form: Form) -> ResponseReturnValue:
    page = pair_page()
    lines = _lines()
    html = render_template(
        "learner/feedback.html",
        form=form,
        points=FEEDBACK_POINTS,
        meeting=_awaited(page.pair, [line for line in lines if line.author_id == page.participant.id]),
        received=[line for line in lines if line.author_id != page.participant.id],
        given=[line for line in lines if line.author_id == page.participant.id],
        meetings={line.id: line for line in page.pair.sessions},
        **page.values(),
    )
    return html, form.status


def _lines() -> list[FeedbackRecord]:
    with reading() as db:
        return feedback_of_pair(db, pair_page().pair_id)


def _awaited(pair: PairView, given: list[FeedbackRecord]) -> SessionLine | None:
    """The latest meeting, unless one has said what helped in it."""
    last = pair.last_session
    return last if last is not None and all(line.session_id != last.id for line in given) else None


@blueprint.post("")
@allows(Action.GIVE_FEEDBACK, about=pair_of_request)
def give() -> ResponseReturnValue:
    """Keep what helped, for the partner to read."""
    page = pair_page()

    def save(db: Session, values: Values) -> None:
        actions.give_feedback(db, pair_id=page.pair_id, by=page.participant.id, now=utcnow(), **values)

    return sent_form(FeedbackForm(), id="feedback").submit(
        save, then=launch_url_for("feedback.index", pair=page.pair_id), done="feedback_given", show=_page
    )


@blueprint.get("/thanks")
@allows(Action.READ_WORDS_OF_PAIR, about=pair_of_request)
def write_thanks() -> ResponseReturnValue:
    """The form of thanks."""
    return _thanks_page(blank_form(ThanksForm(), id="thanks"))


def _thanks_page(form: Form) -> ResponseReturnValue:
    html = render_template("learner/thanks.html", form=form, **pair_page().values())
    return html, form.status


@blueprint.post("/thanks")
@allows(Action.GIVE_FEEDBACK, about=pair_of_request)
def give_thanks() -> ResponseReturnValue:
    """Thank the partner; their next visit shows it."""
    page = pair_page()

    def save(db: Session, values: Values) -> None:
        actions.give_thanks(
            db, pair_id=page.pair_id, by=page.participant.id, words=values["words"], now=utcnow()
        )

    return sent_form(ThanksForm(), id="thanks").submit(
        save, then=page.home, done="thanks_given", show=_thanks_page
    )


@blueprint.post("/news/seen")
@allows(Action.GIVE_FEEDBACK, about=pair_of_request)
def see_news() -> ResponseReturnValue:
    """“Mark all as read”: the partner's thanks, and their answers to objectives."""
    page = pair_page()

    def save(db: Session, _values: Values) -> None:
        now = utcnow()
        actions.see_thanks(db, pair_id=page.pair_id, by=page.participant.id, now=now)
        for line in page.pair.refusals_to_read:
            refusals.read_refusal(db, objective_id=line.id, by=page.participant.id, now=now)

    return sent_form(FormSchema()).submit(save, then=page.home)


@blueprint.post("/thanks/seen")
@allows(Action.GIVE_FEEDBACK, about=pair_of_request)
def see_thanks() -> ResponseReturnValue:
    """“I have read it”: the first page need not show the partner's thanks any more."""
    page = pair_page()

    def save(db: Session, _values: Values) -> None:
        actions.see_thanks(db, pair_id=page.pair_id, by=page.participant.id, now=utcnow())

    return sent_form(FormSchema()).submit(save, then=page.home)
