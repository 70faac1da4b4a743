"""Who somebody is in a statement, and in which programme, cohort and course what it says happened.

An actor is an account of the tool, named by the person's pseudonym, or, where their registration shows the platform's
accounts (``tandem registrations actor-account``), what the platform itself would send: home page = issuer, name =
``sub``. The ids of statements are computed from the pseudonym in either case. The IRI of a course is
``<issuer>/lti/deployments/<deployment id>/contexts/<context id>``, each id percent-encoded.
"""

from __future__ import annotations

import uuid
from functools import lru_cache
from urllib.parse import quote, urlsplit

from lti_tool.lti.platforms import platform_of
from lti_tool.lti.registration.models import ActorAccount
from lti_tool.subscribers.concerned_values import CohortValues, ConcernedParticipant, CourseValues
from xapi.context import Actor, CohortContext, StatementContext


def actor_of(participant: ConcernedParticipant, *, iri_base: str) -> Actor:
    """The account that stands for a participant. ``iri_base``: the home page of the tool's own accounts."""
    pseudonym = str(participant.pseudonym)
    if participant.actor_account == ActorAccount.LMS:
        return Actor(participant.issuer, participant.subject, pseudonym=pseudonym)
    return Actor(iri_base, pseudonym)


def context_in(
    cohort: CohortValues,
    programme_id: uuid.UUID,
    placement_id: uuid.UUID | None,
    *,
    iri_base: str,
    language: str,
) -> StatementContext:
    """The context of what happened in a cohort. ``placement_id``: through which activity whoever acted came, if any."""
    course = course_in(cohort, placement_id)
    return StatementContext(
        iri_base=iri_base,
        programme_id=programme_id,
        programme_name=cohort.title,
        course_iri=course_iri(course.issuer, course.deployment_id, course.context_id) if course else None,
        platform=_platform_name(course) if course else None,
        language=language,
        course_title=course.title if course else None,
        cohort=CohortContext(cohort.id, cohort.starts_on),
    )


def course_in(cohort: CohortValues, placement_id: uuid.UUID | None) -> CourseValues | None:
    """The course of the activity through which whoever acted came, else of the cohort's oldest."""
    oldest = next(iter(cohort.placements.values()), None)
    chosen = cohort.placements.get(placement_id, oldest) if placement_id is not None else oldest
    return cohort.courses[chosen.course_id] if chosen is not None else None


@lru_cache(maxsize=1024)
def course_iri(issuer: str, deployment_id: str, context_id: str) -> str:
    """The IRI of an LTI context, the same in every statement: the ids are unique under their issuer."""
    deployment, context = quote(deployment_id, safe=""), quote(context_id, safe="")
    return f"{issuer.rstrip('/')}/lti/deployments/{deployment}/contexts/{context}"


def _platform_name(course: CourseValues) -> str:
    known = platform_of(course.issuer, course.platform_family).name
    return known or urlsplit(course.issuer).hostname or course.issuer
