"""The test's own endpoints: what an administrator, a person at a browser and a gradebook would do or see."""

from __future__ import annotations

import json

import requests_log
from configuration import ConfigurationError, Person, Tool, known_fields
from courseware import Course, block_for
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.html import format_html
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from installation import add_person, connect_tool, forget_activity, gradebook, information
from lti_consumer.api import get_lti_1p3_content_url, get_lti_1p3_launch_start_url


def the_course() -> Course:
    """The one course this platform has."""
    return settings.TEST_COURSE


@require_http_methods(["GET"])
def info(request: HttpRequest) -> JsonResponse:
    """What is copied into the tool: issuer, client and deployment ids, addresses, people."""
    return JsonResponse(information(the_course()))


@csrf_exempt
@require_http_methods(["PUT"])
def tool(request: HttpRequest) -> JsonResponse:
    """Stores where the tool is; the body is the configuration's `tool`."""
    try:
        connect_tool(known_fields(Tool, json.loads(request.body)))
    except (ConfigurationError, ValueError) as refused:
        return JsonResponse({"error": str(refused)}, status=400)
    return JsonResponse(information(the_course()))


@csrf_exempt
@require_http_methods(["POST"])
def people(request: HttpRequest) -> JsonResponse:
    """Adds one person to the course; the body is one of the configuration's `people`."""
    try:
        person = known_fields(Person, json.loads(request.body))
    except (ConfigurationError, TypeError, ValueError) as refused:
        return JsonResponse({"error": str(refused)}, status=400)
    user = add_person(person)
    return JsonResponse({"user_id": str(user.externalid.external_user_id)}, status=201)


def start_launch(request: HttpRequest) -> str:
    """Logs the person of `?user=` in, and returns the address at which their launch begins.

    With `deep_link=1` it is the launch with which a teacher chooses content in Studio.
    """
    user = get_object_or_404(User, username=request.GET.get("user", ""))
    login(request, user)
    launch_data = block_for(the_course(), user).get_lti_1p3_launch_data()
    if request.GET.get("deep_link"):
        return get_lti_1p3_launch_start_url(launch_data, deep_link_launch=True)
    return get_lti_1p3_content_url(launch_data)


@require_http_methods(["GET"])
def launch(request: HttpRequest) -> JsonResponse:
    """`{"url": …}`: the tool's login address with the parameters of the third-party initiated login."""
    return JsonResponse({"url": start_launch(request)})


@require_http_methods(["GET"])
def course_page(request: HttpRequest) -> HttpResponse:
    """The course's page as a browser shows it: the tool in a frame."""
    return HttpResponse(
        format_html(
            '<!doctype html><html lang="en"><title>{0}</title><h1>{0}</h1>'
            '<iframe title="{1}" src="{2}" width="900" height="700"></iframe></html>',
            the_course().title,
            the_course().activity_title,
            start_launch(request),
        )
    )


@require_http_methods(["GET"])
def grades(request: HttpRequest) -> JsonResponse:
    """The scores received and the grades that the course published."""
    return JsonResponse(gradebook())


@require_http_methods(["GET"])
def requests_seen(request: HttpRequest) -> JsonResponse:
    """Every request to Open edX's own endpoints since the start or the last reset."""
    return JsonResponse({"requests": list(requests_log.recorded)})


@csrf_exempt
@require_http_methods(["POST"])
def reset(request: HttpRequest) -> HttpResponse:
    """Forgets line items, scores, grades, deep links and the log. People and the tool's addresses stay."""
    forget_activity()
    requests_log.recorded.clear()
    return HttpResponse(status=204)
