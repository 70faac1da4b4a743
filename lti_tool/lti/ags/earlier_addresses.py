"""Line items that were named under a host before anybody knew it to be the platform's.

No token is sent to such a host, so a line item there is another one at first, and everybody's scores wait for it. Once
an operator says that the host is the platform's, it is the line item that was named before, and its grades are known.
"""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.database import table_of
from lti_tool.identity.models import Course, Person
from lti_tool.lti.ags import unsent_scores
from lti_tool.lti.ags.addresses import addresses_of, line_item_places
from lti_tool.lti.ags.models import ScoreTrail
from lti_tool.lti.ags.scores import part
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.registration.models import Deployment

_column = table_of(ScoreTrail).c


def return_to_earlier(db: Session, registration_id: uuid.UUID) -> list[uuid.UUID]:
    """Keep grades by the address again by which the platform took them; the activities whose scores are to be compared.

    Nothing was ever taken at the address that is given up: what waits for it is withdrawn. Where another activity has
    the earlier address, the line item is that one's.
    """
    hosts = line_item_places(db.connection(), registration_id).hosts
    links = db.scalars(
        sa.select(ResourceLink)
        .join(Course, Course.id == ResourceLink.course_id)
        .join(Deployment, Deployment.id == Course.deployment_id)
        .where(Deployment.registration_id == registration_id, ResourceLink.line_item_url.is_not(None))
        .order_by(ResourceLink.id)
        .with_for_update(of=ResourceLink)
    ).all()
    used = {link.line_item_url for link in links}
    people = sa.select(Person.id).where(Person.registration_id == registration_id)
    taken = set(
        db.scalars(
            sa.select(_column.line_item_url)
            .where(_column.person_id.in_(people), _column.accepted_at.is_not(None))
            .distinct()
        )
    )
    returned = []
    for link in links:
        url = link.line_item_url
        if url is None or url in taken:
            continue
        earlier = (taken - used).intersection(addresses_of(url, hosts))
        if len(earlier) != 1:
            continue
        unsent_scores.supersede_part(db, str(registration_id), part(url))
        db.execute(sa.delete(ScoreTrail).where(_column.line_item_url == url, _column.person_id.in_(people)))
        if link.own_line_item_url == url:
            link.own_line_item_url = earlier.copy().pop()
        link.line_item_url, link.line_item_address = earlier.pop(), url
        returned.append(link.id)
    db.flush()
    return returned
