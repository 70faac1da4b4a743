"""What a person changed, in their own words: for themselves, or for their partner too."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.reflections import actions
from lti_tool.mentoring.reflections.queries import reflections_for
from lti_tool.web.access import allows
from lti_tool.web.forms.bound import Form, Values, blank_form, sent_form
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.learner.current import kept_pair_of_request, pair_of_request, pair_page
from lti_tool.web.services import reading
from schemas.learner_forms import MoveReflectionForm, ReflectionForm

blueprint = Blueprint("reflections", __name__, url_prefix="/l/<launch_key>/reflections")


@blueprint.get("")
@allows(Action.READ_WORDS_OF_PAIR, about=kept_pair_of_request)
def index() -> ResponseReturnValue:
    """One's own, what the partner shares, and the form of another: private, unless its author says otherwise."""
    action = launch_url_for("reflections.write", pair=pair_page().pair_id)
    return _page(blank_form(ReflectionForm(), {"readers": "me"}, id="reflection", action=action))


def _page(form: Form) -> ResponseReturnValue:
    page = pair_page()
    # Whoever did not say who may read a note is shown that nobody else will.
    form.given = {**form.given, "readers": form.given.get("readers") or "me"}
    with reading() as db:
        lines = reflections_for(db, page.pair_id, page.participant.id)
    html = render_template(
        "learner/reflections.html",
        form=form,
        own=[line for line in lines if line.author_id == page.participant.id],
        shared=[line for line in lines if line.author_id != page.participant.id],
        **page.values(),
    )
    return html, form.status


@blueprint.post("")
@allows(Action.WRITE_REFLECTIONS, about=pair_of_request)
def write() -> ResponseReturnValue:
    """Keep what was written."""
    page = pair_page()
    form = sent_form(ReflectionForm(), id="reflection")

    def save(db: Session, values: Values) -> None:
        actions.write_reflection(
            db,
            pair_id=page.pair_id,
            by=page.participant.id,
            words=values["words"],
            shared=values["readers"] == "pair",
            now=utcnow(),
        )

    shared = form.given.get("readers") == "pair"
    done = "reflection_shared" if shared else "reflection_kept"
    return form.submit(
        save, then=launch_url_for("reflections.index", pair=page.pair_id), done=done, show=_page
    )


@blueprint.post("/move")
@allows(Action.WRITE_REFLECTIONS, about=kept_pair_of_request)
def move() -> ResponseReturnValue:
    """Share what one kept for oneself, or delete what one wrote."""
    form, page = sent_form(MoveReflectionForm()), pair_page()
    verb, done = _MOVES[form.read()["move"]]

    def save(db: Session, values: Values) -> None:
        verb(
            db,
            pair_id=page.pair_id,
            reflection_id=values["reflection_id"],
            by=page.participant.id,
            now=utcnow(),
        )

    return form.submit(save, then=launch_url_for("reflections.index", pair=page.pair_id), done=done)


_MOVES = {
    "share": (actions.share_reflection, "reflection_shared"),
    "remove": (actions.remove_reflection, "reflection_removed"),
}
