"""From parts to a statement: the context, the id, the rules about the whole, and the bytes that are sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

import tincan

from xapi import activities, encoding, parts, vocabulary
from xapi.context import Actor, PairContext, Statement, StatementContext
from xapi.identity import statement_id
from xapi.parts import MOST_KEPT, Part, composed, extended, part, plain
from xapi.validation import validate_whole
from xapi.vocabulary import Role, Term


def programme_context(context: StatementContext, enrolment_id: UUID, role: Role) -> Part:
    """What a participant's own statements share: there is no pair in them, so no team and no parent."""
    return composed(
        tincan.Context,
        {
            **_in_programme(context),
            "registration": plain(enrolment_id, str(enrolment_id)),
            "contextActivities": activities.of_programme(context),
            "extensions": _extensions({vocabulary.EXT_ROLE: role.value}),
        },
    )


def pair_context(
    context: StatementContext,
    pair: PairContext,
    role: Role,
    *,
    below_programme: bool = False,
    statement: UUID | None = None,
    extensions: Mapping[str, str] | None = None,
) -> Part:
    """The context of a pair's statement about its member in ``role``.

    The parent is the pair, or the programme where the pair itself is the object. ``statement``: another that it is
    about.
    """
    found = {"extensions": _extensions({vocabulary.EXT_ROLE: role.value, **(extensions or {})})}
    if statement is not None:
        found["statement"] = parts.statement_ref("$.context.statement", statement)
    return extended(_of_member(context, pair, role, below_programme), found)


@lru_cache(maxsize=MOST_KEPT)
def _of_member(context: StatementContext, pair: PairContext, role: Role, below_programme: bool) -> Part:
    """What all statements of a pair about one of the two share; on the mentee's, the mentor is the instructor."""
    above = activities.below_programme(context) if below_programme else None
    found = {
        **_in_programme(context),
        "registration": plain(pair.pair_id, str(pair.pair_id)),
        "team": parts.team(f"{context.id_base}/xapi/pairs", pair.pair_id),
        "contextActivities": above or activities.below_pair(context, pair.pair_id),
    }
    if role is Role.MENTEE:
        found["instructor"] = parts.agent(pair.mentor, "$.context.instructor")
    return composed(tincan.Context, found)


def _in_programme(context: StatementContext) -> dict[str, Part]:
    """What all statements of a programme share that are about an activity."""
    found = {"language": _language(context.language)}
    if context.platform is not None:
        found["platform"] = part("$.context.platform", context.platform, context.platform)
    return found


def voiding_context(context: StatementContext, xapi_registration: UUID) -> Part:
    """The context of a voiding statement, which follows no template of the profile and so has no category."""
    return composed(
        tincan.Context,
        {
            "registration": plain(xapi_registration, str(xapi_registration)),
            "language": _language(context.language),
        },
    )


def _language(tag: str) -> Part:
    return part("$.context.language", tag, tag)


def _extensions(values: dict[str, str]) -> Part:
    return part("$.context.extensions", tincan.Extensions(values), values)


@lru_cache(maxsize=MOST_KEPT)
def _actor_and_verb(actor: Actor, verb: Term) -> Part:
    """The beginning of all statements that say this of this actor."""
    return composed(tincan.Statement, {"actor": parts.agent(actor), "verb": parts.verb(verb)})


def assemble(
    context: StatementContext,
    verb: Term,
    actor: Actor,
    target: Part,
    statement_context: Part,
    *,
    subject_id: UUID,
    recorded_at: datetime,
    revision: int,
    now: datetime | None,
    pair: PairContext | None = None,
    result: Part | None = None,
) -> Statement:
    """The statement of these parts: checked as a whole, and frozen."""
    registration: UUID = statement_context.model.registration
    identifier = statement_id(registration, subject_id, revision, verb.iri, context.id_base, actor.id_name)
    timestamp = encoding.timestamp(recorded_at)
    found = {
        "id": plain(identifier, str(identifier)),
        "object": target,
        "context": statement_context,
        "timestamp": plain(recorded_at, timestamp),
    }
    if result is not None:
        found["result"] = result
    whole = extended(_actor_and_verb(actor, verb), found)
    people = (actor,) if pair is None else (actor, pair.mentor, pair.mentee)
    named = {(one.home_page, one.name) for one in people if one.pseudonym is not None}
    validate_whole(whole.document, now=now, platform_accounts=named)
    return Statement(
        id=identifier,
        xapi_registration=registration,
        timestamp=datetime.fromisoformat(timestamp).astimezone(UTC),
        body=whole.text.encode(),
        subject_id=subject_id,
        revision=revision,
        verb=verb.iri,
        actor=actor.id_name,
    )
