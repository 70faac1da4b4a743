"""A launch that claims to be somebody of LTI 1.1 days: the tool has no such people, and merges nobody.

https://www.imsglobal.org/spec/lti/v1p3/migr#lti-1-1-migration-claim
"""

from __future__ import annotations

import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.identity.models import Person
from tests.platform.platform import LTI, Browser, Platform

FORGED = {
    "user_id": "person-2",
    "oauth_consumer_key": "key",
    "oauth_consumer_key_sign": "Zm9yZ2VkIHNpZ25hdHVyZQ==",
}


def people(services: Services) -> list[tuple[str, str | None]]:
    with services.database.reading() as db:
        rows = db.scalars(sa.select(Person).order_by(Person.subject))
        return [(row.subject, row.name) for row in rows]


def test_a_forged_signature_merges_nobody(platform: Platform, services: Services, browser: Browser) -> None:
    platform.launch(browser, sub="person-2", name="Bruno Costa")
    launched = platform.launch(browser, sub="person-1", **{f"{LTI}lti1p1": FORGED})
    assert launched.status_code in (302, 303)
    assert people(services) == [("person-1", "Amina Okafor"), ("person-2", "Bruno Costa")]


def test_a_forged_signature_does_not_make_the_person_it_names(
    platform: Platform, services: Services, browser: Browser
) -> None:
    platform.launch(browser, sub="person-1", **{f"{LTI}lti1p1": FORGED})
    assert [subject for subject, _ in people(services)] == ["person-1"]
