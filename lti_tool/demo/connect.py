"""What an admin and a tutor do once in an LMS, done over HTTP: connect the tool, add the activity to the course."""

from __future__ import annotations

from lti_tool.demo.browser import Browser, PageError


def log_in_as(browser: Browser, lms_url: str, role: str) -> str:
    """Log in to the LMS as the first person with ``role`` (admin, teacher, student); returns their id."""
    people = browser.json(f"{lms_url}/people.json")
    person = next((person for person in people if person["role"] == role), None)
    if person is None:
        raise PageError(f"the LMS has nobody whose role is {role}")
    browser.open(f"{lms_url}/login", {"person_id": person["id"], "next": "/"})
    return str(person["id"])


def connect_tool(admin: Browser, lms_url: str, setup_url: str) -> str:
    """Register the tool from its set-up page, as an admin, and activate it; returns the LMS's id for it."""
    log_in_as(admin, lms_url, "admin")
    before = {tool["id"] for tool in admin.json(f"{lms_url}/admin/tools.json")}
    setup = admin.open(setup_url)
    registration_url = setup.values["registration-url"]
    frame = admin.open(f"{lms_url}/admin/registrations", {"registration_url": registration_url})
    consent = admin.open(frame.link("registration_token"))
    admin.submit(consent.form(having="registration_token"))
    added = [tool["id"] for tool in admin.json(f"{lms_url}/admin/tools.json") if tool["id"] not in before]
    if len(added) != 1:
        raise PageError(f"the LMS lists {len(added)} new tools instead of one")
    admin.open(f"{lms_url}/admin/tools/{added[0]}/activate", {})
    return str(added[0])


def add_activity(
    tutor: Browser, lms_url: str, *, template: str, tool_id: str | None = None, **choices: str
) -> str:
    """Add the activity from the LMS's content picker, as a tutor; returns the LMS's id for it.

    ``choices``: further fields of the tool's page, such as its ``group``. A new group starts at once.
    """
    log_in_as(tutor, lms_url, "teacher")
    before = {activity["id"] for activity in tutor.json(f"{lms_url}/course.json")["activities"]}
    chooser = tutor.open(f"{lms_url}/activities/new")
    picker = chooser.link(f"/activities/new?tool={tool_id or ''}")
    choose = tutor.open(tutor.open(picker).link("/deep-link/"))
    tutor.submit(choose.form(having="title"), template=template, **{"begin": "now", **choices})
    activities = tutor.json(f"{lms_url}/course.json")["activities"]
    added = [activity for activity in activities if activity["id"] not in before]
    if len(added) != 1:
        raise PageError(f"the course shows {len(added)} new activities instead of one")
    if not added[0]["published"]:
        tutor.open(f"{lms_url}/activities/{added[0]['id']}/publish", {})
    return str(added[0]["id"])
