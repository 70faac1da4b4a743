"""Statement ids that come from the fact itself, so that telling it again never tells it twice.

A resend, a crash between two commits, or a re-emission after a restored backup all give the id the LRS has.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID, uuid5

from xapi.scene import Actor

# Fixed for ever: changing it would give every fact a second id. uuid5(NAMESPACE_URL, the profile's IRI).
STATEMENT_NAMESPACE: Final = UUID("b632cd03-27e3-5ca1-b647-dc8016fc8bbb")


def statement_id(registration: UUID, fact_id: UUID, revision: int, verb: str, actor: Actor) -> UUID:
    """The id of the statement that tells one fact about one actor.

    `registration` is the pair's or the enrolment's UUID, `fact_id` the UUID of what happened (a session, an
    objective, ...), `revision` counts the corrections of that fact from 0, `verb` is the verb's IRI.
    """
    if revision < 0:
        raise ValueError("a revision counts from 0")
    # A newline cannot stand in an IRI, a UUID or an account name, so no two facts share a spelling.
    parts = (str(registration), str(fact_id), str(revision), verb, actor.home_page, actor.name)
    return uuid5(STATEMENT_NAMESPACE, "\n".join(parts))
