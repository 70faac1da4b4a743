"""What a tutor changes about a pair: pausing it, letting it go on, ending it, finding another partner.

Each is a short page that says what will happen before anything does.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.enrolment.queries import ParticipantRecord, participants
from lti_tool.mentoring.journey.queries import card
from lti_tool.mentoring.overview.cohort import ParticipantLine
from lti_tool.mentoring.overview.queries import overview_of
from lti_tool.mentoring.pairs import actions
from lti_tool.mentoring.pairs.queries import PairRecord
from lti_tool.mentoring.pairs.queries import pair as find_pair
from lti_tool.mentoring.sessions.queries import sessions_of_pairs
from lti_tool.translation import gettext as _
from lti_tool.translation import ngettext
from lti_tool.web import wording
from lti_tool.web.access import allows
from lti_tool.web.forms.bound import Form, Values, blank_form, sent_form
from lti_tool.web.language import day, number
from lti_tool.web.launch_session import course_title, launch_url_for
from lti_tool.web.learner.current import user_today
from lti_tool.web.services import reading
from lti_tool.web.tutor.history import cohort_of_pair
from schemas.form_schema import FormSchema
from schemas.problem import N_
from schemas.tutor_forms import AnotherPartnerForm, EndPairForm, PausePairForm

blueprint = Blueprint("pair_changes", __name__, url_prefix="/l/<launch_key>/cohort/pairs/<uuid:pair_id>")

NAMED: Final = 6
"""How many of those who are free are named at most."""

END_REASONS: Final[Mapping[str, str]] = {
    "time": N_("No time at the moment"),
    "match": N_("A different partner would suit better"),
    "left-organisation": N_("One of the two has left the company"),
    "completed-early": N_("They have done what they set out to do"),
    "other": N_("Another reason"),
}


@dataclass(frozen=True)
class Asked:
    """A page that says what will happen, and asks whether to go on."""

    heading: str
    effects: Sequence[str]
    button: str
    is_final: bool = False
    """Whether it cannot be undone, as the first of the effects says."""
    about: str = ""
    """Of whom it is, where the heading does not say so."""
    free: Mapping[str, str] = field(default_factory=dict)
    """Where one of the two is chosen first: who is free for them, in words, by the role of the one chosen."""


@dataclass(frozen=True)
class Change:
    """What a tutor can do with a pair."""

    schema: Callable[[], FormSchema]
    asked: Callable[[PairRecord, str, str], Asked]
    """Of the pair and the names of the two, the mentee's first."""
    save: Callable[[Session, uuid.UUID, Values], None]
    """Given the pair's id and what the form says."""
    done: str
    """The code of what is said then."""


def _pause(_pair: PairRecord, mentee: str, mentor: str) -> Asked:
    return Asked(
        _("Pause the pair of %(mentee)s and %(mentor)s", mentee=mentee, mentor=mentor),
        (
            _(
                "Both will see on their page that their pair is paused. They cannot log meetings until you resume it."
            ),
            _("Their meetings, objectives and results stay as they are."),
            _("You can resume it at any time."),
        ),
        _("Pause this pair"),
    )


def _resume(pair: PairRecord, mentee: str, mentor: str) -> Asked:
    return Asked(
        _("Resume the pair of %(mentee)s and %(mentor)s", mentee=mentee, mentor=mentor),
        (
            _("They will continue where they left off, with everything they have done so far."),
            _("Both will see this on their own pages and can log meetings again."),
            _("Their programme still ends on %(day)s.", day=day(_end_of(pair))),
        ),
        _("Resume this pair"),
    )


def _end_of(pair: PairRecord) -> dt.date:
    with reading() as db:
        return overview_of(db, pair.cohort_id).ends_on


def _end(pair: PairRecord, mentee: str, mentor: str) -> Asked:
    return Asked(
        _("End the pair of %(mentee)s and %(mentor)s", mentee=mentee, mentor=mentor),
        (
            _("This pair cannot be reopened."),
            _("Both will see on their own pages that their pair has ended through nobody’s fault."),
            _kept(pair),
            _("You can pair either of them again, even with each other."),
        ),
        _("End this pair"),
        is_final=True,
    )


def _named(people: Sequence[ParticipantLine]) -> str:
    """Who is free, by name; of many the first, and how many more there are."""
    if not people:
        return _("nobody")
    names = ", ".join(wording.person(line.card) for line in people[:NAMED])
    more = len(people) - NAMED
    return names if more <= 0 else f"{names} {_('and %(count)s more', count=number(more))}"


def _has_met(pair: PairRecord) -> bool:
    """Whether a meeting of the pair was noted that still stands."""
    with reading() as db:
        return any(each.status not in ("withdrawn", "cancelled") for each in sessions_of_pairs(db, [pair.id]))


def _kept(pair: PairRecord) -> str:
    if _has_met(pair):
        return _("Their meetings are kept.")
    return _("They have not met yet.")


def _another(pair: PairRecord, mentee: str, mentor: str) -> Asked:
    with reading() as db:
        overview = overview_of(db, pair.cohort_id)
    return Asked(
        _("Find another partner"),
        (
            _(
                "The pair will end first. You will not be able to undo this. %(mentee)s and %(mentor)s will see "
                "it on their own pages.",
                mentee=mentee,
                mentor=mentor,
            ),
            _kept(pair),
            _("Then you choose the next partner."),
        ),
        _("End this pair and choose a partner"),
        is_final=True,
        about=_("%(mentee)s and %(mentor)s", mentee=mentee, mentor=mentor),
        free={
            "mentee": ngettext(
                "Free to teach: %(teach)s",
                "Free to teach: %(teach)s",
                len(overview.free_mentors),
                teach=_named(overview.free_mentors),
            ),
            "mentor": ngettext(
                "Free to learn: %(learn)s",
                "Free to learn: %(learn)s",
                len(overview.free_mentees),
                learn=_named(overview.free_mentees),
            ),
        },
    )


def _pause_schema() -> PausePairForm:
    return PausePairForm(today=user_today(utcnow()))


def _save_pause(db: Session, pair_id: uuid.UUID, values: Values) -> None:
    actions.pause_pair(db, pair_id=pair_id, until=values["until"], now=utcnow())


def _save_resume(db: Session, pair_id: uuid.UUID, _values: Values) -> None:
    actions.resume_pair(db, pair_id=pair_id, now=utcnow())


def _save_end(db: Session, pair_id: uuid.UUID, values: Values) -> None:
    actions.end_pair(db, pair_id=pair_id, reason=values["reason"], now=utcnow())


CHANGES: Final[Mapping[str, Change]] = {
    "pause": Change(_pause_schema, _pause, _save_pause, "pair_paused"),
    "resume": Change(FormSchema, _resume, _save_resume, "pair_resumed"),
    "end": Change(EndPairForm, _end, _save_end, "pair_ended"),
    # Ends the pair, and leads to the choice of another partner for one of the two.
    "another": Change(AnotherPartnerForm, _another, _save_end, "pair_ended"),
}
"""Each has a page of this name below the pair's."""


def _view(change: Change) -> Callable[[uuid.UUID], ResponseReturnValue]:
    """The page of a change, and what happens once it is sent."""

    @allows(Action.CHANGE_PAIR, about=cohort_of_pair)
    def view(pair_id: uuid.UUID) -> ResponseReturnValue:
        pair, people = _pair(pair_id)

        def show(form: Form) -> ResponseReturnValue:
            mentee, mentor = (wording.person(card(people[each])) for each in (pair.mentee_id, pair.mentor_id))
            html = render_template(
                "tutor/pair_change.html",
                change=change.asked(pair, mentee, mentor),
                form=form,
                # Who has not met has not done what they wanted.
                reasons=[
                    (code, _(words))
                    for code, words in END_REASONS.items()
                    if code != "completed-early" or _has_met(pair)
                ],
                people=[("mentee", mentee), ("mentor", mentor)],
                pair_id=pair_id,
                course_title=course_title(),
            )
            return html, form.status

        if request.method == "GET":
            return show(blank_form(change.schema(), id="pair-change"))
        then = launch_url_for("home.home")
        role = request.form.get("role", "")
        if role in ("mentor", "mentee"):
            person = people[pair.mentor_id if role == "mentor" else pair.mentee_id]
            then = launch_url_for("pairing.show", partner_for=person.person_id)
        form = sent_form(change.schema(), id="pair-change")
        return form.submit(
            lambda db, values: change.save(db, pair_id, values), then=then, done=change.done, show=show
        )

    return view


for _name, _change in CHANGES.items():
    blueprint.add_url_rule(f"/{_name}", _name, _view(_change), methods=["GET", "POST"])


def _pair(pair_id: uuid.UUID) -> tuple[PairRecord, dict[uuid.UUID, ParticipantRecord]]:
    with reading() as db:
        found = find_pair(db, pair_id) or abort(404)
        return found, participants(db, found.members)
