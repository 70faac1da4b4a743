"""The course and its one LTI block, standing in for Open edX's courseware.

The block is the real `LtiConsumerXBlock`, so launches and grades are made by Open edX's own code; only what it
asks of the surrounding LMS is answered here. `connect_courseware` replaces the functions of
`lti_consumer.plugin.compat`, the one module in which that code reaches into the LMS.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import crum
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ValidationError
from lms.models import ExternalId, Membership, PublishedGrade
from lti_consumer.exceptions import LtiError
from lti_consumer.lti_1p3 import consumer
from lti_consumer.lti_xblock import LtiConsumerXBlock
from lti_consumer.plugin import compat
from opaque_keys.edx.keys import CourseKey, UsageKey
from opaque_keys.edx.locator import BlockUsageLocator
from xblock.core import XBlockMixin
from xblock.field_data import DictFieldData
from xblock.fields import ScopeIds
from xblock.reference.user_service import XBlockUser
from xblock.runtime import MemoryIdManager, Runtime

STAFF_ROLES = ("staff", "instructor", "limited_staff")


@dataclass(frozen=True)
class Course:
    """The one course: what the context claim says of it, and where its LTI block is."""

    key: CourseKey
    title: str
    organisation: str
    location: BlockUsageLocator
    activity_title: str
    points: float
    accept_grades_past_due: bool
    share_people: bool
    due: datetime | None
    member_limit: int

    @property
    def display_name_with_default(self) -> str:
        """The title, under the name Open edX's block asks for."""
        return self.title

    @property
    def display_org_with_default(self) -> str:
        """The organisation, under the name Open edX's block asks for."""
        return self.organisation


class LmsFields(XBlockMixin):
    """The fields that every block in an Open edX course inherits from it."""

    due: datetime | None = None
    graceperiod: timedelta | None = None
    graded = True
    start: datetime | None = None


class UserService:
    """Tells the block who is looking at it."""

    def __init__(self, user: User | None) -> None:
        self.user = user

    def get_current_user(self) -> XBlockUser:
        """The person with Open edX's attributes; an anonymous one when nobody is logged in."""
        if self.user is None:
            return XBlockUser(is_current_user=True)
        known = XBlockUser(is_current_user=True, emails=[self.user.email], full_name=self.user.profile.name)
        known.opt_attrs = {
            "edx-platform.is_authenticated": True,
            "edx-platform.user_id": self.user.id,
            "edx-platform.username": self.user.username,
            "edx-platform.user_role": self.user.membership.launch_role,
            "edx-platform.user_is_staff": self.user.is_staff,
        }
        return known

    def get_external_user_id(self, type_name: str) -> str | None:
        """The person's opaque id for LTI, or None for nobody."""
        if self.user is None or type_name != "lti":
            return None
        return str(ExternalId.objects.get(user=self.user).external_user_id)


class RebindService:
    """In Open edX, binds a block loaded for nobody to a person's state. Here the grade names the person."""

    def rebind_noauth_module_to_user(self, block: LtiConsumerXBlock, user: User) -> None:
        """Binds the block to the person."""
        block.scope_ids = block.scope_ids._replace(user_id=user.id)


class CourseRuntime(Runtime):
    """The least runtime in which the block runs: it publishes grades into `PublishedGrade`."""

    def __init__(self, user: User | None) -> None:
        ids = MemoryIdManager()
        super().__init__(
            id_reader=ids,
            id_generator=ids,
            services={"user": UserService(user), "rebind_user": RebindService()},
        )

    def publish(self, block: LtiConsumerXBlock, event_type: str, event_data: dict[str, Any]) -> None:
        """Keeps a `grade` event; refuses any other, since nothing here would handle it."""
        if event_type != "grade":
            raise NotImplementedError(event_type)
        PublishedGrade.objects.create(
            user_id=event_data["user_id"], value=event_data["value"], max_value=event_data["max_value"]
        )

    def handler_url(
        self, block: Any, handler_name: str, suffix: str = "", query: str = "", thirdparty: bool = False
    ) -> str:
        """Unused: launches here begin at the address that the block computes itself."""
        raise NotImplementedError

    def resource_url(self, resource: str) -> str:
        """Unused: nothing is drawn."""
        raise NotImplementedError

    def local_resource_url(self, block: Any, uri: str) -> str:
        """Unused: nothing is drawn."""
        raise NotImplementedError


class CourseLtiBlock(LtiConsumerXBlock, LmsFields):
    """The block as a course holds it; its comment is kept with the grade it came with."""

    def set_user_module_score(self, user: User, score: float, max_score: float, comment: str = "") -> None:
        """Lets Open edX publish the grade, then notes the comment beside it."""
        super().set_user_module_score(user, score, max_score, comment)
        grade = PublishedGrade.objects.filter(user=user).latest("id")
        grade.comment = comment
        grade.save()


def block_for(course: Course, user: User | None) -> LtiConsumerXBlock:
    """The course's LTI block, bound to a person or to nobody."""
    settings_of_block = DictFieldData(
        {
            "display_name": course.activity_title,
            "lti_version": "lti_1p3",
            "config_type": "database",
            "has_score": True,
            "weight": course.points,
            "accept_grades_past_due": course.accept_grades_past_due,
            "ask_to_send_username": course.share_people,
            "ask_to_send_full_name": course.share_people,
            "ask_to_send_email": course.share_people,
        }
    )
    scope_ids = ScopeIds(user.id if user else None, "lti_consumer", course.location, course.location)
    block = CourseLtiBlock(CourseRuntime(user), field_data=settings_of_block, scope_ids=scope_ids)
    block.due = course.due
    return block


def keep_keys_loaded() -> None:
    """Loads the platform's private key once, and not at every request: OpenSSL checks it for 50 ms, twice."""
    consumer.PlatformKeyHandler = lru_cache(consumer.PlatformKeyHandler)


def connect_courseware(course: Course) -> None:
    """Replaces the functions with which Open edX's LTI code asks its LMS for blocks, people and rights."""

    def load_enough_xblock(location: UsageKey) -> LtiConsumerXBlock:
        if location != course.location:
            raise LookupError(f"There is no block at {location}.")
        return block_for(course, None)

    def load_block_as_user(location: UsageKey) -> LtiConsumerXBlock:
        load_enough_xblock(location)
        user = crum.get_current_user()
        return block_for(course, user if user is not None and user.is_authenticated else None)

    def get_user_from_external_user_id(external_user_id: str) -> User:
        try:
            return ExternalId.objects.get(external_user_id=external_user_id).user
        except ExternalId.DoesNotExist as unknown:
            raise LtiError("Invalid User") from unknown
        except ValidationError as malformed:
            raise LtiError("Invalid userID") from malformed

    def batch_get_or_create_externalids(users: Any) -> dict[int, ExternalId]:
        return {user.id: ExternalId.objects.get_or_create(user=user)[0] for user in users}

    def get_course_members(course_key: CourseKey) -> dict[int, dict[str, Any]]:
        if course_key != course.key:
            raise LookupError(f"There is no course {course_key}.")
        if Membership.objects.filter(enrolled=True).count() > course.member_limit:
            raise LtiError(f"NRPS is not available for {course_key}")
        return {
            membership.user_id: {
                "id": membership.user_id,
                "username": membership.user.username,
                "email": membership.user.email,
                "name": membership.user.profile.name,
                "enrollment_mode": "audit" if membership.enrolled else None,
                "roles": membership.roster_roles,
            }
            for membership in Membership.objects.select_related("user__profile")
        }

    def get_course_by_id(course_key: CourseKey) -> Course | None:
        return course if course_key == course.key else None

    def is_member(course_of_block: Course, user: User | AnonymousUser, *_: Any, **__: Any) -> bool:
        return user.is_authenticated and Membership.objects.filter(user=user).exists()

    def user_has_access(user: User | AnonymousUser, *_: Any, **__: Any) -> bool:
        return is_member(course, user)

    def user_has_studio_write_access(user: User | AnonymousUser, course_key: CourseKey) -> bool:
        if not user.is_authenticated or course_key != course.key:
            return False
        return Membership.objects.filter(user=user, course_role__in=STAFF_ROLES).exists()

    compat.load_enough_xblock = load_enough_xblock
    compat.load_block_as_user = load_block_as_user
    compat.get_user_from_external_user_id = get_user_from_external_user_id
    compat.batch_get_or_create_externalids = batch_get_or_create_externalids
    compat.get_course_members = get_course_members
    compat.get_course_by_id = get_course_by_id
    compat.user_course_access = is_member
    compat.user_has_access = user_has_access
    compat.user_has_studio_write_access = user_has_studio_write_access
