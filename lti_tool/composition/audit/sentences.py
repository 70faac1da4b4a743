"""A sentence for each entry of the audit, in the present language, with names as they are now.

A new kind of event is one line of :data:`SENTENCES`. A sentence may name ``%(actor)s``, ``%(about)s`` (the participant,
or both of the pair), ``%(person)s`` and ``%(course)s`` where the event has a ``person_id`` or a ``course_id``, the
number of the ``%(other_group)s`` where it names another cohort, and any other field of the event by its name. A
sentence that depends on what the event says has its own line, under the name that :func:`_variant` gives.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from babel.numbers import format_decimal
from sqlalchemy.orm import Session

from lti_tool.composition.audit.entries import AuditLine
from lti_tool.events import log
from lti_tool.events.base import ActedBy
from lti_tool.events.models import EventRow
from lti_tool.identity.models import Course, Person, display_name
from lti_tool.identity.principal import PrincipalKind
from lti_tool.mentoring.enrolment.events import PeopleAdded
from lti_tool.mentoring.enrolment.queries import ParticipantRecord, participants
from lti_tool.mentoring.pairs.queries import pairs
from lti_tool.mentoring.programmes.queries import cohort_numbers
from lti_tool.mentoring.programmes.right_models import HrLink
from lti_tool.translation import Message, current_language, plural_message
from lti_tool.translation import gettext as _
from schemas.problem import N_

SENTENCES: Final[Mapping[str, str]] = {
    # the programme
    "CohortStarted": N_("%(actor)s started the programme"),
    "CohortDrafted": N_("%(actor)s began to set up a group"),
    "SettingsChanged": N_("%(actor)s changed the settings"),
    "SettingsChanged of goal": N_("%(actor)s changed the name or the goal of the programme"),
    "SettingsChanged of goal, title": N_("%(actor)s changed the name of the programme"),
    "SettingsChanged of goal, goal": N_("%(actor)s changed the goal of the programme"),
    "SettingsChanged of budget": N_("%(actor)s changed the budget"),
    "SettingsChanged of roles": N_("%(actor)s changed the names of the roles"),
    "SettingsChanged of skills": N_("%(actor)s changed the skills"),
    "SettingsChanged of objectives": N_("%(actor)s changed the objectives to choose from"),
    "SettingsChanged of formats": N_("%(actor)s changed the formats"),
    "SettingsChanged of rhythm": N_("%(actor)s changed the rhythm"),
    "SettingsChanged of kpis": N_("%(actor)s changed the measures"),
    "SettingsChanged of questionnaires": N_("%(actor)s changed the questionnaires"),
    "SettingsChanged of dates": N_("%(actor)s changed the dates"),
    "SettingsChanged of visibility": N_("%(actor)s changed who may see and change what"),
    "RuleApplied": N_("%(actor)s put version %(number)s of the completion rule in force"),
    "PlacementOpened": N_("%(actor)s opened an activity in %(course)s"),
    "ActivityChosen": N_("%(actor)s chose what an activity in %(course)s opens"),
    "OwnerNamed": N_("%(actor)s made %(person)s an owner of the programme"),
    "OwnerNamed of oneself": N_("%(actor)s became an owner of the programme"),
    "OwnershipEnded": N_("%(actor)s gave up owning the programme"),
    "ProgrammeShared": N_("%(actor)s let the teachers of %(course)s use the programme"),
    "ProgrammeShared with everybody": N_("%(actor)s let every teacher of the company use the programme"),
    "ProgrammeShareEnded": N_("%(actor)s no longer lets the teachers of %(course)s use the programme"),
    "ProgrammeShareEnded with everybody": N_(
        "%(actor)s no longer lets every teacher of the company use the programme"
    ),
    "HrLinkMade": N_("%(actor)s made a link for human resources"),
    "HrLinkMade for somebody": N_("%(actor)s created a human resources link for %(whom)s"),
    "HrLinkWithdrawn": N_("%(actor)s withdrew a link for human resources"),
    "HrLinkWithdrawn for somebody": N_("%(actor)s withdrew the link for human resources made for %(whom)s"),
    "HrReadingGranted": N_("%(actor)s was given read-only access to the programme for human resources"),
    "HrReadingEnded": N_("%(actor)s ended %(person)s’s human resources access to the programme"),
    "PilotScaled": N_("%(actor)s made a full-scale group from this pilot"),
    "FullScaleTakenBack": N_(
        "%(actor)s deleted the full-scale group %(other_group)s, which had no activity yet"
    ),
    "TemplateAdded": N_("%(actor)s added a programme template for the company"),
    "TemplateChanged": N_("%(actor)s made version %(number)s of a programme template of the company"),
    # people
    "ParticipantInvited": N_("%(actor)s invited %(about)s"),
    "InvitationTakenBack": N_("%(actor)s took back the invitation of %(about)s"),
    "ParticipantTakenOut": N_("%(actor)s took %(about)s out of the programme"),
    "ParticipantTakenBackIn": N_("%(actor)s took %(about)s back into the programme"),
    "PersonPutAside": N_("%(actor)s noted that %(person)s will not take part"),
    "PersonTakenBack": N_("%(actor)s let %(person)s take part after all"),
    "PeopleAdded": N_("%(actor)s added %(rows)s people from a list"),
    "PeopleAdded of one": N_("%(actor)s added one person from a list"),
    "PeopleAdded in part, one": N_("%(actor)s added the first person of a list of %(rows)s"),
    "PeopleAdded in part": N_("%(actor)s added the first %(added)s people of a list of %(rows)s"),
    "PairProposed": N_("%(actor)s proposed the pair %(about)s"),
    "TutorReminded": N_("%(actor)s reminded %(about)s of what waits"),
    "PairPaused": N_("%(actor)s paused the pair of %(about)s"),
    "PairResumed": N_("%(actor)s resumed the pair of %(about)s"),
    "PairEnded": N_("%(actor)s ended the pair of %(about)s"),
    "PairClosed": N_("%(actor)s ended the pair of %(about)s, because its time had run out"),
    "PairMovedOut": N_("%(actor)s moved %(about)s to group %(other_group)s"),
    "PairMovedIn": N_("%(actor)s moved %(about)s here from group %(other_group)s"),
    "TutorValidated": N_("%(actor)s approved the journey of %(about)s"),
    "ApprovalTakenBack": N_("%(actor)s took back the approval of %(about)s"),
    "CompletionReopened": N_("%(actor)s reopened the journey of %(about)s"),
    # steps of participants
    "ProgrammeJoined": N_("%(name)s chose a role"),
    "InvitationRefused": N_("%(name)s said that they do not take part"),
    "JoiningUndone": N_("%(name)s took the choice of a role back"),
    "RoleChanged": N_("%(name)s chose the other role"),
    "PairAccepted": N_("%(name)s accepted the proposal"),
    "PairAcceptanceUndone": N_("%(name)s withdrew their acceptance"),
    "PairDeclined": N_("%(name)s said “not this time”"),
    "PairDeclineUndone": N_("%(name)s withdrew “not this time”"),
    "AgreementSigned": N_("%(name)s signed the agreement"),
    "PartnerReminded": N_("%(name)s sent a reminder"),
    "SessionLogged": N_("%(name)s logged a meeting"),
    "SessionConfirmed": N_("%(name)s confirmed a meeting"),
    "SessionDisputed": N_("%(name)s disputed a meeting"),
    "SessionCorrected": N_("%(name)s corrected a meeting"),
    "SessionAnswerUndone": N_("%(name)s withdrew an answer about a meeting"),
    "SessionWithdrawn": N_("%(name)s removed a meeting"),
    "ObjectiveProposed": N_("%(name)s proposed an objective"),
    "ObjectiveEdited": N_("%(name)s proposed a change to an objective"),
    "ObjectiveAgreed": N_("%(name)s agreed to an objective"),
    "ObjectivesWorkedOn": N_("%(name)s said which objectives a meeting was about"),
    "ObjectiveClaimed": N_("%(name)s reached an objective, to be confirmed"),
    "ObjectiveStepUndone": N_("%(name)s undid a step with an objective"),
    "ObjectiveReached": N_("%(name)s confirmed an objective"),
    "ObjectiveWithdrawn": N_("%(name)s removed an objective"),
    "ObjectiveDeclined": N_("%(name)s turned down a proposed objective"),
    "ObjectiveClaimDisputed": N_("%(name)s said that an objective is not reached yet"),
    "ObjectiveRefusalRead": N_("%(name)s read an answer about an objective"),
    "ReflectionWritten": N_("%(name)s wrote a note"),
    "ReflectionShared": N_("%(name)s shared a note with the partner"),
    "ReflectionRemoved": N_("%(name)s deleted a note"),
    "FeedbackGiven": N_("%(name)s gave feedback about a meeting"),
    "ThanksGiven": N_("%(name)s thanked the partner"),
    "ThanksSeen": N_("%(name)s read the partner’s thanks"),
    # administration
    "OrganisationAdded": N_("%(actor)s added a company"),
    "OrganisationsMerged": N_("%(actor)s merged another company into this one"),
    "PlatformConnected": N_("%(actor)s connected a learning platform"),
    "DeploymentApproved": N_("%(actor)s approved a deployment of a learning platform"),
    "DeploymentWithdrawn": N_("%(actor)s withdrew the approval of a deployment of a learning platform"),
    "ServiceHostAllowed": N_("%(actor)s allowed one more host for the access tokens of a learning platform"),
    "FrameOriginAllowed": N_("%(actor)s allowed one more site to show the tool in a frame"),
    "ActorAccountChosen": N_("%(actor)s chose the accounts of people in statements: %(actor_account)s"),
    "RecordStoreSet": N_("%(actor)s added the record store %(store_name)s"),
    "RecordStoreChanged": N_("%(actor)s changed the record store %(store_name)s"),
    "RecordStoreRemoved": N_("%(actor)s removed the record store %(store_name)s"),
}
"""What was done, by the name of the event."""

_OF_SEVERAL: Final[Mapping[str, Message]] = {
    "ParticipantInvited": plural_message(
        "%(actor)s invited %(num)s person", "%(actor)s invited %(num)s people", 0
    ),
    "PersonPutAside": plural_message(
        "%(actor)s noted that %(num)s person will not take part",
        "%(actor)s noted that %(num)s people will not take part",
        0,
    ),
    "PairProposed": plural_message("%(actor)s proposed %(num)s pair", "%(actor)s proposed %(num)s pairs", 0),
    "PairEnded": plural_message("%(actor)s ended %(num)s pair", "%(actor)s ended %(num)s pairs", 0),
    "PairClosed": plural_message(
        "%(actor)s ended %(num)s pair, because its time had run out",
        "%(actor)s ended %(num)s pairs, because their time had run out",
        0,
    ),
    "TutorReminded": plural_message("%(actor)s left %(num)s reminder", "%(actor)s left %(num)s reminders", 0),
    "TutorValidated": plural_message(
        "%(actor)s approved %(num)s journey", "%(actor)s approved %(num)s journeys", 0
    ),
}
"""What was done several times, by the name of the event. Each of the others has a line of its own.

The number is that of the entries: :func:`sentence_of_several`.
"""

_UNKNOWN: Final = N_("%(actor)s did something that this version of the tool cannot describe")


@dataclass(frozen=True)
class Names:
    """The names that the sentences of some entries need, as they are now."""

    people: Mapping[uuid.UUID, str | None] = field(default_factory=dict)
    """By the ids of persons; None where the platform shares no name."""
    courses: Mapping[uuid.UUID, str | None] = field(default_factory=dict)
    groups: Mapping[uuid.UUID, int] = field(default_factory=dict)
    """The numbers of cohorts, by id."""
    about: Mapping[uuid.UUID, Sequence[ParticipantRecord]] = field(default_factory=dict)
    """Whom an entry is about, by the id of the entry: its participant, or the mentor and the mentee of its pair."""
    links: Mapping[uuid.UUID, str] = field(default_factory=dict)
    """For whom links for human resources were made, by id; without those of which nobody said."""
    added: Mapping[uuid.UUID, int] = field(default_factory=dict)
    """How many people of lists were added so far, by the id of the list."""

    def actor(self, acted_by: ActedBy) -> str:
        """What a sentence calls whoever acted."""
        match acted_by.kind:
            case PrincipalKind.PERSON:
                return self.person(acted_by.id)
            case PrincipalKind.OPERATOR:
                return _("The technical team")
            case PrincipalKind.NOT_RECORDED:
                return _("Somebody (not recorded)")
        return _("The tool")

    def person(self, person_id: uuid.UUID | None) -> str:
        """What a sentence calls a person."""
        return (self.people.get(person_id) if person_id else None) or _("Somebody without a name")

    def course(self, course_id: uuid.UUID | None) -> str:
        """What a sentence calls a course."""
        title = self.courses.get(course_id) if course_id else None
        return _("“%(course)s”", course=title) if title else _("a course")

    def group(self, cohort_id: uuid.UUID | None) -> str:
        """The number of a cohort."""
        return str(self.groups.get(cohort_id, "?")) if cohort_id else "?"

    def added_of(self, line: AuditLine) -> int:
        """How many people of the list of an entry were added; 0 for an entry about no list."""
        if not isinstance(line.event, PeopleAdded):
            return 0
        return self.added.get(line.event.import_id, 0) if line.event.import_id else line.event.people

    def link(self, link_id: uuid.UUID | None) -> str:
        """For whom a link was made; empty where nobody said."""
        return self.links.get(link_id, "") if link_id else ""


def names_of(db: Session, lines: Sequence[AuditLine]) -> Names:
    """Read the names of everybody and everything that some entries mention, in a fixed number of statements."""
    found_pairs = pairs(db, {line.pair_id for line in lines if line.pair_id is not None})
    ids = {member for pair in found_pairs.values() for member in pair.members}
    ids |= {line.participant_id for line in lines if line.participant_id is not None}
    records = participants(db, ids)
    about: dict[uuid.UUID, Sequence[ParticipantRecord]] = {}
    for line in lines:
        if line.participant_id in records:
            about[line.id] = [records[line.participant_id]]
        elif line.pair_id in found_pairs:
            about[line.id] = [records[member] for member in found_pairs[line.pair_id].members]
    person_ids = {line.acted_by.id for line in lines} | {_field(line, "person_id") for line in lines}
    course_ids = {_field(line, "course_id") for line in lines}
    courses = db.execute(sa.select(Course.id, Course.title).where(Course.id.in_(course_ids - {None})))
    groups = cohort_numbers(db, {other for line in lines if (other := _other_group(line)) is not None})
    links = _made_for(db, {link_id for line in lines if (link_id := _field(line, "link_id")) is not None})
    added = _added(db, [line for line in lines if isinstance(line.event, PeopleAdded)])
    return Names(people_names(db, person_ids), dict(courses.all()), groups, about, links, added)


def people_names(db: Session, person_ids: Collection[uuid.UUID | None]) -> dict[uuid.UUID, str | None]:
    """The names of people, as they are now."""
    wanted = [person_id for person_id in person_ids if person_id is not None]
    people = db.scalars(sa.select(Person).where(Person.id.in_(wanted)))
    return {person.id: display_name(person) for person in people}


def _added(db: Session, lines: Sequence[AuditLine]) -> dict[uuid.UUID, int]:
    """How many people of the lists of these entries were added, in all of their blocks."""
    wanted = {_field(line, "import_id") for line in lines} - {None}
    if not wanted:
        return {}
    rows = db.scalars(
        sa.select(EventRow).where(
            EventRow.kind == PeopleAdded.__name__, EventRow.cohort_id.in_({line.cohort_id for line in lines})
        )
    )
    found: Counter[uuid.UUID] = Counter()
    for row in rows:
        event = log.from_row(row).event
        if isinstance(event, PeopleAdded) and event.import_id is not None and event.import_id in wanted:
            found[event.import_id] += event.people
    return found


def _made_for(db: Session, link_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """For whom these links were made, as far as it was asked."""
    if not link_ids:
        return {}
    links = sa.select(HrLink.id, HrLink.made_for).where(HrLink.id.in_(link_ids))
    return {link_id: whom for link_id, whom in db.execute(links) if whom}


def _field(line: AuditLine, name: str) -> uuid.UUID | None:
    value = getattr(line.event, name, None)
    return value if isinstance(value, uuid.UUID) else None


def _other_group(line: AuditLine) -> uuid.UUID | None:
    """The cohort to which a pair moved, or from which it came; of a pilot, the full-scale one."""
    return _field(line, "to_cohort_id") or _field(line, "from_cohort_id") or _field(line, "scale_id")


def _added_variant(added: int, rows: int) -> str:
    if added < rows:
        return "PeopleAdded in part, one" if added == 1 else "PeopleAdded in part"
    return "PeopleAdded of one" if rows == 1 else "PeopleAdded"


def _variant(line: AuditLine, names: Names, part: str) -> str:
    """The key of the sentence of an entry."""
    match line.kind:
        case "PeopleAdded":
            return _added_variant(names.added_of(line), getattr(line.event, "rows", 0))
        case "HrLinkMade" | "HrLinkWithdrawn" if _field(line, "link_id") in names.links:
            return f"{line.kind} for somebody"
        case "OwnerNamed" if _field(line, "person_id") == line.acted_by.id:
            return "OwnerNamed of oneself"
        case "ProgrammeShared" | "ProgrammeShareEnded" if _field(line, "course_id") is None:
            return f"{line.kind} with everybody"
        case "SettingsChanged":
            of_section = f"SettingsChanged of {getattr(line.event, 'section', '')}"
            return next((key for key in (f"{of_section}, {part}", of_section) if key in SENTENCES), line.kind)
    return line.kind


def sentence_of(line: AuditLine, names: Names, mark: Callable[[str], str] = str, part: str = "") -> str:
    """Who did what, in the present language. ``mark``: what is done with each name, such as setting it in bold.

    ``part``: the only thing of its section that a change of the settings is about, by its code, where that is known.
    Where ``mark`` returns markup, the whole is markup whose names are escaped.
    """
    fields: dict[str, Any] = {}
    if line.event is not None:
        fields = {
            each.name: _written(getattr(line.event, each.name)) for each in dataclasses.fields(line.event)
        }
    actor = mark(names.actor(line.acted_by))
    values = fields | {
        "actor": actor,
        "name": actor,
        "about": _joined(names.about.get(line.id, ()), mark),
        "person": mark(names.person(_field(line, "person_id"))),
        "course": mark(names.course(_field(line, "course_id"))),
        "other_group": names.group(_other_group(line)),
        "added": _written(names.added_of(line)),
        "whom": mark(names.link(_field(line, "link_id"))),
    }
    text = _(SENTENCES.get(_variant(line, names, part), _UNKNOWN) if line.event is not None else _UNKNOWN)
    return type(actor)(text) % values


def _written(value: Any) -> Any:
    """A number as the language groups its digits; anything else as it is."""
    return format_decimal(value, locale=current_language()) if type(value) is int else value


def _joined(about: Sequence[ParticipantRecord], mark: Callable[[str], str]) -> str:
    called = [mark(each.name or _("Somebody without a name")) for each in about]
    if len(called) != 2:
        return called[0] if called else mark("")
    mentor, mentee = called
    return type(mentor)(_("%(mentee)s and %(mentor)s")) % {"mentee": mentee, "mentor": mentor}


def sentence_of_several(line: AuditLine, count: int, names: Names, mark: Callable[[str], str] = str) -> str:
    """Who did so many of the same, without about whom; empty where that cannot be said. See :func:`sentence_of`."""
    of_several = _OF_SEVERAL.get(line.kind)
    if of_several is None:
        return ""
    actor = mark(names.actor(line.acted_by))
    text = dataclasses.replace(of_several, number=count, params={"actor": "%(actor)s"}).text
    return type(actor)(text) % {"actor": actor}
