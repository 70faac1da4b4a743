"""Reading whether somebody of a group's courses has opened the group's activity, or another one of the course alone."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa

from lti_tool.identity.models import Membership, OpenedLink
from lti_tool.mentoring.programmes.queries import links_of_cohort


def has_opened(cohort_id: uuid.UUID | sa.BindParameter[uuid.UUID]) -> sa.ColumnElement[Any]:
    """For a query of memberships: whether the person has opened an activity of a cohort.

    Of somebody of whom no opening of any activity is noted, which is so of whoever came before they were, to have come
    to the course is enough.
    """
    theirs = OpenedLink.person_id == Membership.person_id
    here = sa.exists().where(theirs, OpenedLink.resource_link_id.in_(links_of_cohort(cohort_id)))
    return sa.and_(Membership.launched_at.is_not(None), sa.or_(here, sa.not_(sa.exists().where(theirs))))
