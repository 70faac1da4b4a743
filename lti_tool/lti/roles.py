"""The platform's role URIs become what a person may do in a course. URIs are compared whole, never searched.

LTI 1.3 core, appendix A (https://www.imsglobal.org/spec/lti/v1p3#role-vocabularies). Decisions:

- Only roles *in the course* (``membership``) open a tutor's pages. An institution's Instructor may well be here to
  learn, and a site administrator is flagged as such without becoming anybody's tutor.
- ``membership/Learner#Instructor`` is a kind of learner: a sub-role belongs to the role before the ``#``.
- Every sub-role of Instructor is a tutor, teaching assistants included: they look after the same people.
  A ContentDeveloper is one too, since it is they who place the activity in a course and set it up.
- The LIS role Mentor observes learners (Canvas: observer) and is not the mentor of a pair. They see how far those are
  whom ``role_scope_mentor`` names, and nobody else; what a pair shares stays with the pair.
- An administrator of the site or the institution who has no role in the course is not enrolled in it: they look, and
  take no part. Canvas launches its account administrators so (lib/lti/substitutions_helper.rb), whatever account
  theirs is; so they may use the content picker, to which Canvas lets those alone who may change the course
  (require_context_update_rights in app/controllers/lti/ims/deep_linking_controller.rb), and may do no more.
- The platform's test student is a teacher who looks at the course as learners see it, and takes no part either;
  nothing is kept of them.
- Where nothing is known, a person is a learner: the least that is of any use. But Canvas names a role in the course of
  everybody who is enrolled now: whoever has roles in the institution alone has left the course, or looks in from
  outside.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from lti_tool.identity.models import CourseRole

LIS = "http://purl.imsglobal.org/vocab/lis/v2/"
LTI = "http://purl.imsglobal.org/vocab/lti/"

_INSTRUCTOR_SUB_ROLES = (
    "ExternalInstructor",
    "Grader",
    "GuestInstructor",
    "Lecturer",
    "PrimaryInstructor",
    "SecondaryInstructor",
    "TeachingAssistant",
    "TeachingAssistantGroup",
    "TeachingAssistantOffering",
    "TeachingAssistantSection",
    "TeachingAssistantTemplate",
)
_LEARNER_SUB_ROLES = ("ExternalLearner", "GuestLearner", "Instructor", "Learner", "NonCreditLearner")
_MENTOR_SUB_ROLES = (
    "Advisor",
    "Auditor",
    "ExternalAdvisor",
    "ExternalAuditor",
    "ExternalLearningCoach",
    "ExternalMentor",
    "ExternalReviewer",
    "ExternalTutor",
    "LearningCoach",
    "Mentor",
    "Reviewer",
    "Tutor",
)


def _context_roles(*names: str) -> set[str]:
    """A role's URI, and its short name, which the specification allows for roles in a context alone."""
    return {f"{LIS}membership#{name}" for name in names} | set(names)


TUTOR_ROLES = frozenset(
    _context_roles("Instructor", "Administrator", "ContentDeveloper")
    | {f"{LIS}membership/Instructor#{name}" for name in _INSTRUCTOR_SUB_ROLES}
)
LEARNER_ROLES = frozenset(
    _context_roles("Learner") | {f"{LIS}membership/Learner#{name}" for name in _LEARNER_SUB_ROLES}
)
OBSERVER_ROLES = frozenset(
    _context_roles("Mentor") | {f"{LIS}membership/Mentor#{name}" for name in _MENTOR_SUB_ROLES}
)
ADMIN_ROLES = frozenset(
    {
        f"{LIS}institution/person#Administrator",
        f"{LIS}system/person#Administrator",
        f"{LIS}system/person#SysAdmin",
    }
)
TEST_USER_ROLES = frozenset({f"{vocabulary}system/person#TestUser" for vocabulary in (LIS, LTI)})
"""The specification and Canvas write it under ``vocab/lti``; some platforms under ``vocab/lis/v2``."""


_OUTSIDE_COURSE: Final = (f"{LIS}institution/person#", f"{LIS}system/person#")
"""How the URIs of roles in the institution and on the site begin."""


@dataclass(frozen=True)
class ResolvedRoles:
    """What the roles of one launch, or of one member of a roster, amount to."""

    role: CourseRole
    is_admin: bool = False
    """An administrator of the site or the institution; says nothing about the course."""
    is_test_user: bool = False
    """The platform's "student view": sees what learners see, and is nobody."""
    is_enrolled: bool = True
    """False where it is certain that the person has no part in the course now."""


def resolve(uris: Collection[str], *, names_enrolments: bool = False) -> ResolvedRoles:
    """The strongest role that these URIs give: those of the roles claim, or of a roster member's ``roles``.

    ``names_enrolments``: the platform names a role in the course of everybody who is enrolled in it.
    """
    held = frozenset(uris)
    is_admin, is_test_user = bool(held & ADMIN_ROLES), bool(held & TEST_USER_ROLES)
    is_outside = bool(held) and all(uri.startswith(_OUTSIDE_COURSE) for uri in held)
    if names_enrolments and is_outside and not (is_admin or is_test_user):
        return ResolvedRoles(role=CourseRole.OBSERVER, is_enrolled=False)
    if held & TUTOR_ROLES:
        role = CourseRole.TUTOR
    elif is_test_user or ((is_admin or held & OBSERVER_ROLES) and not held & LEARNER_ROLES):
        role = CourseRole.OBSERVER
    else:
        role = CourseRole.LEARNER
    return ResolvedRoles(role=role, is_admin=is_admin, is_test_user=is_test_user)
