"""What a tutor changes about a pair: pausing it, letting it go on, ending it, finding another partner.

Each is a short page that says what will happen before anything does.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, abort, g, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.enrolment.queries import ParticipantRecord, participants
from lti_tool.mentoring.journey.queries import card
from lti_tool.mentoring.overview.queries import overview_of
from lti_tool.mentoring.pairs import actions
from lti_tool.mentoring.pairs.queries import PairRecord
from lti_tool.mentoring.pairs.queries import pair as find_pair
from lti_tool.translation import gettext as _
from lti_tool.translation import ngettext
from lti_tool.web import wording
from lti_tool.web.access import allows
from lti_tool.web.forms.bound import Form, Values, blank_form, sent_form
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.services import reading
from lti_tool.web.tutor.history import cohort_of_pair
from schemas.mentoring_forms import AnotherPartnerForm, EndPairForm, FormSchema
from schemas.problem import N_

blueprint = Blueprint("pair_changes", __name__, url_prefix="/l/<launch_key>/cohort/pairs/<uuid:pair_id>")

END_REASONS: Final[Mapping[str, str]] = {
    "time": N_("There is no time for it now"),
    "match": N_("Another partner suits better"),
    "left-organisation": N_("One of the two has left the company"),
    "completed-early": N_("They have done what they wanted"),
    "other": N_("Another reason"),
}


@dataclass(frozen=True)
class Change:
    """A page that asks whether to go on."""

    heading: str
    effects: Sequence[str]
    button: str


@blueprint.route("/pause", methods=["GET", "POST"])
@allows(Action.CHANGE_PAIR, about=cohort_of_pair)
def pause(pair_id: uuid.UUID) -> ResponseReturnValue:
    """Put a pair on hold."""

    def save(db: Session, _values: Values) -> None:
        actions.pause_pair(db, pair_id=pair_id, now=utcnow())

    return _asked(pair_id, FormSchema(), _pause, save, "pair_paused")


def _pause(mentee: str, mentor: str) -> Change:
    return Change(
        _("Pause the pair of %(mentee)s and %(mentor)s", mentee=mentee, mentor=mentor),
        (
            _(
                "Both read on their page that their pair is on hold. Nothing can be noted until the pair goes on."
            ),
            _("Their meetings, objectives and grade stay as they are."),
            _("You can let it go on at any time."),
        ),
        _("Pause this pair"),
    )


@blueprint.route("/resume", methods=["GET", "POST"])
@allows(Action.CHANGE_PAIR, about=cohort_of_pair)
def resume(pair_id: uuid.UUID) -> ResponseReturnValue:
    """Let a pair go on."""

    def save(db: Session, _values: Values) -> None:
        actions.resume_pair(db, pair_id=pair_id, now=utcnow())

    return _asked(pair_id, FormSchema(), _resume, save, "pair_resumed")


def _resume(mentee: str, mentor: str) -> Change:
    return Change(
        _("Let %(mentee)s and %(mentor)s go on", mentee=mentee, mentor=mentor),
        (_("They go on where they were, with everything that they have done so far."),),
        _("Let this pair go on"),
    )


@blueprint.route("/end", methods=["GET", "POST"])
@allows(Action.CHANGE_PAIR, about=cohort_of_pair)
def end(pair_id: uuid.UUID) -> ResponseReturnValue:
    """End a pair without fault."""

    def save(db: Session, values: Values) -> None:
        actions.end_pair(db, pair_id=pair_id, reason=values["reason"], now=utcnow())

    return _asked(pair_id, EndPairForm(), _end, save, "pair_ended")


def _end(mentee: str, mentor: str) -> Change:
    return Change(
        _("End the pair of %(mentee)s and %(mentor)s", mentee=mentee, mentor=mentor),
        (
            _(
                "Both see on their page that their pair has ended, with no fault of anybody; the reason is not shown."
            ),
            _("Their meetings are kept. Both are free for another partner."),
            _("You will not be able to undo this. You can propose a new pair to the same people."),
        ),
        _("End this pair"),
    )


@blueprint.route("/another", methods=["GET", "POST"])
@allows(Action.CHANGE_PAIR, about=cohort_of_pair)
def another(pair_id: uuid.UUID) -> ResponseReturnValue:
    """End a pair and choose another partner for one of the two."""

    def save(db: Session, values: Values) -> None:
        actions.end_pair(db, pair_id=pair_id, reason=values["reason"], now=utcnow())

    def change(_mentee: str, _mentor: str) -> Change:
        pair, _people = _pair(pair_id)
        with reading() as db:
            overview = overview_of(db, pair.cohort_id)
        return _another(len(overview.free_mentees), len(overview.free_mentors))

    return _asked(pair_id, AnotherPartnerForm(), change, save, "pair_ended")


def _another(mentees: int, mentors: int) -> Change:
    """``mentees``, ``mentors``: how many are free now."""
    learn = ngettext("%(num)s person who learns", "%(num)s people who learn", mentees)
    teach = ngettext("%(num)s person who teaches", "%(num)s people who teach", mentors)
    return Change(
        _("Another pair"),
        (
            _(
                "This ends the pair first, and cannot be undone: both see that it has ended, with no fault of anybody."
            ),
            _("Their meetings are kept. Both are free for another partner."),
            _("Then you choose the next partner. Free now: %(learn)s, %(teach)s.", learn=learn, teach=teach),
        ),
        _("End this pair and choose"),
    )


def _asked(
    pair_id: uuid.UUID,
    schema: FormSchema,
    change: Callable[[str, str], Change],
    save: Callable[[Session, Values], None],
    done: str,
) -> ResponseReturnValue:
    """The page, or what happens once it is sent."""
    pair, people = _pair(pair_id)

    def show(form: Form) -> ResponseReturnValue:
        mentee, mentor = (wording.person(card(people[each])) for each in (pair.mentee_id, pair.mentor_id))
        html = render_template(
            "tutor/pair_change.html",
            change=change(mentee, mentor),
            form=form,
            reasons=[(code, _(words)) for code, words in END_REASONS.items()],
            people=[("mentee", mentee), ("mentor", mentor)],
            pair_id=pair_id,
            course_title=g.launch.course.title,
        )
        return html, form.status

    if request.method == "GET":
        return show(blank_form(schema, id="pair-change"))
    then = launch_url_for("home.home")
    role = request.form.get("role", "")
    if role in ("mentor", "mentee"):
        person = people[pair.mentor_id if role == "mentor" else pair.mentee_id]
        then = launch_url_for("pairing.show", partner_for=person.person_id)
    return sent_form(schema, id="pair-change").submit(save, then=then, done=done, show=show)


def _pair(pair_id: uuid.UUID) -> tuple[PairRecord, dict[uuid.UUID, ParticipantRecord]]:
    with reading() as db:
        found = find_pair(db, pair_id) or abort(404)
        return found, participants(db, found.members)
