"""Who, where and in which programme: the values that every statement is built from.

They are plain frozen values. Nothing here knows a person's name, a note or an e-mail address: an actor is an
account whose name is an opaque UUID, and the mapping back to a person stays with whoever made that UUID.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from xapi.vocabulary import Evidence, LanguageMap, Mode, Role, Tag

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

# The name of the tool's own account, the only actor that is not a person.
TOOL_ACCOUNT = "tool"


@dataclass(frozen=True)
class Actor:
    """An xAPI account: of the tool's own, whose name is an opaque UUID per person, or of a platform.

    ``home_page``: the tool's own IRI, or the platform's issuer. ``name``: the UUID, or the platform's id of the person.
    ``pseudonym``: given for a platform's account alone, the opaque UUID by which the ids of statements are computed
    all the same.
    """

    home_page: str
    name: str
    pseudonym: str | None = None

    @property
    def id_name(self) -> str:
        """The name by which the ids of statements are computed."""
        return self.pseudonym or self.name


@dataclass(frozen=True)
class CohortContext:
    """One run of a programme, which begins on a day."""

    cohort_id: UUID
    starts_on: date


@dataclass(frozen=True)
class StatementContext:
    """The programme a statement belongs to, and the learning platform that holds it.

    ``iri_base``: what the IRIs of activities and of the tool's accounts begin with; it must never change.
    ``programme_name``: the programme's public title, in "en" and "fr"; where only one is given it stands for both.
    ``course_iri``: the stable IRI of the LMS course; None where there is none.
    ``platform``: the LMS, as an analyst would call it ("Moodle"); None where it does not say.
    ``language``: the language the person was using, "en" or "fr".
    ``course_title``: the LMS's title of the course; None where it gives none.
    ``cohort``: the run of the programme; None where there is none.
    """

    iri_base: str
    programme_id: UUID
    programme_name: LanguageMap = field(hash=False)
    course_iri: str | None
    platform: str | None
    language: str
    course_title: str | None = None
    cohort: CohortContext | None = None

    def activity(self, kind: str, identifier: UUID) -> str:
        """The IRI of one of the tool's activities: a programme, cohort, pair, session, objective or reflection."""
        return f"{self.iri_base.rstrip('/')}/xapi/activities/{kind}/{identifier}"

    @property
    def id_base(self) -> str:
        """From which the ids of statements are computed."""
        return self.iri_base.rstrip("/")

    @property
    def programme_iri(self) -> str:
        return self.activity("programme", self.programme_id)

    @property
    def tool(self) -> Actor:
        """The tool itself, which is the actor only of voiding statements."""
        return Actor(self.iri_base.rstrip("/"), TOOL_ACCOUNT)


@dataclass(frozen=True)
class PairContext:
    """The two members of a pair; ``pair_id`` is also the xAPI registration of everything they do together."""

    pair_id: UUID
    mentor: Actor
    mentee: Actor

    def member(self, role: Role) -> Actor:
        return self.mentor if role is Role.MENTOR else self.mentee


@dataclass(frozen=True)
class ObjectiveContext:
    """One objective: its owner is the pair's member in ``owner``; ``tag`` stands for its words."""

    objective_id: UUID
    owner: Role
    tag: Tag


@dataclass(frozen=True)
class SessionContext:
    """One session as it was logged. ``format`` is a short code ("coaching"), never words of a person.

    ``mode``: how the two spoke to each other; None where that is not known. ``started_at`` has the precision that is
    known: the day in the time zone of whoever logged it, or an aware moment.
    """

    session_id: UUID
    started_at: date | datetime
    length: timedelta
    format: str
    mode: Mode | None = None

    def __post_init__(self) -> None:
        if not _SLUG.fullmatch(self.format) or len(self.format) > 40:
            raise ValueError("a session's format is a short code of small letters, digits and hyphens")


@dataclass(frozen=True)
class EvidenceContext:
    """Why an objective counts as reached: the kind, and the LRS statement when one proves it."""

    kind: Evidence
    statement_id: UUID | None = None


@dataclass(frozen=True)
class Statement:
    """A finished statement: ``body`` is what is stored and sent, unchanged, however many times.

    ``xapi_registration`` and ``timestamp`` order its sending. ``id`` is computed from what it says: ``subject_id``,
    ``revision``, ``verb`` and ``actor``, as :func:`xapi.identity.statement_id` describes them.
    """

    id: UUID
    xapi_registration: UUID
    timestamp: datetime
    body: bytes
    subject_id: UUID
    revision: int
    verb: str
    actor: str

    @property
    def document(self) -> dict[str, Any]:
        """The statement as JSON data: a fresh copy each time, so that nobody can change what is sent."""
        document: dict[str, Any] = json.loads(self.body)
        return document
