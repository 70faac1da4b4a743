"""Statement ids that are computed from what a statement says, so that sending it again never doubles it.

A resend, a crash between two commits, or a re-emission after a restored backup all give the id that the LRS has.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID, uuid5

# Never to be changed: every statement would get a second id. uuid5(NAMESPACE_URL, the profile's IRI).
STATEMENT_NAMESPACE: Final = UUID("b632cd03-27e3-5ca1-b647-dc8016fc8bbb")


def statement_id(
    registration: UUID, subject_id: UUID, revision: int, verb: str, base: str, name: str
) -> UUID:
    """The id of the statement that says one thing about one actor.

    ``registration`` is the pair's or the enrolment's UUID, ``subject_id`` the UUID of what happened (a session, an
    objective, ...), ``revision`` counts its corrections from 0, ``verb`` is the verb's IRI. ``base`` and ``name`` are
    the base of the installation's IRIs and the actor's pseudonym, whatever account the statement shows: an
    installation that moves, or that shows the platform's accounts, gives the same ids.
    """
    if revision < 0:
        raise ValueError("a revision counts from 0")
    # A newline cannot stand in an IRI, a UUID or an account name, so no two statements share these parts.
    parts = (str(registration), str(subject_id), str(revision), verb, base, name)
    return uuid5(STATEMENT_NAMESPACE, "\n".join(parts))


def milestone_id(enrolment_id: UUID, percent: int) -> UUID:
    """What a statement about a milestone is about: each participant passes each milestone once."""
    return uuid5(enrolment_id, f"progress/{percent}")
