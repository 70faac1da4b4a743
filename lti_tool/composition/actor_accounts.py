"""Which accounts stand for people in statements: choosing them for a registration, and listing them.

Each account of a person in an LRS is another person there, so the choice is made before the first statement.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.events import log
from lti_tool.identity import installation
from lti_tool.identity.models import Person
from lti_tool.lti.registration import registrations
from lti_tool.lti.registration.models import ActorAccount, Registration
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.pairs.models import Pair
from lti_tool.mentoring.programmes.models import Cohort, Programme
from lti_tool.messaging.statement_log import StatementTrail


class StatementsWritten(Exception):
    """A statement about somebody of the registration was written already, so that the account stays as it is."""


@dataclass(frozen=True)
class PersonAccounts:
    """The accounts that stand for one person. ``shown``: which of the two statements have, ``opaque`` or ``lms``."""

    tool_home_page: str
    tool_account: str
    lms_home_page: str
    lms_account: str
    shown: str


def choose_account(db: Session, registration_id: uuid.UUID, account: ActorAccount) -> Registration:
    """Let statements about people of a registration show this account. Choosing the same again changes nothing.

    Belongs at the beginning of a transaction: nobody appends an event until it ends, so that no first statement is
    written meanwhile. Raises :class:`~lti_tool.lti.registration.registrations.NoSuchRow` or :class:`StatementsWritten`.
    """
    log.lock_log(db)
    registration = registrations.find(db, registration_id)
    if registration.actor_account == account:
        return registration
    if _has_statements(db, registration_id):
        raise StatementsWritten(
            f"statements about people of {registration.issuer} were written with the account "
            f"{registration.actor_account!r} already; with another one each of them would become a second person "
            "in the record store, so nothing was changed"
        )
    return registrations.set_actor_account(db, registration, account)


def _has_statements(db: Session, registration_id: uuid.UUID) -> bool:
    """Whether a statement was ever written about somebody's enrolment, or about a pair with them."""
    enrolled = (
        sa.select(Participant.id)
        .join(Person, Person.id == Participant.person_id)
        .where(Person.registration_id == registration_id)
    )
    paired = sa.select(Pair.id).where(sa.or_(Pair.mentor_id.in_(enrolled), Pair.mentee_id.in_(enrolled)))
    written = StatementTrail.xapi_registration
    found = sa.select(written).where(sa.or_(written.in_(enrolled), written.in_(paired))).limit(1)
    return db.scalar(found) is not None


def accounts_of_people(
    db: Session, base_url: str, organisation_id: uuid.UUID | None = None
) -> Iterator[PersonAccounts]:
    """The accounts of everybody who is enrolled in a programme, of one organisation or of all.

    ``base_url``: the home page of the tool's accounts as long as none is stored.
    """
    home_page = installation.stored_iri_base(db) or base_url
    enrolled = sa.select(Participant.person_id)
    if organisation_id is not None:
        enrolled = (
            enrolled.join(Cohort, Cohort.id == Participant.cohort_id)
            .join(Programme, Programme.id == Cohort.programme_id)
            .where(Programme.organisation_id == organisation_id)
        )
    rows = db.execute(
        sa.select(Person.pseudonym, Person.subject, Registration.issuer, Registration.actor_account)
        .join(Registration, Registration.id == Person.registration_id)
        .where(Person.id.in_(enrolled))
        .order_by(Registration.issuer, Person.subject, Person.id)
    )
    for row in rows:
        yield PersonAccounts(home_page, str(row.pseudonym), row.issuer, row.subject, row.actor_account)
