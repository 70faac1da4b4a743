"""Taking somebody out of the programme and back in, and putting aside people of the course who will take no part.

A tutor of the group may, and an owner of its programme. Before somebody is taken out, a page says what happens then.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.enrolment import leaving
from lti_tool.mentoring.enrolment.queries import COMPLETED, ParticipantRecord, participant, participants
from lti_tool.mentoring.guards import NotAllowed
from lti_tool.mentoring.journey.queries import card
from lti_tool.mentoring.overview.queries import learner_in_cohorts_courses
from lti_tool.mentoring.pairs.queries import PairRecord, open_pairs_of
from lti_tool.translation import gettext as _
from lti_tool.web import wording
from lti_tool.web.access import allows, cohort_of_launch
from lti_tool.web.activity import opened_cohort_id
from lti_tool.web.forms.bound import Form, Values, blank_form, sent_form
from lti_tool.web.launch_session import course_title, launch_url_for
from lti_tool.web.services import reading
from schemas.form_schema import FormSchema
from schemas.tutor_forms import PutAsideForm, TakeOutForm

blueprint = Blueprint("leaving", __name__, url_prefix="/l/<launch_key>/cohort")


@dataclass(frozen=True)
class Leaver:
    """Who is to be taken out, and the pairs that end by it."""

    record: ParticipantRecord
    pairs: Sequence[tuple[PairRecord, str]]
    """Each with the name of the partner."""

    @property
    def name(self) -> str:
        """As a page names them."""
        return wording.person(card(self.record))

    @property
    def effects(self) -> list[str]:
        """What happens then, in sentences; where a pair ends, that comes first."""
        name = self.name
        found = [_end_of(pair, name, partner) for pair, partner in self.pairs]
        if found:
            found.append(
                _(
                    "The partner will be told that the pair has ended through nobody’s fault, and can be paired again."
                )
            )
        found.append(_("Meetings, objectives and grades stay as they are."))
        if self.record.status == COMPLETED:
            found.append(
                _("%(name)s has completed the journey: that stays, and so does their page.", name=name)
            )
        else:
            found.append(
                _(
                    "On their next visit %(name)s will read that they are no longer taking part, that nobody is at "
                    "fault, and who to write to.",
                    name=name,
                )
            )
        found.append(
            _(
                "You will no longer be able to pair %(name)s. You will find this person under “Not taking part” and "
                "can bring them back at any time.",
                name=name,
            )
        )
        return found


def _end_of(pair: PairRecord, name: str, partner: str) -> str:
    if pair.accepted:
        return _(
            "The pair of %(name)s and %(partner)s will end and cannot be restored.",
            name=name,
            partner=partner,
        )
    return _("The proposed pair of %(name)s and %(partner)s is over.", name=name, partner=partner)


@blueprint.route("/people/<uuid:participant_id>/take-out", methods=["GET", "POST"])
@allows(Action.TAKE_OUT_PEOPLE, about=cohort_of_launch)
def take_out(participant_id: uuid.UUID) -> ResponseReturnValue:
    """What happens when somebody is taken out, a reason for whoever wants to give one, and the button."""
    cohort_id = opened_cohort_id()
    leaver = _leaver(participant_id, cohort_id)

    def show(form: Form) -> ResponseReturnValue:
        html = render_template(
            "tutor/take_out.html",
            leaver=leaver,
            participant_id=participant_id,
            form=form,
            course_title=course_title(),
        )
        return html, form.status

    def save(db: Session, values: Values) -> None:
        leaving.take_out(
            db, participant_id=participant_id, cohort_id=cohort_id, reason=values["reason"], now=utcnow()
        )

    if request.method == "GET":
        if leaver.record.refused:
            raise NotAllowed("not_taking_part")
        return show(blank_form(TakeOutForm(), id="take-out"))
    form = sent_form(TakeOutForm(), id="take-out")
    return form.submit(save, then=launch_url_for("home.home"), done="taken_out", show=show)


@blueprint.post("/people/<uuid:participant_id>/take-back-in")
@allows(Action.TAKE_OUT_PEOPLE, about=cohort_of_launch)
def take_back_in(participant_id: uuid.UUID) -> ResponseReturnValue:
    """Take somebody back in."""
    cohort_id = opened_cohort_id()
    _leaver(participant_id, cohort_id)

    def save(db: Session, _values: Values) -> None:
        leaving.take_back_in(db, participant_id=participant_id, cohort_id=cohort_id, now=utcnow())

    return sent_form(FormSchema()).submit(save, then=launch_url_for("home.home"), done="taken_back_in")


@blueprint.post("/put-aside")
@allows(Action.TAKE_OUT_PEOPLE, about=cohort_of_launch)
def put_aside() -> ResponseReturnValue:
    """Note that somebody of the course will take no part."""
    cohort_id = opened_cohort_id()

    def save(db: Session, values: Values) -> None:
        if learner_in_cohorts_courses(db, cohort_id, values["person_id"]) is None:
            raise NotAllowed("not_a_learner")
        leaving.put_aside(db, person_id=values["person_id"], cohort_id=cohort_id, now=utcnow())

    return sent_form(PutAsideForm()).submit(save, then=launch_url_for("home.home"), done="put_aside")


@blueprint.post("/take-back")
@allows(Action.TAKE_OUT_PEOPLE, about=cohort_of_launch)
def take_back() -> ResponseReturnValue:
    """Expect somebody again who was put aside."""
    cohort_id = opened_cohort_id()

    def save(db: Session, values: Values) -> None:
        leaving.take_back(db, person_id=values["person_id"], cohort_id=cohort_id, now=utcnow())

    return sent_form(PutAsideForm()).submit(save, then=launch_url_for("home.home"), done="taken_back")


def _leaver(participant_id: uuid.UUID, cohort_id: uuid.UUID) -> Leaver:
    """A participant of the cohort; 404 for one of another cohort, and where the invitation was taken back."""
    with reading() as db:
        found = participant(db, participant_id)
        if found is None or found.cohort_id != cohort_id or found.withdrawn:
            abort(404)
        pairs = open_pairs_of(db, participant_id)
        partners = participants(db, [pair.partner_of(participant_id) for pair in pairs])
    named = [(pair, wording.person(card(partners[pair.partner_of(participant_id)]))) for pair in pairs]
    return Leaver(found, named)
