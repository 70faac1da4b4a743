"""Pairing people: who waits, who can take somebody on, and putting two of them together.

Without ``?partner_for=`` the tutor first chooses for whom; with it, the page shows that person, and everybody of the
other role: who is free, who is not and why not, and who has not come yet.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from flask import Blueprint, abort, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.enrolment import actions as enrolment
from lti_tool.mentoring.enrolment.common_ground import CommonGround
from lti_tool.mentoring.enrolment.queries import INVITED, participant_of_person
from lti_tool.mentoring.guards import NotAllowed
from lti_tool.mentoring.overview.cohort import CohortOverview, Newcomer, PairLine, ParticipantLine
from lti_tool.mentoring.overview.queries import learner_in_cohorts_courses, overview_of
from lti_tool.mentoring.pairs.actions import form_pair
from lti_tool.mentoring.programmes.queries import lock_cohort
from lti_tool.mentoring.roles import Role
from lti_tool.translation import gettext as _
from lti_tool.translation.collation import folded
from lti_tool.web import wording
from lti_tool.web.access import allows, cohort_of_launch
from lti_tool.web.activity import current_placement
from lti_tool.web.forms.bound import Form, Values, blank_form, sent_form
from lti_tool.web.forms.flash import flash_message
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.services import reading
from lti_tool.web.tutor import pair_wording
from lti_tool.web.tutor.elsewhere import paired_elsewhere
from lti_tool.web.tutor.known_details import UNKNOWN, Known, Reason, ground_of, known_details, reasons
from schemas.display import read_cohort_query, read_query
from schemas.tutor_forms import PairForm

UNFOLDED: Final = 8
"""How many candidates are shown at once, those who have most in common; the others are folded away."""
SHOWN: Final = 50
"""How many people a list of the page shows; the search finds the others."""

blueprint = Blueprint("pairing", __name__, url_prefix="/l/<launch_key>/cohort")


@dataclass(frozen=True)
class Candidate:
    """Somebody who could be the partner."""

    person: ParticipantLine | Newcomer
    pairs: tuple[PairLine, ...] = ()
    """Those that they are in already."""
    why_not: str = ""
    """Why they cannot take anybody on now; empty where they can."""
    ground: CommonGround | None = None
    """What they have in common with the person for whom a partner is chosen; None for whoever is not free."""
    reasons: Sequence[Reason] = ()
    """The same in words."""

    @property
    def name(self) -> str:
        """What they are called."""
        return wording.person(self.person.card) if self.person.card.role else self.person.card.name or ""


@dataclass(frozen=True)
class Candidates:
    """Everybody for the place beside one person."""

    person: ParticipantLine
    role: Role
    """Of the partner who is looked for."""
    free: Sequence[Candidate]
    taken: Sequence[Candidate]
    newcomers: Sequence[Newcomer]
    of_other_groups: Sequence[Newcomer]
    """Who belongs to another group of the course, and can be invited to this one as well."""
    of_role: int
    """How many there are of the role, free or not."""
    count_free: int
    """How many of these are free, whatever is searched for."""

    @property
    def compares(self) -> bool:
        """Whether anything is known by which those who are free are put in order."""
        return any(each.reasons for each in self.free)


@blueprint.get("/pairing")
@allows(Action.VIEW_COHORT, about=cohort_of_launch)
def show() -> ResponseReturnValue:
    """Whom to pair."""
    return page()


def page(form: Form | None = None) -> ResponseReturnValue:
    """The page; with ``form``, the form as it was sent, and what is wrong with it."""
    placement = current_placement() or abort(404)
    query = read_query(request.args.to_dict())
    wanted = query["partner_for"]
    search = read_cohort_query(request.args.to_dict())["q"]
    with reading() as db:
        overview = overview_of(db, placement.cohort_id)
        found = next((line for line in overview.participants if line.person_id == wanted and line.free), None)
        if wanted is None and query["paired"] is not None:
            found = _next(overview)
            if found is None:
                return redirect(launch_url_for("home.home", done=query["done"]))
        candidates = candidates_for(overview, found, search) if found is not None else None
        known = known_details(db, placement.cohort_id, _shown_ids(overview, candidates))
        elsewhere = paired_elsewhere(db, placement.cohort_id)
    candidates = in_order(candidates, known) if candidates is not None else None
    about = {"partner_for": found.person_id} if found is not None else {}
    action = launch_url_for("pairing.pair", **about)
    shown = {
        "overview": overview,
        "search": search,
        "candidates": candidates,
        "known": known,
        "form": form,
        "pair_form": form or blank_form(PairForm(), {}, id="pair-form", action=action),
        "waiting": _waiting(overview),
        "days_of_waiting": {line.joined_at.date() for line in overview.waiting_for_a_pair if line.joined_at},
        "elsewhere": elsewhere,
        "limit": SHOWN,
        "best": UNFOLDED,
        "today": utcnow().date(),
        "course_title": g.launch.course.title,
        "pair_words": pair_wording,
        "done": _done(overview, query["paired"]),
    }
    return render_template("tutor/pairing.html", **shown), form.status if form is not None else 200


def _shown_ids(overview: CohortOverview, candidates: Candidates | None) -> list[uuid.UUID]:
    """The participants of whom the page says what is known."""
    if candidates is None:
        lines = (*overview.free_mentors, *overview.free_mentees, *overview.waiting_for_a_pair)
        return list({line.id for line in lines})
    free = [each.person for each in candidates.free if isinstance(each.person, ParticipantLine)]
    return [candidates.person.id, *(line.id for line in free)]


def in_order(candidates: Candidates, known: Mapping[uuid.UUID, Known]) -> Candidates:
    """The same, those who are free in the order of what they have in common with the person, and why.

    Who has nobody still comes before who has somebody already; people who are alike keep their order.
    """
    person = candidates.person
    about = known.get(person.id, UNKNOWN)

    def compared(candidate: Candidate) -> Candidate:
        line = candidate.person
        theirs = known.get(line.id, UNKNOWN) if isinstance(line, ParticipantLine) else UNKNOWN
        ground = ground_of(person.card.role, about, theirs)
        named = {
            Role(person.card.role): (wording.first_name_to_others(person.card), about),
            candidates.role: (wording.first_name_to_others(line.card), theirs),
        }
        why = reasons(ground, mentor=named[Role.MENTOR], mentee=named[Role.MENTEE])
        return replace(candidate, ground=ground, reasons=why)

    def place(candidate: Candidate) -> tuple[int, tuple[int, int, int]]:
        return len(candidate.pairs), candidate.ground.rank if candidate.ground is not None else (0, 0, 0)

    return replace(candidates, free=sorted(map(compared, candidates.free), key=place))


def candidates_for(overview: CohortOverview, person: ParticipantLine, search: str = "") -> Candidates:
    """Everybody of the other role, those who are free first; within that in the order of the alphabet."""
    role, wanted = Role(person.card.role).other, folded(search)
    everybody = [
        line
        for line in overview.participants
        if line.card.role == role and not line.has_left and line.taken_out_at is None
    ]
    found = [line for line in everybody if not wanted or wanted in folded(line.card.name or "")]
    pairs: dict[uuid.UUID, list[PairLine]] = defaultdict(list)
    for pair in overview.pairs:
        if not pair.is_broken:
            for member in pair.both:
                pairs[member.id].append(pair)
    candidates = [_candidate(person, line, tuple(pairs[line.id])) for line in found]
    free = [each for each in candidates if not each.why_not]
    return Candidates(
        person,
        role,
        # Who has nobody comes before who has somebody already.
        sorted(free, key=lambda each: len(each.pairs)),
        [each for each in candidates if each.why_not],
        _named(overview.newcomers, wanted),
        _named(overview.of_other_groups, wanted),
        len(everybody),
        sum(not _why_not(person, line, tuple(pairs[line.id])) for line in everybody),
    )


def _named(people: Sequence[Newcomer], wanted: str) -> list[Newcomer]:
    return [each for each in people if not wanted or wanted in folded(each.name or "")]


def _candidate(person: ParticipantLine, line: ParticipantLine, pairs: tuple[PairLine, ...]) -> Candidate:
    return Candidate(line, pairs, _why_not(person, line, pairs))


def _why_not(person: ParticipantLine, line: ParticipantLine, pairs: Sequence[PairLine]) -> str:
    if any(person.id == pair.partner_of(line.id).id for pair in pairs):
        return _("These two are a pair already")
    if line.free:
        return ""
    if line.progress.completed:
        return _("Has completed the programme")
    if line.refused_at is not None:
        return _("Has said no to the invitation")
    if not pairs:
        return _("Is not taking part at the moment")
    partner = pairs[0].partner_of(line.id)
    if pairs[0].status == "proposed":
        return _("A reply about %(name)s is awaited", name=wording.person(partner.card))
    return _("Already with %(name)s", name=wording.person(partner.card))


@blueprint.post("/pairs")
@allows(Action.PAIR_PEOPLE, about=cohort_of_launch)
def pair() -> ResponseReturnValue:
    """Pair two people. Whoever has no role yet is invited with the one they get here."""
    placement = current_placement() or abort(404)
    cohort_id = placement.cohort_id

    def save(db: Session, values: Values) -> None:
        # Before anybody is invited: two tutors who pair the same people would wait for each other.
        lock_cohort(db, cohort_id)
        mentor_id, mentee_id = (
            _enrolled(db, cohort_id, values[f"{role}_id"], role) for role in (Role.MENTOR, Role.MENTEE)
        )
        form_pair(db, cohort_id=cohort_id, mentor_id=mentor_id, mentee_id=mentee_id, now=utcnow())

    form = sent_form(PairForm(), id="pair-form")
    then = launch_url_for("home.home")
    if cohort_of_launch().teaches:
        then = launch_url_for("pairing.show", paired=request.form.get("mentee_id", "")[:36])
    # The page says how often people have met, which an owner who may pair them need not be allowed to see.
    show = page if cohort_of_launch().teaches else None
    return form.submit(save, then=then, done="paired", show=show)


def _waiting(overview: CohortOverview) -> list[ParticipantLine]:
    """Who waits for a partner, the longest first; whoever has not answered their invitation comes last."""
    now = utcnow()
    return sorted(
        overview.waiting_for_a_pair, key=lambda line: (line.status == INVITED, line.joined_at or now)
    )


def _next(overview: CohortOverview) -> ParticipantLine | None:
    """Who waits longest for a partner, of those for whom there is anybody to choose; None where there is nobody."""
    for line in _waiting(overview):
        if overview.free_mentors if line.card.role == Role.MENTEE else overview.free_mentees:
            return line
    return None


def _done(overview: CohortOverview, paired: object) -> str | None:
    """What was just done: that a pair is proposed, by name. ``paired``: the person who learns in it."""
    said = flash_message()
    made = [pair for pair in overview.pairs if pair.mentee.person_id == paired]
    if said is None or not made:
        return said
    latest = max(made, key=lambda pair: pair.created_at)
    return _(
        "Proposed: %(mentee)s and %(mentor)s. Each will be asked to accept.",
        mentee=wording.person(latest.mentee.card),
        mentor=wording.person(latest.mentor.card),
    )


def _enrolled(db: Session, cohort_id: uuid.UUID, person_id: uuid.UUID, role: Role) -> uuid.UUID:
    """The enrolment of a person of the cohort's courses, who is invited in ``role`` where they have none yet."""
    found = participant_of_person(db, cohort_id, person_id)
    if found is not None:
        return found.id
    if learner_in_cohorts_courses(db, cohort_id, person_id) is None:
        raise NotAllowed("not_a_learner")
    return enrolment.invite(db, cohort_id=cohort_id, person_id=person_id, role=role, now=utcnow()).id
