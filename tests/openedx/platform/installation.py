"""The rows that an Open edX administrator would make by hand: people, the course's block, the tool's passport."""

from __future__ import annotations

from typing import Any

from configuration import Configuration, Person, Tool
from courseware import Course
from django.contrib.auth.models import User
from lms.models import ExternalId, Membership, Profile, PublishedGrade
from lti_consumer.models import (
    CourseAllowPIISharingInLTIFlag,
    Lti1p3Passport,
    LtiAgsLineItem,
    LtiAgsScore,
    LtiConfiguration,
    LtiDlContentItem,
)
from lti_consumer.utils import (
    get_lms_lti_access_token_link,
    get_lms_lti_keyset_link,
    get_lms_lti_launch_link,
    get_lti_ags_lineitems_url,
    get_lti_api_base,
    get_lti_nrps_context_membership_url,
)
from opaque_keys.edx.keys import CourseKey


def course_of(configuration: Configuration) -> Course:
    """The course that the configuration describes."""
    chosen = configuration.course
    key = CourseKey.from_string(f"course-v1:{chosen.org}+{chosen.course}+{chosen.run}")
    return Course(
        key=key,
        title=chosen.title,
        organisation=chosen.org,
        location=key.make_usage_key("lti_consumer", "mentoring"),
        activity_title=chosen.activity_title,
        points=chosen.points,
        accept_grades_past_due=chosen.accept_grades_past_due,
        share_people=chosen.share_people,
        due=chosen.due_date,
        member_limit=chosen.member_limit,
    )


def install(configuration: Configuration, course: Course) -> None:
    """Writes everybody and everything that the platform has when it opens."""
    for person in configuration.people:
        add_person(person)
    CourseAllowPIISharingInLTIFlag.objects.create(course_id=course.key, enabled=course.share_people)
    LtiConfiguration.objects.create(
        version=LtiConfiguration.LTI_1P3,
        config_store=LtiConfiguration.CONFIG_ON_DB,
        location=course.location,
        lti_1p3_passport=Lti1p3Passport.objects.create(
            name=course.activity_title, lti_1p3_client_id=configuration.client_id
        ),
        lti_advantage_enable_nrps=True,
        lti_advantage_ags_mode=configuration.course.ags_mode,
    )
    connect_tool(configuration.tool)


def add_person(person: Person) -> User:
    """Adds someone to the course."""
    user = User.objects.create(username=person.username, email=person.email)
    Profile.objects.create(user=user, name=person.name)
    ExternalId.objects.create(user=user)
    Membership.objects.create(
        user=user,
        enrolled=person.enrolled,
        course_role="" if person.role == "student" else person.role,
    )
    return user


def connect_tool(tool: Tool) -> None:
    """Stores the tool's addresses, as an administrator does in the LTI configuration and its passport."""
    configuration = LtiConfiguration.objects.get()
    configuration.lti_1p3_oidc_url = tool.login_url
    configuration.lti_1p3_launch_url = tool.launch_url
    configuration.lti_1p3_redirect_uris = tool.redirect_uris
    configuration.lti_advantage_deep_linking_enabled = bool(tool.deep_linking_url)
    configuration.lti_advantage_deep_linking_launch_url = tool.deep_linking_url
    configuration.save()
    passport = configuration.lti_1p3_passport
    passport.lti_1p3_tool_keyset_url = tool.jwks_url
    passport.save()


def forget_activity() -> None:
    """Removes what tools have done: line items, scores, grades, deep links. People and addresses stay."""
    for model in (LtiAgsScore, LtiAgsLineItem, LtiDlContentItem, PublishedGrade):
        model.objects.all().delete()


def information(course: Course) -> dict[str, Any]:
    """What an administrator copies into the tool, and what tests want to compare with."""
    configuration = LtiConfiguration.objects.get()
    # In declarative mode this makes the line item, as any launch does.
    consumer = configuration.get_lti_consumer()
    ags = consumer.ags
    return {
        "issuer": get_lti_api_base(),
        "client_id": configuration.lti_1p3_client_id,
        "deployment_id": consumer.deployment_id,
        "auth_login_url": get_lms_lti_launch_link(),
        "auth_token_url": get_lms_lti_access_token_link(configuration.passport_id),
        "jwks_url": get_lms_lti_keyset_link(configuration.passport_id),
        "line_items_url": ags.lineitems_url if ags else None,
        "line_item_url": ags.lineitem_url if ags else None,
        "memberships_url": get_lti_nrps_context_membership_url(configuration.id),
        "context_id": str(course.key),
        "block_location": str(course.location),
        "resource_link_id": str(course.location),
        "people": {
            user.username: {
                "user_id": str(user.externalid.external_user_id),
                "name": user.profile.name,
                "email": user.email,
                "role": user.membership.launch_role,
            }
            for user in User.objects.select_related("externalid", "profile", "membership")
        },
    }


def gradebook() -> dict[str, list[dict[str, Any]]]:
    """`scores` as the tool sent them (latest for each line item and person), `published` as the course got them."""
    usernames = {
        str(external.external_user_id): external.user.username
        for external in ExternalId.objects.select_related("user")
    }
    return {
        "scores": [
            {
                "line_item": get_lti_ags_lineitems_url(
                    score.line_item.lti_configuration_id, score.line_item_id
                ),
                "label": score.line_item.label,
                "user_id": score.user_id,
                "username": usernames.get(score.user_id),
                "score_given": score.score_given,
                "score_maximum": score.score_maximum,
                "comment": score.comment,
                "activity_progress": score.activity_progress,
                "grading_progress": score.grading_progress,
                "timestamp": score.timestamp.isoformat(),
            }
            for score in LtiAgsScore.objects.select_related("line_item").order_by("id")
        ],
        "published": [
            {
                "username": grade.user.username,
                "value": grade.value,
                "max_value": grade.max_value,
                "comment": grade.comment,
            }
            for grade in PublishedGrade.objects.select_related("user").order_by("id")
        ],
    }
