"""People, enrolments, external ids and published grades, in the shapes that Open edX's LMS gives them."""

import uuid

from django.contrib.auth.models import User
from django.db import models


class Profile(models.Model):
    """A person's full name, kept beside the account as Open edX keeps it (`user.profile.name`)."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="profile")
    name = models.CharField(max_length=255, blank=True)


class ExternalId(models.Model):
    """The opaque id under which a person is known to LTI tools: the `sub` of launches, the roster's `user_id`."""

    user = models.OneToOneField(User, on_delete=models.CASCADE)
    external_user_id = models.UUIDField(unique=True, default=uuid.uuid4)


class Membership(models.Model):
    """A person's place in the one course: an enrolment, a course role, or both."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="membership")
    enrolled = models.BooleanField(default=True)
    course_role = models.CharField(max_length=32, blank=True)
    """`staff`, `instructor` or `limited_staff`; empty for a plain learner."""

    @property
    def launch_role(self) -> str:
        """The one role that a launch carries: the course role when there is one."""
        return self.course_role or "student"

    @property
    def roster_roles(self) -> list[str]:
        """Every role, as the roster lists them: an enrolled teacher is a student there as well."""
        return (["student"] if self.enrolled else []) + ([self.course_role] if self.course_role else [])


class PublishedGrade(models.Model):
    """One grade that the block published to the course's gradebook, in the order they came."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    value = models.FloatField(null=True)
    max_value = models.FloatField(null=True)
    comment = models.TextField(null=True, blank=True)
