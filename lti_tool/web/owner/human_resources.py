"""Reading programmes for human resources: the link by which an owner offers that, and what it lets somebody read.

The link leads to a page of the tool, which needs a launch to know who has come: of the launches in the same browser it
offers those of the company, and otherwise says where to paste the link. Nothing is spent by opening it: programs that
look through mail do that too.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Blueprint, abort, g, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.models import Course, Person, display_name
from lti_tool.identity.policy import Action
from lti_tool.lti.launch.login import BROWSER_COOKIE
from lti_tool.lti.launch.login_states import secret_hash
from lti_tool.lti.launch.models import LaunchSession
from lti_tool.lti.registration.models import Deployment
from lti_tool.mentoring.programmes import rights
from lti_tool.mentoring.programmes.models import Programme
from lti_tool.mentoring.programmes.right_models import HrLink
from lti_tool.web.access import allows, company_of_launch
from lti_tool.web.forms.bound import Form, Values, blank_form, sent_form
from lti_tool.web.forms.flash import flash_message
from lti_tool.web.launch.pylti_adapters import BrowserCookies
from lti_tool.web.launch_session import course_title, launch_url_for
from lti_tool.web.owner import programme_lists, settings_view
from lti_tool.web.services import current_principal, current_services, reading
from schemas.programme_rights import HrLinkForm, secret_of

MOST_SESSIONS: Final = 5

blueprint = Blueprint("human_resources", __name__)


@dataclass(frozen=True)
class OpenSession:
    """A launch in this browser, as which the link can be used."""

    id: uuid.UUID
    name: str | None
    course: str | None


@blueprint.app_template_global()
def offers_hr_link() -> bool:
    """Whether the page says where a link for human resources is used.

    Every first page does while the company of the launch has a link that waits: whoever reads for human resources may
    take part or teach as well. Only owners are not told, who make the links.
    """
    return (
        request.endpoint == "home.home"
        and g.get("hr_link_waits", False)
        and g.launch.person_id is not None
        and not current_principal().owns_programmes
    )


@blueprint.get("/hr")
@allows(Action.READ_PUBLIC_PAGES)
def arrive() -> ResponseReturnValue:
    """Where the link leads. It says nothing of the programme: nobody knows yet who has come."""
    secret, cookie = secret_of(request.args.get("link", "")), BrowserCookies().get_cookie(BROWSER_COOKIE)
    with reading() as db:
        link = db.scalar(sa.select(HrLink).where(HrLink.token_hash == rights.hash_of(secret)))
        is_open = (
            link is not None
            and link.used_at is None
            and link.withdrawn_at is None
            and link.expires_at > utcnow()
        )
        is_used = link is not None and link.used_at is not None
        expired_at = link.expires_at if link is not None and link.expires_at <= utcnow() else None
        sessions = _sessions(db, link, cookie) if link is not None and cookie and is_open else []
    html = render_template(
        "owner/hr_arrive.html",
        is_open=is_open,
        is_known=link is not None,
        is_used=is_used,
        expired_at=expired_at,
        link=link_address(secret) if is_open else "",
        sessions=sessions,
        secret=secret,
        hr_days=rights.HR_LINK_LASTS.days,
    )
    return html, 200 if is_open else 410


def link_address(secret: str) -> str:
    """The link of this secret, for an owner to send."""
    return f"{current_services().config.base_url}/hr?{urlencode({'link': secret})}"


def _sessions(db: Session, link: HrLink, cookie: str) -> list[OpenSession]:
    """The launches of this browser in the company of the link, the latest first, one for each person and course."""
    rows = db.execute(
        sa.select(LaunchSession.id, Person, Course.title)
        .join(Deployment, Deployment.id == LaunchSession.deployment_id)
        .join(Programme, Programme.organisation_id == Deployment.organisation_id)
        .join(Person, Person.id == LaunchSession.person_id)
        .outerjoin(Course, Course.id == LaunchSession.course_id)
        .where(
            Programme.id == link.programme_id,
            LaunchSession.secret_hash == secret_hash(cookie),
            LaunchSession.expires_at > utcnow(),
        )
        .order_by(LaunchSession.created_at.desc())
        .limit(MOST_SESSIONS * 4)
    )
    found: dict[tuple[uuid.UUID, str | None], OpenSession] = {}
    for session_id, person, course in rows:
        found.setdefault((person.id, course), OpenSession(session_id, display_name(person), course))
    return list(found.values())[:MOST_SESSIONS]


@blueprint.get("/l/<launch_key>/hr/")
@allows(Action.LIST_READ_PROGRAMMES, about=company_of_launch)
def index() -> ResponseReturnValue:
    """The programmes that whoever asks reads for human resources: what they are for, and when they run."""
    return list_page()


def list_page(*, is_first: bool = False, may_take_part: bool = False) -> ResponseReturnValue:
    """The list. ``is_first``: it is the first page of the launch; ``may_take_part``: with a link to the roles."""
    principal = current_principal()
    if principal.organisation_id is None or principal.person_id is None:
        abort(404)
    with reading() as db:
        found = programme_lists.read_by(db, principal.organisation_id, principal.person_id)
    return render_template(
        "owner/hr_programmes.html",
        programmes=found,
        facts={each.id: _facts(each) for each in found},
        is_first=is_first,
        may_take_part=may_take_part,
        done=flash_message(),
        course_title=course_title(),
    )


_FACTS: Final = ("rhythm", "formats", "skills", "questionnaires")


def _facts(programme: programme_lists.ListedProgramme) -> list[settings_view.Section]:
    """What the list says of a programme besides its rule and its dates."""
    return [each for each in settings_view.sections_of(programme.settings) if each.code in _FACTS]


@blueprint.route("/l/<launch_key>/hr/link", methods=["GET", "POST"])
@allows(Action.USE_HR_LINK)
def use_link() -> ResponseReturnValue:
    """Take the right that a link offers."""
    principal = current_principal()
    if request.method == "GET":
        given = {"link": request.args.get("link", "")}
        return _link_page(blank_form(HrLinkForm(), given, id="hr-link"))
    person_id, organisation_id = principal.person_id or abort(403), principal.organisation_id or abort(403)

    def save(db: Session, values: Values) -> None:
        rights.use_hr_link(
            db,
            secret_of(values["link"]),
            person_id=person_id,
            organisation_id=organisation_id,
            now=utcnow(),
        )

    form = sent_form(HrLinkForm(), id="hr-link")
    return form.submit(save, then=launch_url_for("human_resources.index"), done="hr_granted", show=_link_page)


def _link_page(form: Form) -> ResponseReturnValue:
    form.say_at_field("link", "hr_link_unknown")
    person = g.launch.person
    name = display_name(person) if person is not None else None
    is_brought = bool(form["link"].value) and not form.problems
    html = render_template(
        "owner/hr_link.html", form=form, name=name, is_brought=is_brought, course_title=course_title()
    )
    return html, form.status
