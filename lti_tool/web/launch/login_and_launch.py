"""``/lti/login`` and ``/lti/launch``, and ``/lti/continue/…`` where a frame keeps no cookie.

The steps of a launch by OpenID Connect third-party initiated login (1EdTech security framework §5.1.1). A launch that
passes ends with a redirect to a page with an address of its own, so that a reload never repeats it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import sqlalchemy as sa
from flask import Blueprint, g, make_response, render_template
from flask.typing import ResponseReturnValue
from marshmallow import Schema, ValidationError
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from lti_tool.database import is_missing_reference
from lti_tool.identity.policy import Action
from lti_tool.lti.errors import (
    HandoffForged,
    HandoffUnknown,
    LaunchMalformed,
    LoginMalformed,
    NoBrowserProof,
    Refused,
    RegistrationDeleted,
    StateUnknown,
    StateUsed,
    TooLarge,
    TooManyConfirmations,
    TooManyLaunches,
    TooManyLogins,
    TooManyRequests,
)
from lti_tool.lti.launch import handoffs, nonces
from lti_tool.lti.launch.login import BROWSER_COOKIE, BROWSER_COOKIE_SECONDS
from lti_tool.lti.launch.login_states import PendingLogin, new_secret, secret_hash
from lti_tool.lti.launch.message_launch import Launch
from lti_tool.lti.launch.tool_config import PlatformRegistration
from lti_tool.outbound.origins import origin_of
from lti_tool.web import rate_limits, refusal_pages
from lti_tool.web.access import allows
from lti_tool.web.launch.opening_session import continue_handoff, open_session
from lti_tool.web.launch.platform_storage import ask_proof_page
from lti_tool.web.launch.pylti_adapters import (
    BrowserCookies,
    FlaskLaunch,
    FlaskLogin,
    LoadedRequest,
)
from lti_tool.web.redirect import ShortRedirect
from lti_tool.web.security import cross_site_header
from lti_tool.web.services import current_request, current_services, reading, transaction
from lti_tool.web.way_back import WayBack
from schemas.claims import first_problem
from schemas.login import LaunchFormSchema, LoginSchema, StoredProofSchema

LAUNCH_PATH = "/lti/launch"
"""The one redirect_uri that platforms know; whatever differs between links is in their custom parameters."""

_LOGIN, _LAUNCH, _PROOF = LoginSchema(), LaunchFormSchema(), StoredProofSchema()

blueprint = Blueprint("launch", __name__)


@blueprint.errorhandler(RequestEntityTooLarge)
def too_large(_error: RequestEntityTooLarge) -> ResponseReturnValue:
    """A body over the limit is not read at all."""
    try:
        rate_limits.limit(TooManyLaunches)
    except TooManyRequests as refused:
        return refusal_pages.refuse(refused)
    return refusal_pages.refuse(TooLarge())


@blueprint.errorhandler(sa.exc.IntegrityError)
def refers_to_deleted(error: sa.exc.IntegrityError) -> ResponseReturnValue:
    """A row that was deleted by hand, while this process had it in memory, is referred to no more."""
    if not is_missing_reference(error):
        raise error
    current_services().tool_config.clear_cache()
    return refusal_pages.refuse(RegistrationDeleted())


@blueprint.route("/lti/login", methods=["GET", "POST"])
@allows(Action.LAUNCH)
def login() -> ResponseReturnValue:
    """Keep the state and nonce of a login, and send the browser to the platform's authorization endpoint (§5.1.1.2)."""
    services, asked = current_services(), current_request()
    given = asked.form if asked.method == "POST" else asked.args
    parameters = _loaded(_LOGIN, given, LoginMalformed, TooManyLogins)
    started = FlaskLogin(
        LoadedRequest(parameters),
        services.tool_config,
        services.login_states,
        BrowserCookies(),
        parameters=parameters,
        base_url=services.config.base_url,
        # What a browser says where it goes to a page (https://www.w3.org/TR/fetch-metadata/#sec-fetch-mode-header). A
        # client without scripts would be lost with one; Safari before 16.4 says nothing, and is left to the new tab.
        may_answer_with_page=asked.headers.get("Sec-Fetch-Mode") == "navigate",
    )
    return started.redirect(f"{services.config.base_url}{LAUNCH_PATH}")


@blueprint.post(LAUNCH_PATH)
@allows(Action.LAUNCH)
def launch() -> ResponseReturnValue:
    """Validate the platform's id_token (§5.1.3), and open a session."""
    services = current_services()
    try:
        form = _loaded(_LAUNCH, current_request().form, LaunchMalformed, TooManyLaunches)
    except Refused:
        _burn_nonce_of_form(current_request().form)
        raise
    arriving = FlaskLaunch(
        LoadedRequest(form),
        services.tool_config,
        services.login_states,
        BrowserCookies(),
        form=form,
        base_url=services.config.base_url,
        database=services.database,
        platform_keys=services.platform_keys,
    )
    try:
        arriving.validate()
        rate_limits.require_within_verified(arriving.login.registration)
    except TooManyRequests:
        if arriving.browser_proved:
            _burn_nonce_once(arriving.login)
        raise
    except Refused:
        if arriving.browser_proved:
            _burn_nonce(arriving.login)
        if arriving.registration is not None:
            g.way_back = WayBack.of_refused(arriving.return_address, arriving.registration)
        raise
    finally:
        if arriving.registration is not None:
            g.frame_origins = arriving.frame_origins
    if not arriving.browser_proved:
        return _hand_off(arriving)
    first_page = open_session(arriving.verified, answered=arriving.login)
    rate_limits.count_verified(arriving.login.registration)
    return ShortRedirect(first_page, 303)


def _burn_nonce(login: PendingLogin) -> None:
    """Use up the nonce of a refused launch, whose browser has proved that the login was its own."""
    with current_services().database.writing_connection() as connection:
        nonces.burn(connection, login)


def _burn_nonce_once(login: PendingLogin) -> None:
    """The same for a launch whose refusal stays as it is; one that is sent again and again writes nothing more."""
    with current_services().database.reading_once_connection() as connection:
        if nonces.is_used(connection, login):
            return
    with suppress(StateUsed):
        _burn_nonce(login)


def _burn_nonce_of_form(given: MultiDict[str, str]) -> None:
    """Use up the nonce of a launch whose form is refused, where its one state is a login's of this browser."""
    states, secret = given.getlist("state"), BrowserCookies().get_cookie(BROWSER_COOKIE)
    if len(states) != 1 or secret is None:
        return
    try:
        login = current_services().login_states.read(_LAUNCH.fields["state"].deserialize(states[0]))
    except (ValidationError, StateUnknown):
        return
    if secret_hash(secret) == login.browser_hash:
        _burn_nonce_once(login)


def _hand_off(arriving: Launch) -> ResponseReturnValue:
    """Keep a launch whose browser brought no cookie, until the platform's storage or its person proves whose it is."""
    stored = arriving.login.stored_proof
    registration = arriving.login.registration
    origin = origin_of(registration.get_auth_login_url() or "")
    with transaction() as db:
        nonces.burn(db.connection(), arriving.login)
        token = handoffs.create(db, arriving.verified, proof_hash=stored.proof_hash if stored else None)
    rate_limits.count_verified(registration)
    if stored is None or origin is None:
        return _offer_new_tab(token, registration)
    return ask_proof_page(token, stored, origin)


def _offer_new_tab(token: str, registration: PlatformRegistration, detail: str = "") -> ResponseReturnValue:
    """Let the person continue in a tab of its own, where the browser keeps a cookie."""
    refused = NoBrowserProof(detail, issuer=registration.issuer, client_id=registration.client_id)
    refusal_pages.record(refused)
    return render_template(
        "launch/new_tab.html", token=token, reference=refusal_pages.reference()
    ), refused.status


@blueprint.post("/lti/continue/<token>/stored-proof")
@allows(Action.LAUNCH)
def prove_handoff(token: str) -> ResponseReturnValue:
    """Open the session of a launch in its frame, by the proof that the platform has kept for its browser.

    Without the proof, or with another, nothing opens, and the person is offered the new tab.
    """
    rate_limits.limit(TooManyConfirmations)
    if cross_site_header(current_services().config.base_url) is not None:
        raise HandoffForged
    proof = _loaded(_PROOF, current_request().form, LaunchMalformed, TooManyLaunches)["proof"]
    with reading() as db:
        waiting = handoffs.get(db, token)
        proved = proof is not None and handoffs.is_proved(db, token, proof)
    registration = current_services().tool_config.registration(waiting.registration_id)
    if registration is None:
        raise RegistrationDeleted
    g.frame_origins = [*registration.frame_origins, *waiting.frame_origins]
    if not proved:
        return _offer_new_tab(
            token, registration, "storage: " + ("no answer" if proof is None else "another proof")
        )
    return ShortRedirect(continue_handoff(token), 303)


@blueprint.get("/lti/continue/<token>")
@allows(Action.LAUNCH)
def show_handoff(token: str) -> ResponseReturnValue:
    """Ask in the new tab whose launch it is before anything opens, and try to set a cookie here."""
    rate_limits.limit(TooManyConfirmations)
    with _leading_back(token), reading() as db:
        waiting = handoffs.get(db, token)
    cookies = BrowserCookies()
    if cookies.get_cookie(BROWSER_COOKIE) is None:
        cookies.set_cookie(BROWSER_COOKIE, new_secret(), BROWSER_COOKIE_SECONDS)
    response = make_response(render_template("launch/continue.html", name=waiting.display_name))
    # Browsers name the origin of a form only if the page may say where it comes from.
    response.headers["Referrer-Policy"] = "same-origin"
    return response


@blueprint.post("/lti/continue/<token>")
@allows(Action.LAUNCH)
def consume_handoff(token: str) -> ResponseReturnValue:
    """Open the session of a launch whose person has confirmed who they are.

    Sent again at once, by a second tap, it leads the same browser into that session.
    """
    rate_limits.limit(TooManyConfirmations)
    if cross_site_header(current_services().config.base_url) is not None:
        raise HandoffForged
    with _leading_back(token):
        return ShortRedirect(continue_handoff(token), 303)


@contextmanager
def _leading_back(token: str) -> Iterator[None]:
    """Where a launch cannot be continued any more, let the page that says so lead back to its course."""
    try:
        yield
    except HandoffUnknown:
        with reading() as db:
            found = handoffs.return_address_of(db, token)
        if found is not None:
            address, registration = found
            g.way_back = WayBack.of_refused(address, PlatformRegistration.from_row(registration))
        raise


def _loaded(
    schema: Schema,
    given: MultiDict[str, str],
    refusal: type[Refused],
    too_many: type[TooManyRequests],
) -> dict[str, Any]:
    """The parameters as the schema has them, each once (RFC 6749 §3.1). Raises ``refusal``, or ``too_many``."""
    try:
        return _checked(schema, given, refusal)
    except refusal:
        rate_limits.limit(too_many)
        raise


def _checked(schema: Schema, given: MultiDict[str, str], refusal: type[Refused]) -> dict[str, Any]:
    parameters = {}
    for name, values in given.lists():
        if len(values) > 1 and name in schema.fields:
            raise refusal(f"{name} is there twice", issuer=given.get("iss"), client_id=given.get("client_id"))
        parameters[name] = values[0]
    try:
        loaded: dict[str, Any] = schema.load(parameters)
    except ValidationError as error:
        _refuse_malformed(error, given, refusal)
    return loaded


def _refuse_malformed(error: ValidationError, given: MultiDict[str, str], refusal: type[Refused]) -> NoReturn:
    name, problem = first_problem(error)
    raise refusal(
        f"{name} {problem}"[:200], issuer=given.get("iss"), client_id=given.get("client_id")
    ) from None
