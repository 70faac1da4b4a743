"""A learner's home: what is next, how far, with whom; and choosing a role."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from flask import Blueprint, Response, abort, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.events.log import PairsState, state_of_pairs
from lti_tool.identity.policy import Action
from lti_tool.identity.principal import CourseRole
from lti_tool.lti.ags.grade_queries import Grade, grade_of, state_of
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.mentoring.completion.queries import criteria_of, rule_of
from lti_tool.mentoring.enrolment import actions
from lti_tool.mentoring.enrolment.models import Participant, ParticipantStatus
from lti_tool.mentoring.enrolment.queries import ParticipantRecord
from lti_tool.mentoring.feedback.events import ThanksGiven, ThanksSeen
from lti_tool.mentoring.feedback.queries import thanks_of_pair
from lti_tool.mentoring.guards import UNDO_WITHIN, NotAllowed
from lti_tool.mentoring.journey.queries import journey_of, people_around
from lti_tool.mentoring.journey.steps import Step
from lti_tool.mentoring.journey.undo import undoable_step
from lti_tool.mentoring.journey.views import Journey, PairView
from lti_tool.mentoring.pairs.events import TutorReminded
from lti_tool.mentoring.pairs.models import ENDED_STATUSES, Pair
from lti_tool.mentoring.pairs.queries import PairRecord, latest_ended_pair, pair_of_member
from lti_tool.mentoring.profiles.actions import save_answers
from lti_tool.mentoring.programmes.models import RoleView
from lti_tool.mentoring.programmes.queries import PlacementRecord, placements_of_cohorts, rule_of_cohort
from lti_tool.mentoring.programmes.tutor_queries import tutor_of_cohort
from lti_tool.mentoring.reflections.events import ReflectionWritten
from lti_tool.mentoring.reflections.queries import latest_reflection_for
from lti_tool.translation import current_language
from lti_tool.web import grade_wording, new_choice, wording
from lti_tool.web.access import allows, cohort_of_launch
from lti_tool.web.activity import Activity, current_activity, current_participant, current_placement
from lti_tool.web.forms.bound import Form, Values, blank_form, sent_form
from lti_tool.web.forms.flash import flash_message
from lti_tool.web.launch_session import launch_url_for, polled
from lti_tool.web.learner import moved, other_group, refusal, taken_out
from lti_tool.web.learner.awaited import invite_awaited
from lti_tool.web.learner.completing import completes_with
from lti_tool.web.learner.current import participant_of_request, requested_pair_id
from lti_tool.web.learner.drawn_journey import drawn_journey
from lti_tool.web.learner.suits import suits_of
from lti_tool.web.learner.who_sees import who_sees
from lti_tool.web.redirect import ShortRedirect
from lti_tool.web.services import current_principal, reading
from lti_tool.web.time_zone import reader_today, reader_zone
from schemas.learner_forms import ChooseRoleForm, JoinForm, ThanksForm

blueprint = Blueprint("learner", __name__, url_prefix="/l/<launch_key>")


def page(*, as_well: bool = False) -> ResponseReturnValue | None:
    """A participant's journey, or the choice of a role; None before a tutor has opened the activity.

    A journey has an ETag, and is answered 304 until something happens that it shows. ``as_well``: whoever belongs to
    another group of the course has chosen to take part here, too.
    """
    activity = current_activity()
    if activity is None or new_choice.awaits_tutor():
        return None
    placement, participant = activity.placement, activity.participant
    if participant is None and (goes_on_elsewhere := moved.page(placement.cohort_id)) is not None:
        return goes_on_elsewhere
    if (participant is None or participant.invited) and invite_awaited(placement.cohort_id):
        g.activity = None  # which is read again, with their invitation
        return page()
    if participant is None and not as_well and (other := other_group.page(placement.cohort_id)) is not None:
        return other
    if participant is not None and participant.refused:
        return refusal.first_page(activity)
    if participant is not None and participant.taken_out:
        return taken_out.first_page(activity)
    if participant is None or (participant.invited and not activity.pairs):
        action = launch_url_for("learner.join")
        return _welcome(blank_form(JoinForm(), id="join", action=action), activity)
    wanted = requested_pair_id()
    with reading() as db:
        now = utcnow()
        shown = _shown_pairs(db, participant, activity.pairs, wanted)
        # The tag first: what happens in between is then shown, and asked for once more, instead of missed.
        grade, around = _grade(db, participant), people_around(db, participant, shown)
        state = state_of_pairs(db, participant.id, [pair.id for pair in shown], _COUNTED, TutorReminded)
        suits = suits_of(db, participant, shown, around.profiles)
        etag = _etag(state, participant, grade, (around, suits), activity, now)
        if request.if_none_match.contains(etag):
            return _tagged(Response(status=304), etag)
        mine = journey_of(db, participant, shown, around)
        pair = mine.pair(wanted)
        if pair is None and wanted is not None:
            abort(404)
        step = mine.step(pair)
        completes = step is Step.CONFIRM_SESSION and pair is not None and _completes(db, mine, pair)
        waiting = _count_waiting(db, participant.cohort_id) if step is Step.WAIT_FOR_PAIR else 0
        (own_thanks, their_thanks), (seen, _), notes = state.by_kind
        thanks = thanks_of_pair(db, pair.id) if pair is not None and their_thanks > seen else []
        note = latest_reflection_for(db, pair.id, participant.id) if pair is not None and any(notes) else None
    undo = undoable_step(mine, pair, participant.joined_at, now)
    declined = pair if pair is not None and pair.declined else None
    if declined is not None:
        pair = None
    # Their role has an activity of its own.
    is_elsewhere = not placement.role_view.covers(participant.role)
    other_activity = _activity_for_role(placement, participant.role) if is_elsewhere else None
    html = render_template(
        "learner/home.html",
        journey=mine,
        pair=pair,
        step=step,
        declined=declined,
        tutor_reminded_at=state.told_at,
        has_acted_since=state.told_at is not None
        and state.did_at is not None
        and state.did_at > state.told_at,
        undo=undo,
        completes=completes,
        waiting_people=waiting,
        begins_on=_still_to_begin(activity, now),
        ends_on=activity.ends_on,
        now=now,
        etag=etag,
        thanks=thanks,
        suits=suits.get(pair.id) if pair is not None else None,
        note=note,
        thanks_form=_thanks_form(mine, pair) if own_thanks == 0 else None,
        has_thanked=own_thanks > 0,
        drawn=drawn_journey(mine, pair, today=reader_today(), ends_on=activity.ends_on, zone=reader_zone()),
        grade_sentence=grade_wording.for_learner(grade),
        grade_is_missing=grade_wording.is_missing(grade),
        reopened_sentence=grade_wording.of_reopened(grade),
        may_change_role=placement.role_view is RoleView.BOTH or is_elsewhere,
        is_elsewhere=is_elsewhere,
        other_activity=other_activity,
        course_title=g.launch.course.title,
        who_sees=who_sees(wording.tutors(mine.tutor)),
        done=flash_message(),
        preview=False,
    )
    return _tagged(make_response(html), etag)


def is_open() -> bool:
    """Whether the activity of the launch opens a programme in which people take part, or can."""
    activity = current_activity()
    return activity is not None and not activity.is_draft and not new_choice.awaits_tutor()


@blueprint.get("/live")
@polled
@allows(Action.VIEW_HOME)
def live() -> ResponseReturnValue:
    """The first page of a participant again, 304 until something changes; empty for anybody else."""
    principal = current_principal()
    takes_part = principal.person_id is not None and principal.role == CourseRole.LEARNER
    return (page() if takes_part else None) or Response(status=204)


def _thanks_form(mine: Journey, pair: PairView | None) -> Form | None:
    """The form of thanks to the partner; None before completion, and where they cannot be sent any more."""
    if pair is None or not pair.can_meet or not mine.progress.completed:
        return None
    return blank_form(ThanksForm(), id="thanks", action=launch_url_for("feedback.give_thanks", pair=pair.id))


def _shown_pairs(
    db: Session, participant: ParticipantRecord, open_pairs: Sequence[PairRecord], wanted: uuid.UUID | None
) -> Sequence[PairRecord]:
    """Those that go on; where there is none, the one that ended last; and one that was asked for though it is over."""
    if wanted is not None and wanted not in {pair.id for pair in open_pairs}:
        over = pair_of_member(db, wanted, participant.id)
        return [*open_pairs, over] if over is not None else open_pairs
    if open_pairs:
        return open_pairs
    latest = latest_ended_pair(db, participant.id)
    return [latest] if latest is not None else []


def _completes(db: Session, mine: Journey, pair: PairView) -> bool:
    """Whether confirming the meeting that waits completes the programme for who looks."""
    rule = rule_of(rule_of_cohort(db, mine.cohort_id))
    return completes_with(rule, mine, pair, pair.sessions_to_confirm[0])


def _count_waiting(db: Session, cohort_id: uuid.UUID) -> int:
    """How many people of a cohort have joined, and are in no pair that goes on."""
    either = sa.or_(Pair.mentor_id == Participant.id, Pair.mentee_id == Participant.id)
    paired = sa.exists().where(either, Pair.status.not_in(ENDED_STATUSES))
    waiting = sa.select(sa.func.count(Participant.id)).where(
        Participant.cohort_id == cohort_id,
        Participant.status == ParticipantStatus.ONBOARDED,
        sa.not_(paired),
    )
    return db.scalar(waiting) or 0


def _grade(db: Session, participant: ParticipantRecord) -> Grade | None:
    """Where their grade in this activity is; None where it has no line item, or where nothing was recorded."""
    launch = g.launch
    url = launch.resource_link.line_item_url
    if url is None:
        return None
    return grade_of(db, launch.registration.id, url, participant.person_id)


_COUNTED: Final = (ThanksGiven, ThanksSeen, ReflectionWritten)
"""Kinds of events by which the page knows, without another query, whether there is something to read."""


def _etag(
    state: PairsState,
    participant: ParticipantRecord,
    grade: Grade | None,
    around: object,
    activity: Activity,
    now: dt.datetime,
) -> str:
    """Changes with every event of the participant and of their pairs, each day, and with what else the page shows.

    ``around``: what was read of the people around the participant, whose text changes with it.
    """
    graded = state_of([grade] if grade is not None else [])
    # What people say of themselves is no event, nor what a launch or a roster says of them: their names, and that they
    # have left or are back. Today is drawn. The latest step can be undone for a while.
    latest = max(filter(None, (state.latest, participant.joined_at)))
    seed = (
        f"{participant.id} {state} {participant.name} {around} {graded} {current_language()} "
        f"{reader_today()} {reader_zone()} {now - latest <= UNDO_WITHIN} "
        f"{activity.settings_id} {activity.starts_on} {activity.ends_on}"
    )
    return hashlib.sha256(seed.encode()).hexdigest()[:20]


def _tagged(response: Response, etag: str) -> Response:
    response.set_etag(etag)
    return response


def _still_to_begin(activity: Activity, now: dt.datetime) -> dt.date | None:
    """The day on which the group begins; None from that day on."""
    return activity.starts_on if activity.starts_on > now.date() else None


def _activity_for_role(placement: PlacementRecord, role: str) -> str | None:
    """The title of the course's activity in which people of this role take part in the same programme."""
    with reading() as db:
        links = [
            other.resource_link_id
            for other in placements_of_cohorts(db, [placement.cohort_id])
            if other.course_id == placement.course_id and other.role_view.covers(role)
        ]
        titles = db.scalars(sa.select(ResourceLink.title).where(ResourceLink.id.in_(links))).all()
    return next((title for title in titles if title), None)


def _welcome(form: Form, activity: Activity) -> ResponseReturnValue:
    launch, placement = g.launch, activity.placement
    role_view = placement.role_view
    participant = activity.participant
    invited_role = participant.role if participant is not None and participant.invited else None
    is_for_one = role_view is not RoleView.BOTH
    with reading() as db:
        tutor = tutor_of_cohort(db, placement.cohort_id)
        asked = criteria_of(rule_of(rule_of_cohort(db, placement.cohort_id)))
    html = render_template(
        "learner/welcome.html",
        form=form,
        tutor=tutor,
        who_sees=who_sees(wording.tutors(tutor)),
        meetings=next((each["target"] for each in asked if each["type"] == "sessions"), None),
        begins_on=_still_to_begin(activity, utcnow()),
        ends_on=activity.ends_on,
        done=flash_message(),
        given_name=launch.person.given_name,
        course_title=launch.course.title,
        roles=sorted(
            (role for role in ("mentee", "mentor") if role_view.covers(role)),
            key=lambda role: role != invited_role,
        ),
        invited_role=invited_role if invited_role and role_view.covers(invited_role) else None,
        only_role=role_view if is_for_one else None,
        other_activity=_activity_for_role(placement, role_view.other) if is_for_one else None,
    )
    return html, form.status


@blueprint.get("/join")
@allows(Action.CHOOSE_ROLE, about=cohort_of_launch)
def ask_role() -> ResponseReturnValue:
    """The choice of a role, for whoever has another first page: an owner, or somebody of human resources."""
    return _choice(as_well=False)


@blueprint.get("/join/as-well")
@allows(Action.CHOOSE_ROLE, about=cohort_of_launch)
def ask_role_as_well() -> ResponseReturnValue:
    """The choice of a role, for whoever belongs to another group of the course and takes part in this one as well."""
    return _choice(as_well=True)


def _choice(*, as_well: bool) -> ResponseReturnValue:
    activity = current_activity()
    if not is_open() or (activity is not None and activity.participant is not None):
        return ShortRedirect(launch_url_for("home.home"), 302)
    return page(as_well=as_well) or abort(404)


@blueprint.post("/join")
@allows(Action.CHOOSE_ROLE, about=cohort_of_launch)
def join() -> ResponseReturnValue:
    """“I want to learn” or “I can teach”: the person's consent to take part."""
    activity = current_activity()
    if activity is None:
        raise NotAllowed("cohort_closed")
    placement = activity.placement
    person_id = current_principal().person_id or abort(403)

    def save(db: Session, values: Values) -> None:
        _require_covered(placement, values["role"])
        moved.require_not_moved(db, placement.cohort_id, person_id)
        now = utcnow()
        joined = actions.join(
            db, cohort_id=placement.cohort_id, person_id=person_id, role=values["role"], now=now
        )
        save_answers(db, participant_id=joined.id, brings=values["brings"], wants=values["wants"], now=now)

    return sent_form(JoinForm(), id="join").submit(
        save,
        then=launch_url_for("home.home"),
        done="joined",
        show=lambda form: _welcome(form, activity),
    )


@blueprint.post("/role")
@allows(Action.CHANGE_ROLE, about=participant_of_request)
def change_role() -> ResponseReturnValue:
    """The other role, as long as there is no partner."""
    placement = current_placement()

    def save(db: Session, values: Values) -> None:
        participant = current_participant() or abort(404)
        if placement is not None:
            _require_covered(placement, values["role"])
        actions.change_role(db, participant_id=participant.id, role=values["role"], now=utcnow())

    return sent_form(ChooseRoleForm()).submit(save, then=launch_url_for("home.home"), done="role_changed")


def _require_covered(placement: PlacementRecord, role: str) -> None:
    if not placement.role_view.covers(role):
        raise NotAllowed("role_not_here")
