"""The audit: what tutors, owners, human resources and operators did, and to participants what they did themselves."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.composition.audit.entries import (
    AuditLine,
    Reader,
    Wanted,
    actors,
    entries,
    taught_cohorts,
)
from lti_tool.composition.audit.sentences import Names, names_of, people_names
from lti_tool.events.base import ActedBy
from lti_tool.identity.audit_policy import AUDIT, Subject
from lti_tool.identity.policy import Action, Capacity
from lti_tool.identity.principal import PrincipalKind
from lti_tool.mentoring.programmes.queries import cohort_numbers
from lti_tool.translation import gettext as _
from lti_tool.translation.collation import collation_key
from lti_tool.web.access import allows, cohort_of_launch
from lti_tool.web.activity import current_activity
from lti_tool.web.forms.bound import Form
from lti_tool.web.launch_session import course_title, launch_url_for
from lti_tool.web.owner import figures
from lti_tool.web.owner.asked import programme_asked
from lti_tool.web.owner.audit_changes import changes_of
from lti_tool.web.owner.audit_runs import Page
from lti_tool.web.owner.figures import ProgrammeRecord
from lti_tool.web.services import current_principal, reading
from lti_tool.web.time_zone import UTC, said_zone, zone_called, zone_name
from schemas.audit_query import AuditQuery
from schemas.problem import N_, ShapeError

PAGE_LENGTH: Final = 50

blueprint = Blueprint("audit", __name__, url_prefix="/l/<launch_key>")

_NAMED: Final = (PrincipalKind.OPERATOR, PrincipalKind.TOOL, PrincipalKind.NOT_RECORDED)
"""Kinds that a sentence calls by what they are."""

SUBJECTS: Final[Mapping[Subject, str]] = {
    Subject.PROGRAMME: N_("Programme and settings"),
    Subject.PEOPLE: N_("People and pairs"),
    Subject.PARTICIPATION: N_("Roles chosen"),
    Subject.PAIR: N_("Acceptances and signatures"),
    Subject.MEETING: N_("Meetings"),
    Subject.OBJECTIVE: N_("Objectives"),
    Subject.WORDS: N_("Notes and feedback"),
}
"""What entries can be about, as the filter calls it."""


@blueprint.get("/programme/audit")
@allows(Action.VIEW_AUDIT, about=cohort_of_launch)
def of_group() -> ResponseReturnValue:
    """What was done in the group that the activity opens; a participant reads what they did themselves."""
    activity, standing = current_activity() or abort(404), cohort_of_launch()
    cohort_id = activity.placement.cohort_id
    reader = Reader(
        principal=current_principal(),
        programme_id=activity.programme_id,
        cohort_id=cohort_id,
        taught=frozenset({cohort_id} if standing.teaches else ()),
        owns=standing.owns,
    )
    home = _("My group") if standing.teaches else _("My journey")
    return _page(reader, "audit.of_group", back=(home, launch_url_for("home.home")))


@blueprint.get("/owner/programmes/<uuid:programme_id>/audit")
@allows(Action.VIEW_PROGRAMME, about=programme_asked)
def of_programme(programme_id: uuid.UUID) -> ResponseReturnValue:
    """What was done in a programme of one's own, in all of its groups."""
    principal = current_principal()
    with reading() as db:
        taught = taught_cohorts(db, programme_id, principal.person_id)
        programme = figures.programme_record(db, programme_id)
    reader = Reader(principal=principal, programme_id=programme_id, taught=taught, owns=True)
    back = _("Programmes"), launch_url_for("owner.index")
    return _page(reader, "audit.of_programme", back=back, programme=programme, programme_id=programme_id)


def _page(
    reader: Reader,
    endpoint: str,
    *,
    back: tuple[str, str],
    programme: ProgrammeRecord | None = None,
    **arguments: object,
) -> ResponseReturnValue:
    """``programme``: the one to whose pages the page belongs, where it is about all of its groups."""
    form, asked = _filters(launch_url_for(endpoint, **arguments))
    zone = zone_called(asked["zone"]) or said_zone()
    wanted, page = _wanted(asked, zone or UTC), asked["page"]
    with reading() as db:
        found = entries(db, reader, wanted, limit=PAGE_LENGTH + 1, offset=PAGE_LENGTH * (page - 1))
        lines = found[:PAGE_LENGTH]
        names = names_of(db, lines)
        numbers = cohort_numbers(db, _cohorts(lines)) if reader.cohort_id is None else {}
        changes = changes_of(db, lines)
        who = _who(db, actors(db, reader), wanted)
    is_filtered = any(asked[name] for name in ("who", "what", "since", "until"))
    held = {Capacity.TUTOR} if reader.taught else set()
    held |= {Capacity.OWNER} if reader.owns else set()

    def address(number: int) -> str:
        sent = {name: value for name, value in form.given.items() if value and name != "page"}
        return launch_url_for(endpoint, **arguments, **sent, **({"page": number} if number > 1 else {}))

    html = render_template(
        "owner/audit.html",
        filters=form,
        blocks=Page(names, numbers, changes, zone or UTC).blocks(lines, finds_runs=not is_filtered),
        zone=zone,
        zone_name=zone_name(zone or UTC),
        who=who,
        subjects=[
            (str(subject), _(words))
            for subject, words in SUBJECTS.items()
            if not held or AUDIT[subject] & held
        ],
        is_own=not held,
        is_filtered=is_filtered,
        page=page,
        newer=address(page - 1) if page > 1 else None,
        older=address(page + 1) if len(found) > PAGE_LENGTH else None,
        everything=launch_url_for(endpoint, **arguments),
        whole_programme=launch_url_for("audit.of_programme", programme_id=reader.programme_id)
        if reader.owns and reader.cohort_id is not None
        else None,
        back=back,
        programme=programme,
        course_title=course_title(),
    )
    return html, form.status


def _cohorts(lines: Sequence[AuditLine]) -> set[uuid.UUID]:
    return {line.cohort_id for line in lines if line.cohort_id is not None}


def _filters(action: str) -> tuple[Form, dict[str, Any]]:
    """The filters as they were sent, and as they could be read."""
    given = request.args.to_dict()
    form = Form(AuditQuery(), "", action, given, key="")
    try:
        return form, form.schema.read(given)
    except ShapeError as error:
        form.problems = error.problems
        # A filter of which a part is wrong filters nothing: what it would leave out is not what was meant.
        unread = {"who", "what", "since", "until", *error.problems}
        return form, form.schema.read({name: value for name, value in given.items() if name not in unread})


def _wanted(asked: Mapping[str, Any], zone: ZoneInfo) -> Wanted:
    who: str | None = asked["who"]
    is_person = who is not None and "-" in who
    kinds = {str(kind): kind for kind in PrincipalKind}
    return Wanted(
        person_id=uuid.UUID(who) if who is not None and is_person else None,
        kind=kinds.get(who, PrincipalKind.NOBODY) if who is not None and not is_person else None,
        subject=Subject(asked["what"]) if asked["what"] else None,
        since=_beginning(asked["since"], zone),
        until=_beginning(asked["until"], zone, later=1),
    )


def _beginning(day: dt.date | None, zone: ZoneInfo, *, later: int = 0) -> dt.datetime | None:
    """The first moment of a day, or of one so many days later, in a time zone."""
    if day is None or day.toordinal() + later > dt.date.max.toordinal():
        return None
    try:
        return dt.datetime.combine(day + dt.timedelta(days=later), dt.time(), zone).astimezone(dt.UTC)
    except OverflowError:  # within a day of the first or the last there is
        return None


def _who(db: Session, found: Sequence[ActedBy], wanted: Wanted) -> list[tuple[str, str]]:
    """Everybody who did something, as (value of the filter, name); whoever is asked for is among them."""
    if wanted.kind in _NAMED and all(each.kind != wanted.kind for each in found):
        found = [*found, ActedBy(wanted.kind)]
    names = Names(people_names(db, {each.id for each in found}))
    options = {
        str(each.id) if each.kind == PrincipalKind.PERSON else str(each.kind): names.actor(each)
        for each in found
    }
    return sorted(options.items(), key=lambda option: (collation_key(option[1]), option[0]))
