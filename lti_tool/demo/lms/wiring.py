"""What every view of the LMS reaches for: settings, store, keys, and who is looking."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import cast

from flask import current_app, request
from itsdangerous import BadSignature, URLSafeSerializer

from lti_tool.demo.lms.course import LmsCourse, all_courses, find_course, the_course
from lti_tool.demo.lms.people import LmsPerson, find_person, is_of_course
from lti_tool.demo.lms.platform import PlatformKey
from lti_tool.demo.lms.refusals import Refusal
from lti_tool.demo.lms.secrets_file import cookie_secret, loaded_key, platform_private_key, public_pem
from lti_tool.demo.lms.settings import LmsSettings
from lti_tool.demo.lms.store import CANVAS_PEOPLE, Store
from lti_tool.demo.lms.tool_keys import ToolKeys

USER_COOKIE = "lms_user"
LANGUAGE_COOKIE = "lms_lang"
COURSE_COOKIE = "lms_course"


@dataclass(frozen=True)
class Lms:
    """One LMS, ready to serve."""

    settings: LmsSettings
    store: Store
    key: PlatformKey
    tool_keys: ToolKeys
    cookie_secret: str

    @classmethod
    def open(cls, settings: LmsSettings) -> Lms:
        """Open the LMS's folder; a new one gets its people, its course and its keys."""
        private = loaded_key(platform_private_key(settings.data_dir))
        return cls(
            settings=settings,
            store=Store(
                settings.data_dir / "lms.sqlite3", further_people=CANVAS_PEOPLE if settings.is_canvas else ()
            ),
            key=PlatformKey(private, public_pem(private)),
            tool_keys=ToolKeys(settings.http_seconds),
            cookie_secret=cookie_secret(settings.data_dir),
        )

    @property
    def issuer(self) -> str:
        """Issuer and base address."""
        return self.settings.issuer

    def user_cookies(self) -> URLSafeSerializer:
        """Signs and reads the ``lms_user`` cookie."""
        return URLSafeSerializer(self.cookie_secret, salt="lms-user")

    def page_marks(self) -> URLSafeSerializer:
        """Signs and reads the opaque, case-sensitive marks of the roster's pages."""
        return URLSafeSerializer(self.cookie_secret, salt="lms-roster-page")


def current_lms() -> Lms:
    """The LMS that serves this request."""
    return cast(Lms, current_app.extensions["lms"])


def current_person() -> LmsPerson | None:
    """Whoever the ``lms_user`` cookie says is looking; None when nobody has been picked."""
    lms = current_lms()
    cookie = request.cookies.get(USER_COOKIE)
    if not cookie:
        return None
    try:
        person_id = lms.user_cookies().loads(cookie)
    except BadSignature:
        return None
    with lms.store.reading() as db:
        return find_person(db, person_id)


def require_person() -> LmsPerson:
    """The person who is looking, or a refusal."""
    person = current_person()
    if person is None:
        raise Refusal(401, "not_logged_in", "Choose who you are first.")
    return person


def require_teacher() -> LmsPerson:
    """The tutor or administrator who is looking, or a refusal."""
    person = require_person()
    if not person.teaches:
        raise Refusal(403, "tutors_only", "Only a tutor or an administrator may do this.")
    return person


def require_admin() -> LmsPerson:
    """The administrator who is looking, or a refusal."""
    person = require_person()
    if person.role != "admin":
        raise Refusal(403, "administrators_only", "Only the administrator may do this.")
    return person


def viewed_course(db: sqlite3.Connection) -> LmsCourse:
    """The course that whoever is looking is in; of somebody in several, the one they opened last."""
    person = current_person()
    given = request.cookies.get(COURSE_COOKIE, "")
    opened = int(given) if given.isascii() and given.isdigit() and len(given) < 16 else 0
    if person is not None and person.course_id is not None and not is_of_course(db, person.id, opened):
        return find_course(db, person.course_id)
    known = {course.id: course for course in all_courses(db)}
    return known.get(opened) or the_course(db)


def current_locale() -> str:
    """ "fr" or "en": from ``?lang=``, the language cookie, the browser, then the settings."""
    for language in (request.args.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if language in ("fr", "en"):
            return str(language)
    return request.accept_languages.best_match(["fr", "en"]) or current_lms().settings.default_locale
