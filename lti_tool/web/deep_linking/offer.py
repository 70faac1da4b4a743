"""What a tutor can choose for an activity, in words: programmes, groups, and what the course already has.

The content picker shows it, and the first page of an activity that was added without the picker.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import sqlalchemy as sa
from flask import g
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.principal import Principal
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.platforms import platform_of
from lti_tool.mentoring.completion.queries import criteria_of, read_rule
from lti_tool.mentoring.enrolment.queries import people_in_cohorts
from lti_tool.mentoring.journey.queries import criterion_line
from lti_tool.mentoring.journey.views import CriterionLine
from lti_tool.mentoring.programmes.models import RoleView
from lti_tool.mentoring.programmes.offers import OwnProgramme, activities_of_course, own_programmes
from lti_tool.mentoring.programmes.placements import waiting_groups
from lti_tool.mentoring.programmes.queries import Group, groups_to_share
from lti_tool.mentoring.programmes.readiness import missing
from lti_tool.mentoring.programmes.settings import Document, days_from
from lti_tool.mentoring.programmes.template import Bilingual, ProgrammeTemplate, read_template
from lti_tool.mentoring.programmes.template_queries import templates_offered
from lti_tool.messaging import record_stores
from lti_tool.translation import current_language
from lti_tool.translation import gettext as _
from lti_tool.web.journey_drawing.sparkline import Sparkline
from lti_tool.web.language import day
from lti_tool.web.owner.figures import names_of
from lti_tool.web.programmes.drawings import rhythm_drawing
from lti_tool.web.services import current_principal, current_services, reading
from schemas.problem import ShapeError


@dataclass(frozen=True)
class OfferedProgramme:
    """A programme to choose from."""

    value: str
    """What the form sends: the code of a template, or the id of one of the tutor's own programmes."""
    template: ProgrammeTemplate
    criteria: tuple[CriterionLine, ...]
    """What somebody has to do to complete it."""
    rule: Document
    grades_grow: bool
    """Whether its rule has the gradebook show a percentage on the way."""
    programme_id: uuid.UUID | None = None
    """Of one of the tutor's own; None for a template."""
    is_shared: bool = False
    """One that an owner shared with the tutor, who does not teach a group of it yet."""
    is_of_company: bool = False
    """A template of the company's own."""
    version: int | None = None
    changed_at: dt.datetime | None = None
    changed_by: str | None = None
    """Of a template of the company's own: which version it is, of when, and the name of who made it."""
    course_title: str | None = None
    """Of one's own: where it runs."""
    since: dt.date | None = None
    """Of one's own: since when."""

    @property
    def is_own(self) -> bool:
        """Whether it is a programme that the tutor runs already, or that is shared with them, and no template."""
        return self.programme_id is not None

    @cached_property
    def document(self) -> Document:
        """Its settings."""
        return self.template.document()

    @property
    def lacks(self) -> bool:
        """Whether something has to be set up before it can start."""
        today = utcnow().date()
        document = {**self.document, "rule": self.rule}
        return bool(missing(document, self.rule, days_from(document, today), today))

    @cached_property
    def drawing(self) -> Sparkline:
        """The rhythm: a bead for each meeting; dotted where it has still to be set up."""
        return rhythm_drawing(self.template.sessions_advised, is_ready=not self.lacks)

    @property
    def least_minutes(self) -> int | None:
        """How long each meeting has to be at least, where the rule asks for as many as are advised."""
        asked = next((line for line in self.criteria if line.type == "sessions"), None)
        if asked is None or asked.target != self.template.sessions_advised:
            return None
        return int(asked.params.get("min_minutes_each") or 0) or None


@dataclass(frozen=True)
class OfferedGroup:
    """A group that the activity can share."""

    cohort_id: uuid.UUID
    name: str
    people: int


@dataclass(frozen=True)
class ExistingActivity:
    """An activity that the course already has."""

    title: str
    role_view: RoleView | None
    """None before a tutor has opened it."""
    programme: str
    people: int
    since: dt.date | None


@dataclass(frozen=True)
class Offer:
    """All that the page shows beside its form."""

    programmes: Sequence[OfferedProgramme]
    """The built-in ones first, the default one at the top."""
    groups: Sequence[OfferedGroup]
    activities: Sequence[ExistingActivity]
    has_record_store: bool
    only_final_grades: bool
    """Whether the platform gets the grade of a completed programme alone, whatever a rule says."""

    @property
    def values(self) -> list[str]:
        """What a form may send as its programme; the first is what no answer means."""
        return [programme.value for programme in self.programmes]

    def chosen(self, value: str) -> OfferedProgramme:
        """The programme that a form sent."""
        return next(each for each in self.programmes if each.value == value)


def current_offer() -> Offer:
    """What the tutor of the present launch can choose from."""
    principal = current_principal()
    registration = g.launch.registration
    platform = platform_of(registration.issuer, registration.platform_family)
    with reading() as db:
        records = templates_offered(db, principal.organisation_id)
        authors = names_of(db, {record.changed_by for record in records if record.changed_by is not None})
        programmes = [
            replace(
                _offered(record.code, record.template, record.template.rule_document()),
                is_of_company=record.is_own,
                version=record.number,
                changed_at=record.changed_at,
                changed_by=authors.get(record.changed_by) if record.changed_by is not None else None,
            )
            for record in records
        ]
        groups = _groups(db, principal)
        in_course = g.launch.course_id is not None
        if in_course and principal.organisation_id is not None and principal.person_id is not None:
            own = own_programmes(db, principal.organisation_id, principal.person_id)
            programmes += [found for each in own if (found := _own(each)) is not None]
        return Offer(
            programmes=programmes,
            groups=groups,
            activities=_activities(db, principal),
            has_record_store=_has_record_store(db, principal),
            only_final_grades=platform.only_final_grades_note is not None,
        )


def _offered(value: str, template: ProgrammeTemplate, rule: Document) -> OfferedProgramme:
    checked = read_rule(rule)
    return OfferedProgramme(
        value=value,
        template=template,
        rule=rule,
        criteria=tuple(criterion_line(entry) for entry in criteria_of(checked)),
        grades_grow=checked.reporting.report == "live",
    )


def _own(programme: OwnProgramme) -> OfferedProgramme | None:
    """None for one that this version of the tool cannot read: a newer one may have written it."""
    try:
        offered = _offered(str(programme.id), read_template(programme.settings), programme.rule)
    except ShapeError:
        return None
    return replace(
        offered,
        programme_id=programme.id,
        course_title=None if programme.is_shared else programme.course_title,
        since=programme.starts_on,
        is_shared=programme.is_shared,
    )


def _groups(db: Session, principal: Principal) -> list[OfferedGroup]:
    """The groups that the tutor can share, and what to call each."""
    if principal.organisation_id is None or principal.person_id is None or g.launch.course_id is None:
        return []
    groups = [
        *waiting_groups(db, principal.organisation_id, principal.person_id),
        *groups_to_share(db, principal.organisation_id, principal.person_id),
    ]
    titles = _titles(db, [group.resource_link_id for group in groups if group.resource_link_id is not None])
    people = people_in_cohorts(db, [group.cohort_id for group in groups], with_invited=False)
    return [
        OfferedGroup(
            group.cohort_id,
            _group_name(group, titles),
            people.get(group.cohort_id, 0),
        )
        for group in groups
    ]


def _titles(db: Session, links: Sequence[uuid.UUID]) -> dict[uuid.UUID, str | None]:
    chosen = sa.select(ResourceLink.id, ResourceLink.title).where(ResourceLink.id.in_(links))
    return dict(db.execute(chosen).all())


def waiting_name(title: Mapping[str, str]) -> str:
    """What the page calls a group that waits for its first activity. ``title``: its programme's, by language."""
    programme = Bilingual(**title).text(current_language())
    return _("“%(programme)s” (roll-out, not open yet)", programme=programme)


def _group_name(group: Group, titles: Mapping[uuid.UUID, str | None]) -> str:
    if group.resource_link_id is None:
        return waiting_name(group.title)
    activity = titles.get(group.resource_link_id) or _("Reverse mentoring")
    if group.course_title is None:
        return _("The group of “%(activity)s”, since %(day)s", activity=activity, day=day(group.starts_on))
    return _(
        "The group of “%(activity)s” in %(course)s, since %(day)s",
        activity=activity,
        course=group.course_title,
        day=day(group.starts_on),
    )


def _activities(db: Session, principal: Principal) -> list[ExistingActivity]:
    """The activities of the course, those that no tutor has opened yet at the end."""
    course_id = g.launch.course_id
    if course_id is None or principal.organisation_id is None:
        return []
    opened = activities_of_course(db, course_id, principal.organisation_id)
    people = people_in_cohorts(db, [activity.cohort_id for activity in opened], with_invited=False)
    links = db.execute(
        sa.select(ResourceLink.id, ResourceLink.title)
        .where(ResourceLink.course_id == course_id)
        .order_by(ResourceLink.created_at, ResourceLink.id)
    ).all()
    titles = {link_id: title or _("Reverse mentoring") for link_id, title in links}
    found = [
        ExistingActivity(
            titles.pop(activity.resource_link_id, _("Reverse mentoring")),
            activity.role_view,
            Bilingual(**activity.title).text(current_language()),
            people.get(activity.cohort_id, 0),
            activity.starts_on,
        )
        for activity in opened
    ]
    here = g.launch.resource_link_id
    return found + [
        ExistingActivity(title, None, "", 0, None) for link_id, title in titles.items() if link_id != here
    ]


def _has_record_store(db: Session, principal: Principal) -> bool:
    """Whether statements of the organisation go anywhere."""
    scope = record_stores.Scope(principal.organisation_id, g.launch.registration.id)
    config = current_services().config
    return any(
        record_stores.access_of_receiver(db, receiver, config) is not None
        for receiver in record_stores.receivers(record_stores.every(db), scope)
    )
