"""The doors: ``/lti/login`` and ``/lti/launch``, and ``/lti/continue`` where a frame keeps no cookie.

A launch that passes ends with a redirect to a page with an address of its own, so that a reload never repeats it.
"""

from __future__ import annotations

from typing import Any, NoReturn

from flask import Blueprint, g, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from marshmallow import Schema, ValidationError
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from lti_tool.lti import handoffs
from lti_tool.lti.errors import (
    HandoffForged,
    LaunchMalformed,
    LoginMalformed,
    NoBrowserProof,
    Refused,
    TooLarge,
)
from lti_tool.lti.login_states import LoginStates, new_secret
from lti_tool.lti.message_launch import Launch
from lti_tool.lti.oidc_login import BROWSER_COOKIE, BROWSER_COOKIE_SECONDS
from lti_tool.lti.origins import origin_of
from lti_tool.lti.tool_config import DatabaseToolConfig, registration_by_id
from lti_tool.tool import current_tool
from lti_tool.views import refusals
from lti_tool.views.launch_sessions import open_session
from lti_tool.views.pylti_adapters import BrowserCookies, FlaskLogin, LoadedRequest
from schemas.claims import first_problem
from schemas.login import LaunchFormSchema, LoginSchema

LAUNCH_PATH = "/lti/launch"
"""The one redirect_uri that platforms know; whatever differs between links is in their custom parameters."""

_LOGIN, _LAUNCH = LoginSchema(), LaunchFormSchema()

blueprint = Blueprint("launch", __name__)


@blueprint.errorhandler(RequestEntityTooLarge)
def too_large(_error: RequestEntityTooLarge) -> ResponseReturnValue:
    """A body over the limit is not read at all."""
    return refusals.refuse(TooLarge())


@blueprint.route("/lti/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """Step one: note the login, and send the browser to the platform to be told who it is."""
    tool = current_tool()
    given = request.form if request.method == "POST" else request.args
    parameters = _loaded(_LOGIN, given, LoginMalformed)
    started = FlaskLogin(
        LoadedRequest(parameters),
        DatabaseToolConfig(tool.database),
        LoginStates(tool.database),
        BrowserCookies(),
        parameters=parameters,
        base_url=tool.config.base_url,
    )
    return started.redirect(f"{tool.config.base_url}{LAUNCH_PATH}")


@blueprint.post(LAUNCH_PATH)
def launch() -> ResponseReturnValue:
    """Step two: check the platform's answer, and let the person in."""
    tool = current_tool()
    form = _loaded(_LAUNCH, request.form, LaunchMalformed)
    arriving = Launch(
        LoadedRequest(form),
        DatabaseToolConfig(tool.database),
        LoginStates(tool.database),
        BrowserCookies(),
        form=form,
        base_url=tool.config.base_url,
        database=tool.database,
        platform_keys=tool.platform_keys,
    )
    try:
        arriving.validate()
    finally:
        if arriving.registration is not None:
            g.frame_origins = arriving.registration.frame_origins
    if not arriving.browser_proved:
        return _offer_new_tab(arriving)
    return redirect(open_session(arriving.verified), 303)


def _offer_new_tab(arriving: Launch) -> ResponseReturnValue:
    """Nothing is opened here; the launch waits for its person in a tab of their own."""
    refused = NoBrowserProof(
        issuer=arriving.registration.issuer if arriving.registration else None,
        client_id=arriving.registration.client_id if arriving.registration else None,
    )
    refusals.record(refused)
    with current_tool().database.transaction() as db:
        token = handoffs.leave(db, arriving.verified)
    return render_template("launch/new_tab.html", token=token, reference=refusals.reference()), refused.status


@blueprint.get("/lti/continue/<token>")
def ask(token: str) -> ResponseReturnValue:
    """The new tab asks whose launch it is before anything opens, and tries to keep a cookie here."""
    with current_tool().database.reading() as db:
        waiting = handoffs.look(db, token)
    cookies = BrowserCookies()
    if cookies.get_cookie(BROWSER_COOKIE) is None:
        cookies.set_cookie(BROWSER_COOKIE, new_secret(), BROWSER_COOKIE_SECONDS)
    response = make_response(render_template("launch/continue.html", name=waiting.display_name))
    # Browsers name the origin of a form only if the page may say where it comes from.
    response.headers["Referrer-Policy"] = "same-origin"
    return response


@blueprint.post("/lti/continue/<token>")
def proceed(token: str) -> ResponseReturnValue:
    """The person has confirmed who they are."""
    tool = current_tool()
    if not _sent_by_our_page(tool.config.base_url):
        raise HandoffForged
    with tool.database.transaction() as db:
        waiting = handoffs.take(db, token)
        g.frame_origins = registration_by_id(db.connection(), waiting.registration_id).frame_origins
    return redirect(open_session(waiting), 303)


def _sent_by_our_page(base_url: str) -> bool:
    """Whether the browser says that a page of ours sent this form. What says neither is no browser.

    https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin")
    return origin is None or origin == origin_of(base_url)


def _loaded(schema: Schema, given: MultiDict[str, str], refusal: type[Refused]) -> dict[str, Any]:
    """The parameters as the schema has them, each once (RFC 6749 §3.1)."""
    for name in schema.fields:
        if len(given.getlist(name)) > 1:
            raise refusal(f"{name} is there twice", issuer=given.get("iss"), client_id=given.get("client_id"))
    try:
        loaded: dict[str, Any] = schema.load(given.to_dict())
    except ValidationError as error:
        _refuse_malformed(error, given, refusal)
    return loaded


def _refuse_malformed(error: ValidationError, given: MultiDict[str, str], refusal: type[Refused]) -> NoReturn:
    name, problem = first_problem(error)
    raise refusal(
        f"{name} {problem}"[:200], issuer=given.get("iss"), client_id=given.get("client_id")
    ) from None
