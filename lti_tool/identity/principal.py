"""Who is asking: a person by a launch, the operator at the command line, or the tool itself.

Later kinds (a sign-in link, an API token, a follow-up link) are further values of :class:`PrincipalKind` with the same
fields; :mod:`lti_tool.identity.policy` says what each may do.
"""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass


class CourseRole(enum.StrEnum):
    """What a person may do in a course, after the platform's role URIs have been mapped."""

    TUTOR = "tutor"
    LEARNER = "learner"
    OBSERVER = "observer"
    SWITCHED = "switched"
    """A tutor before, and a learner by the latest launch: they have switched their role to see what learners see, or
    teach there no more, and have not said which. They look, and take no part."""


class PrincipalKind(enum.StrEnum):
    """The kind of a principal."""

    NOBODY = "nobody"
    """A request without a launch: anybody."""
    PERSON = "person"
    """A person whom a platform named in a launch."""
    ANONYMOUS = "anonymous"
    """A launch in which the platform named nobody, or its test student."""
    OPERATOR = "operator"
    """Whoever can run commands on the installation."""
    TOOL = "tool"
    """The tool itself, such as in a scheduled job or a migration."""
    NOT_RECORDED = "not_recorded"
    """Only in old events: the first version did not record who acted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The principal of a request, with the values that the policy needs."""

    kind: PrincipalKind
    person_id: uuid.UUID | None = None
    organisation_id: uuid.UUID | None = None
    """The company whose deployment launched."""
    course_id: uuid.UUID | None = None
    """The course in which the person launched."""
    placement_id: uuid.UUID | None = None
    """The activity through which the person came."""
    cohort_id: uuid.UUID | None = None
    """The cohort that this activity opens."""
    programme_id: uuid.UUID | None = None
    """The programme of that cohort."""
    role: CourseRole | None = None
    """In that course, by the person's latest own launch."""
    is_admin: bool = False
    """Whether the launch says that they administer the site or the institution."""
    owns_programmes: bool = False
    """Whether they own a programme of the company."""
    reads_programmes: bool = False
    """Whether they may read one for human resources."""
    active: bool = True
    """False once the person has left the course."""

    @property
    def acted_by(self) -> tuple[PrincipalKind, uuid.UUID | None]:
        """What an event keeps of who acted: the kind, and the id where the kind has any."""
        return self.kind, self.person_id


NOBODY = Principal(kind=PrincipalKind.NOBODY)
OPERATOR = Principal(kind=PrincipalKind.OPERATOR)
TOOL = Principal(kind=PrincipalKind.TOOL)
