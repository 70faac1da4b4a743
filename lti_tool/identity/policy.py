"""The authorisation policy: the table of allowed actions, and the function that evaluates it.

Every page, command and job names its :class:`Action` and asks :func:`decide`. The table is about values alone: a
:class:`~lti_tool.identity.principal.Principal` (who asks) and a :class:`Relation` (how they stand to what is asked
about); whoever asks reads both from the database.

An own cohort is one with an activity in a course where the person's latest launch was as a teacher.
"""

from __future__ import annotations

import enum
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from lti_tool.identity.principal import CourseRole, Principal, PrincipalKind


class Capacity(enum.StrEnum):
    """The capacity in which a principal requests an action. One person may have several."""

    ANYONE = "anyone"
    LAUNCHED = "launched"
    """By a launch, named or not, and still in the course."""
    NAMED = "named"
    """By a launch that named a person, and still in the course."""
    NAMELESS = "nameless"
    """By a launch that named nobody, or the platform's test student."""
    LEARNER = "learner"
    """A learner of the course."""
    SWITCHED = "switched"
    """Launched as a learner of the course, where they were a tutor before, and asked which they are."""
    OBSERVER = "observer"
    """An observer of the course, who sees those whom their launch names."""
    PARTICIPANT = "participant"
    """Enrolled in the cohort that is asked about; about themselves."""
    MEMBER = "member"
    """One of the two of the pair that is asked about."""
    TEACHER = "teacher"
    """A tutor of the course of the launch."""
    ADMINISTRATOR = "administrator"
    """An administrator of the site or the institution, who has no part in the course of the launch."""
    TUTOR = "tutor"
    """A tutor of the cohort that is asked about."""
    EDITOR = "editor"
    """A tutor of it, where no owner has taken the settings of its programme over."""
    OWNER = "owner"
    """An owner of the programme that is asked about."""
    HR = "hr"
    """Somebody of the company's human resources to whom an owner of the programme has given the right to read."""
    HR_WITH_NAMES = "hr_with_names"
    """The same, where the settings of the programme let them see who takes part."""
    ACTOR = "actor"
    """Who did what is asked about: for what the audit says of it."""
    OPERATOR = "operator"
    TOOL = "tool"


class Action(enum.StrEnum):
    """An action that needs permission; the value is its description in logs."""

    # anybody
    READ_PUBLIC_PAGES = "read the public pages"
    LAUNCH = "log in and launch"
    CONNECT_PLATFORM = "connect a platform with an invitation"
    # by a launch
    SIGN_OUT = "end one's own session"
    VIEW_HOME = "see one's own first page"
    CHOOSE_LANGUAGE = "choose a language"
    SAY_TIME_ZONE = "say in which time zone one reads"
    DECLINE_KEPT_FORM = "decline one's own form that was kept after a session"
    VIEW_OBSERVED = "see the progress of the learners whom the platform lets one observe"
    CONFIRM_LEARNER = "say that one is a learner of a course that one taught before"
    CHOOSE_ROLE = "choose a role in a programme"
    CHANGE_ROLE = "change one's own role"
    DESCRIBE_ONESELF = "say to one's partner who one is"
    VIEW_OWN_PAIR = "see what one's own pair does"
    ANSWER_PROPOSAL = "accept or decline a partner"
    UNDO_OWN_STEP = "take back one's own last step"
    REMIND_PARTNER = "remind one's partner of what waits for them"
    SIGN_AGREEMENT = "sign the agreement"
    KEEP_SESSIONS = "log, confirm, dispute, correct and withdraw meetings"
    KEEP_OBJECTIVES = "propose, agree, claim, confirm and withdraw objectives"
    READ_WORDS_OF_PAIR = "read one's own reflections and feedback, and what one's partner lets one read"
    WRITE_REFLECTIONS = "write, share and delete one's own reflections"
    GIVE_FEEDBACK = "give one's partner feedback and thanks"
    # a tutor's
    CHOOSE_CONTENT = "choose in the content picker what is added to a course"
    ADD_ACTIVITY = "open what an activity stands for"
    SET_UP = "set up a programme, and start a cohort"
    VIEW_COHORT = "see a cohort: names, progress, dates and states"
    CONFIRM_OBJECTIVES = "see and confirm the objectives for which a pair accepts the tutor's word"
    VIEW_PAIR_HISTORY = "see a pair's dates, lengths, formats and states"
    REVIEW_LEARNER = "see one learner's progress and their meetings' dates, lengths, formats and states"
    VIEW_AUDIT = "see what tutors, owners, human resources and operators did, and what one did oneself"
    PREVIEW_PAGES = "see an example of a learner's page"
    PAIR_PEOPLE = "invite and pair people"
    COMPARE_PARTNERS = (
        "see what speaks for a pair and against it, without the answers from which that is known"
    )
    IMPORT_PEOPLE = "add people from a file"
    TAKE_OUT_PEOPLE = "take people out of a programme and back in, and put aside who will not take part"
    CHANGE_PAIR = "pause, resume, end and close a pair"
    MOVE_PAIRS = "move pairs from one group of a programme to another"
    REMIND_PAIR = "put a reminder on the page of people who keep their pair waiting"
    APPROVE_COMPLETION = "approve a participant's completion"
    REOPEN_COMPLETION = "reopen a completion"
    CHANGE_RULE = "draft, try and apply the rule by which a cohort completes"
    READ_ROSTER_NOW = "have a roster read now"
    RESEND_GRADES = "have gradebooks read now, and grades sent again"
    MAKE_LINE_ITEM = "have a column made in the gradebook of one's own course"
    CLONE_COHORT = "make a group with the settings of another, without its people"
    READ_TEMPLATES = "read the programme templates of one's company"
    KEEP_TEMPLATES = "make programme templates for one's company, and change those that one made"
    # an owner's, and human resources'
    LIST_OWN_PROGRAMMES = "see which programmes one owns"
    VIEW_PROGRAMME = (
        "see a programme's groups in figures, its activities, an example, and who has which right to it"
    )
    VIEW_GROUP = "see who takes part in a group, who is with whom, and whose journey is complete"
    VIEW_PEOPLE_OF_PROGRAMME = "see the names and the completion of everybody in a programme"
    NAME_OWNERS = "name owners of programmes, and end one's own ownership"
    SHARE_PROGRAMME = "say in which courses teachers may use a programme"
    GRANT_HR = "let human resources read a programme, and end that"
    USE_HR_LINK = "take the right to read a programme that an owner offers by a link"
    READ_SETTINGS = "read a programme's settings, rule and dates"
    LIST_READ_PROGRAMMES = "see which programmes one may read for human resources"
    # the operator's
    SERVE = "run the tool"
    DELIVER = "send what waits"
    MIGRATE = "bring the database up to date"
    DIAGNOSE = "see what is wrong with the installation"
    INVITE_PLATFORM = "invite a platform"
    MANAGE_REGISTRATIONS = "manage registrations and deployments"
    MANAGE_ORGANISATIONS = "manage organisations"
    MANAGE_KEYS = "manage signing keys"
    MANAGE_RECORD_STORES = "manage record stores"
    MANAGE_DELIVERIES = "see and resend statements"
    MAP_PEOPLE = "see which accounts stand for people in statements"
    MANAGE_JOBS = "see and repeat background jobs"
    SEED = "make invented people, for measuring and for looking at"
    REPLAY_EVENTS = "compute projections from the event log"
    LIST_COHORTS = "see which groups there are"
    EXPLAIN_COMPLETION = "see how far everybody of a cohort is, and why"
    # the tool's own
    RUN_JOBS = "run background jobs"
    READ_ROSTERS = "read the rosters of courses"
    READ_RESULTS = "read back what gradebooks show"
    KEEP_LINE_ITEMS = "find, make and change the tool's own line items"
    OPEN_SECOND_ACTIVITY = (
        "open the second of two activities, one for each role, that a teacher added together"
    )
    REGISTER_WITH_PLATFORM = "register the tool with a platform"
    DELETE_EXPIRED = "delete what has expired"


_COHORT: Final = frozenset({Capacity.TUTOR, Capacity.OWNER})

TABLE: Final[Mapping[Action, frozenset[Capacity]]] = MappingProxyType(
    {
        Action.READ_PUBLIC_PAGES: frozenset({Capacity.ANYONE}),
        Action.LAUNCH: frozenset({Capacity.ANYONE}),
        Action.CONNECT_PLATFORM: frozenset({Capacity.ANYONE}),
        # Whoever holds a session may end it, be they still in the course or not.
        Action.SIGN_OUT: frozenset({Capacity.ANYONE}),
        Action.VIEW_HOME: frozenset({Capacity.LAUNCHED}),
        Action.CHOOSE_LANGUAGE: frozenset({Capacity.LAUNCHED}),
        Action.SAY_TIME_ZONE: frozenset({Capacity.LAUNCHED}),
        Action.DECLINE_KEPT_FORM: frozenset({Capacity.LAUNCHED}),
        Action.VIEW_OBSERVED: frozenset({Capacity.OBSERVER}),
        Action.CONFIRM_LEARNER: frozenset({Capacity.SWITCHED}),
        Action.CHOOSE_ROLE: frozenset({Capacity.LEARNER}),
        Action.CHANGE_ROLE: frozenset({Capacity.PARTICIPANT}),
        Action.DESCRIBE_ONESELF: frozenset({Capacity.PARTICIPANT}),
        Action.VIEW_OWN_PAIR: frozenset({Capacity.MEMBER}),
        Action.ANSWER_PROPOSAL: frozenset({Capacity.MEMBER}),
        # A pair that one has declined is over, and its page is not found any more.
        Action.UNDO_OWN_STEP: frozenset({Capacity.PARTICIPANT}),
        Action.REMIND_PARTNER: frozenset({Capacity.MEMBER}),
        Action.SIGN_AGREEMENT: frozenset({Capacity.MEMBER}),
        Action.KEEP_SESSIONS: frozenset({Capacity.MEMBER}),
        Action.KEEP_OBJECTIVES: frozenset({Capacity.MEMBER}),
        Action.READ_WORDS_OF_PAIR: frozenset({Capacity.MEMBER}),
        Action.WRITE_REFLECTIONS: frozenset({Capacity.MEMBER}),
        Action.GIVE_FEEDBACK: frozenset({Capacity.MEMBER}),
        # The platform shows its picker to those alone who may change the course, and takes no answer of others.
        Action.CHOOSE_CONTENT: frozenset({Capacity.TEACHER, Capacity.ADMINISTRATOR}),
        Action.ADD_ACTIVITY: frozenset({Capacity.TEACHER}),
        # With the dates and states of every pair, which an owner sees in sums alone.
        Action.VIEW_COHORT: frozenset({Capacity.TUTOR}),
        Action.CONFIRM_OBJECTIVES: frozenset({Capacity.TUTOR}),
        Action.VIEW_PAIR_HISTORY: frozenset({Capacity.TUTOR}),
        Action.REVIEW_LEARNER: frozenset({Capacity.TUTOR}),
        # Everybody sees what they did themselves: which entries are shown to whom, audit_policy says.
        Action.VIEW_AUDIT: _COHORT | {Capacity.PARTICIPANT, Capacity.OPERATOR},
        Action.PREVIEW_PAGES: frozenset({Capacity.TEACHER, Capacity.SWITCHED, Capacity.NAMELESS}),
        Action.SET_UP: frozenset({Capacity.EDITOR, Capacity.OWNER}),
        Action.PAIR_PEOPLE: _COHORT,
        Action.COMPARE_PARTNERS: _COHORT,
        Action.IMPORT_PEOPLE: _COHORT | {Capacity.OPERATOR},
        Action.TAKE_OUT_PEOPLE: _COHORT,
        Action.CHANGE_PAIR: _COHORT,
        # Of both groups: whoever moves teaches the other one as well, or owns the programme.
        Action.MOVE_PAIRS: _COHORT,
        Action.REMIND_PAIR: _COHORT,
        Action.APPROVE_COMPLETION: _COHORT,
        Action.REOPEN_COMPLETION: _COHORT,
        Action.CHANGE_RULE: frozenset({Capacity.EDITOR, Capacity.OWNER}),
        Action.READ_ROSTER_NOW: _COHORT | {Capacity.OPERATOR},
        Action.RESEND_GRADES: _COHORT | {Capacity.OPERATOR},
        Action.MAKE_LINE_ITEM: _COHORT,
        Action.CLONE_COHORT: _COHORT,
        Action.READ_TEMPLATES: frozenset({Capacity.TEACHER, Capacity.OWNER, Capacity.HR, Capacity.OPERATOR}),
        Action.KEEP_TEMPLATES: frozenset({Capacity.TEACHER, Capacity.OWNER, Capacity.OPERATOR}),
        Action.LIST_OWN_PROGRAMMES: frozenset({Capacity.OWNER}),
        Action.VIEW_PROGRAMME: frozenset({Capacity.OWNER}),
        # Without a date or a state of what a pair does: that is VIEW_COHORT's and VIEW_PAIR_HISTORY's.
        Action.VIEW_GROUP: _COHORT,
        Action.VIEW_PEOPLE_OF_PROGRAMME: frozenset({Capacity.OWNER, Capacity.HR_WITH_NAMES}),
        Action.NAME_OWNERS: frozenset({Capacity.OWNER, Capacity.OPERATOR}),
        Action.SHARE_PROGRAMME: frozenset({Capacity.OWNER}),
        Action.GRANT_HR: frozenset({Capacity.OWNER}),
        Action.USE_HR_LINK: frozenset({Capacity.NAMED}),
        Action.READ_SETTINGS: _COHORT | {Capacity.HR},
        Action.LIST_READ_PROGRAMMES: frozenset({Capacity.HR}),
        Action.SERVE: frozenset({Capacity.OPERATOR}),
        Action.DELIVER: frozenset({Capacity.OPERATOR, Capacity.TOOL}),
        Action.MIGRATE: frozenset({Capacity.OPERATOR}),
        Action.DIAGNOSE: frozenset({Capacity.OPERATOR}),
        Action.INVITE_PLATFORM: frozenset({Capacity.OPERATOR}),
        Action.MANAGE_REGISTRATIONS: frozenset({Capacity.OPERATOR}),
        Action.MANAGE_ORGANISATIONS: frozenset({Capacity.OPERATOR}),
        Action.MANAGE_KEYS: frozenset({Capacity.OPERATOR}),
        Action.MANAGE_RECORD_STORES: frozenset({Capacity.OPERATOR}),
        Action.MANAGE_DELIVERIES: frozenset({Capacity.OPERATOR}),
        Action.MAP_PEOPLE: frozenset({Capacity.OPERATOR}),
        Action.MANAGE_JOBS: frozenset({Capacity.OPERATOR}),
        Action.SEED: frozenset({Capacity.OPERATOR}),
        Action.REPLAY_EVENTS: frozenset({Capacity.OPERATOR}),
        Action.LIST_COHORTS: frozenset({Capacity.OPERATOR}),
        Action.EXPLAIN_COMPLETION: frozenset({Capacity.OPERATOR}),
        Action.RUN_JOBS: frozenset({Capacity.OPERATOR, Capacity.TOOL}),
        Action.READ_ROSTERS: frozenset({Capacity.TOOL}),
        Action.READ_RESULTS: frozenset({Capacity.TOOL}),
        Action.KEEP_LINE_ITEMS: frozenset({Capacity.TOOL}),
        Action.OPEN_SECOND_ACTIVITY: frozenset({Capacity.TOOL}),
        Action.REGISTER_WITH_PLATFORM: frozenset({Capacity.TOOL}),
        Action.DELETE_EXPIRED: frozenset({Capacity.OPERATOR, Capacity.TOOL}),
    }
)
"""In which capacities each action is allowed. An action that is not here is allowed to nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """The relation of the principal to the resource of the request."""

    organisation_id: uuid.UUID | None = None
    """The company to which it belongs; None for what belongs to none, such as a public page."""
    participant: bool = False
    """They are enrolled in the cohort."""
    member: bool = False
    """They are one of the two of the pair."""
    teaches: bool = False
    """They teach a course with an activity of the cohort."""
    owns: bool = False
    """They own the programme."""
    reads_for_hr: bool = False
    """An owner of the programme has let them read it for human resources, and has not ended that."""
    taken_over: bool = False
    """The owners of the programme keep its settings to themselves."""
    names_for_hr: bool = False
    """The settings of the programme let human resources see who takes part."""
    acted: bool = False
    """They did it themselves."""


class Refusal(enum.StrEnum):
    """Why something is not allowed, for a page to put into words."""

    NO_LAUNCH = "no_launch"
    """Only who comes by a launch may."""
    LEFT_COURSE = "left_course"
    """They are not in the course any more."""
    NAMELESS = "nameless"
    """The launch named nobody."""
    FOR_TUTORS = "for_tutors"
    FOR_LEARNERS = "for_learners"
    TAKEN_OVER = "taken_over"
    """A tutor may, unless the owners of the programme keep its settings to themselves, as they do."""
    NOT_THEIRS = "not_theirs"
    """It is somebody else's, or of another company; a page does not say that it exists."""


def capacities(principal: Principal, relation: Relation) -> frozenset[Capacity]:
    """In which capacities ``principal`` asks about something to which they stand in ``relation``."""
    found = {Capacity.ANYONE}
    match principal.kind:
        case PrincipalKind.OPERATOR:
            found.add(Capacity.OPERATOR)
        case PrincipalKind.TOOL:
            found.add(Capacity.TOOL)
        case PrincipalKind.ANONYMOUS if principal.active:
            found |= {Capacity.LAUNCHED, Capacity.NAMELESS}
        case PrincipalKind.PERSON if principal.active:
            found.add(Capacity.LAUNCHED)
            if relation.organisation_id in (None, principal.organisation_id):
                found |= _of_person(principal, relation)
    return frozenset(found)


def _of_person(principal: Principal, relation: Relation) -> set[Capacity]:
    found = {Capacity.NAMED}
    if principal.role == CourseRole.LEARNER:
        found.add(Capacity.LEARNER)
    if principal.role == CourseRole.SWITCHED:
        found.add(Capacity.SWITCHED)
    if principal.role == CourseRole.OBSERVER:
        found.add(Capacity.OBSERVER)
        if principal.is_admin:
            found.add(Capacity.ADMINISTRATOR)
    if principal.role == CourseRole.TUTOR:
        found.add(Capacity.TEACHER)
    for holds, capacity in (
        (relation.participant, Capacity.PARTICIPANT),
        (relation.member, Capacity.MEMBER),
        (relation.teaches, Capacity.TUTOR),
        (relation.teaches and not relation.taken_over, Capacity.EDITOR),
        (relation.owns, Capacity.OWNER),
        (relation.reads_for_hr, Capacity.HR),
        (relation.reads_for_hr and relation.names_for_hr, Capacity.HR_WITH_NAMES),
        (relation.acted, Capacity.ACTOR),
    ):
        if holds:
            found.add(capacity)
    return found


def decide(principal: Principal, relation: Relation, action: Action) -> Refusal | None:
    """None when ``principal`` may do ``action`` to something they stand in ``relation`` to; else why not."""
    allowed = TABLE.get(action, frozenset())
    held = capacities(principal, relation)
    if allowed & held:
        return None
    if principal.kind in (PrincipalKind.NOBODY, PrincipalKind.NOT_RECORDED):
        return Refusal.NO_LAUNCH
    if not principal.active:
        return Refusal.LEFT_COURSE
    if principal.kind == PrincipalKind.ANONYMOUS:
        return Refusal.NAMELESS
    if Capacity.EDITOR in allowed and Capacity.TUTOR in held and relation.taken_over:
        return Refusal.TAKEN_OVER
    if allowed & {Capacity.TEACHER, Capacity.TUTOR, Capacity.EDITOR} and principal.role != CourseRole.TUTOR:
        return Refusal.FOR_TUTORS
    if Capacity.LEARNER in allowed:
        return Refusal.FOR_LEARNERS
    return Refusal.NOT_THEIRS


class NotPermitted(Exception):
    """The policy does not allow what was asked."""


def require(principal: Principal, action: Action, relation: Relation | None = None) -> None:
    """Raise :class:`NotPermitted` unless the policy allows ``action``; for jobs and commands."""
    refusal = decide(principal, relation or Relation(), action)
    if refusal is not None:
        raise NotPermitted(f"{principal.kind} may not {action.value} ({refusal})")
