"""The xAPI account of a participant: the tool's own, or that of the learning platform.

By default an account is the tool's, named by the person's pseudonym. Where a registration shows the platform's accounts
(``tandem registrations actor-account``), it is what the platform itself would send: home page = issuer, name = ``sub``.
The ids of statements are computed from the pseudonym in either case.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.identity.models import Person
from lti_tool.lti.registration.models import ActorAccount, Registration
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.translation import supported_language
from xapi.context import Actor


def actors(
    db: Session, participant_ids: Collection[uuid.UUID], *, iri_base: str, default_language: str
) -> dict[uuid.UUID, tuple[Actor, str]]:
    """The account and the language of each of these participants, by id, in one query.

    ``iri_base``: the home page of the tool's own accounts. Columns are read, not rows of the session, so that a setting
    that changed while this transaction waited for the event log is seen.
    """
    rows = db.execute(
        sa.select(
            Participant.id,
            Person.pseudonym,
            Person.subject,
            Person.locale,
            Registration.issuer,
            Registration.actor_account,
        )
        .join(Person, Person.id == Participant.person_id)
        .join(Registration, Registration.id == Person.registration_id)
        .where(Participant.id.in_(participant_ids))
    )
    return {
        row.id: (
            Actor(row.issuer, row.subject, pseudonym=str(row.pseudonym))
            if row.actor_account == ActorAccount.LMS
            else Actor(iri_base, str(row.pseudonym)),
            supported_language(row.locale) or default_language,
        )
        for row in rows
    }
