"""Pages about a group that the address names, for an owner of its programme who came by any activity of the company.

The pages are those by which a tutor acts in the group of their own activity: each is served a second time below
``/l/<launch_key>/of/<group_id>/``, and there the activity of the request is one of the group of the address. What
whoever asks may do, the policy says as everywhere. Whoever neither owns the programme nor teaches the group finds
nothing there. Of a group that no activity opens yet, the pages are served by which it is prepared.
"""

from __future__ import annotations

import uuid
from types import ModuleType
from typing import Any, Final

import sqlalchemy as sa
from flask import Flask, abort, g, request

from lti_tool.lti.launch.models import ResourceLink
from lti_tool.mentoring.programmes.models import Placement
from lti_tool.mentoring.programmes.placements import unplaced_cohort
from lti_tool.web.access import cohort_of_launch
from lti_tool.web.activity import COLUMNS, Activity, activity_from, with_activity
from lti_tool.web.launch_session import LAUNCH, OF_GROUP
from lti_tool.web.owner import group_page
from lti_tool.web.programmes import rule_editor, scale_page, section_pages, task_list, template_pages
from lti_tool.web.services import current_principal, reading_once
from lti_tool.web.tutor import cohort, grades, leaving, moving, pair_changes, pairing, people_import

PAGES: Final[tuple[ModuleType, ...]] = (
    group_page,
    cohort,
    pairing,
    pair_changes,
    leaving,
    moving,
    grades,
    people_import,
    task_list,
    section_pages,
    template_pages,
    rule_editor,
    scale_page,
)
"""The modules whose pages are served for the group of an address, too; the first for nothing else."""

WITHOUT_ACTIVITY: Final = frozenset(
    module.blueprint.name
    for module in (group_page, people_import, task_list, section_pages, template_pages, rule_editor)
)
"""The blueprints whose pages are served also for a group that no activity opens yet."""


def init_app(app: Flask) -> None:
    """Serve them. Belongs behind the blueprints of the application itself."""
    for module in PAGES:
        blueprint = module.blueprint
        own = (blueprint.url_prefix or "").removeprefix(LAUNCH)
        app.register_blueprint(
            blueprint,
            name=OF_GROUP + blueprint.name,
            url_prefix=f"{LAUNCH}/of/<uuid:group_id>{own}",
        )
    app.before_request(_load)


def _load() -> None:
    """Let the activity of the request be one of the group of its address, where that names one."""
    group_id: uuid.UUID | None = g.get("group_id")
    if group_id is None:
        return
    found = _activity_of(group_id)
    if found is not None:
        g.activity = found
    else:
        with reading_once() as db:
            g.unplaced_cohort = unplaced_cohort(db, group_id)
        if (request.blueprint or "").removeprefix(OF_GROUP) not in WITHOUT_ACTIVITY:
            abort(404)
    belongs_to = found or g.unplaced_cohort or abort(404)
    if belongs_to.organisation_id != current_principal().organisation_id:
        abort(404)
    relation = cohort_of_launch()
    if not (relation.owns or relation.teaches):
        abort(404)


def _activity_of(group_id: uuid.UUID) -> Activity | None:
    """The oldest activity of a group, with the enrolment of whoever asks in it; None for a group without one."""
    oldest = (
        sa.select(Placement.resource_link_id)
        .where(Placement.cohort_id == group_id)
        .order_by(Placement.created_at, Placement.id)
        .limit(1)
        .scalar_subquery()
    )
    person_id: Any = sa.literal(current_principal().person_id, sa.Uuid())
    query = with_activity(
        sa.select(*COLUMNS).select_from(ResourceLink).where(ResourceLink.id == oldest),
        ResourceLink.id.expression,
        person_id,
    )
    with reading_once() as db:
        rows = db.execute(query).all()
    return activity_from(rows, g.launch.person) if rows else None
