"""Dynamic registration: the platform's configuration is read, ours is posted, the trust between both is stored.

LTI Dynamic Registration 1.0: https://www.imsglobal.org/spec/lti-dr/v1p0. Nothing of the platform's answer is
accepted that does not come from the host of its own configuration (§3.5 asks this of the registration endpoint),
and nothing is fetched without an invitation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from marshmallow import ValidationError

from lti_tool.lti.errors import Refused
from lti_tool.lti.platforms import (
    belongs_to_issuers_vendor,
    family_of_issuer,
    names_any_registration_endpoint,
    platform_of,
)
from lti_tool.lti.platforms.base import ToolDescription
from lti_tool.outbound.client import GuardedHttp
from lti_tool.outbound.guard import OutboundRequestError, without_query
from lti_tool.outbound.origins import origin_of, same_origin
from lti_tool.translation import LANGUAGES, gettext, supported_language, using_language
from schemas.platform_configuration import PlatformConfigurationSchema
from schemas.problem import N_
from schemas.registration import TOOL_CLAIM, RegistrationAnswerSchema, RegistrationRequestSchema

SCOPES = (
    "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem",
    "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly",
    "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly",
    "https://purl.imsglobal.org/spec/lti-ags/scope/score",
    "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly",
)
CLAIMS = ("iss", "sub", "name", "given_name", "family_name", "email")
"""Names and e-mail addresses arrive only where they are asked for."""

CONFIGURATION_SECONDS: Final = 5.0
"""How long a platform's configuration may take to arrive where no page waits for it."""
NAME = N_("Reverse mentoring")
DESCRIPTION = N_(
    "Pairs of colleagues teach each other what they do best, meet, and see how far they have come."
)


class RegistrationRefused(Refused):
    """The platform was not connected."""

    step = "registration"


class RegistrationRequestMalformed(RegistrationRefused):
    """The address does not carry a configuration, a token or an invitation as it should."""


class RegistrationFromElsewhere(RegistrationRefused):
    """The form was sent by a page of another site."""

    status = 403


class ConfigurationAddressForbidden(RegistrationRefused):
    """An address of the platform is not one that the tool may call."""


class ConfigurationNotHttps(ConfigurationAddressForbidden):
    """An address of the platform is not an HTTPS address; no setting makes it one that the tool may call."""

    reason = "configuration_address_forbidden"


class ConfigurationRedirects(RegistrationRefused):
    """The platform's configuration is not where it is said to be."""


class ConfigurationTooSlow(RegistrationRefused):
    """The platform's configuration did not arrive in time."""


class ConfigurationTooLarge(RegistrationRefused):
    """The platform's configuration is larger than any real one."""


class ConfigurationUnreadable(RegistrationRefused):
    """The platform's configuration could not be read."""


class ConfigurationMalformed(RegistrationRefused):
    """The platform's configuration lacks something, or has it in another form than the specification gives."""


class ConfigurationOfAnotherHost(RegistrationRefused):
    """The platform's configuration names a host that it does not come from."""


class PlatformRefusedTool(RegistrationRefused):
    """The platform did not accept the tool's registration."""


class PlatformAnswerUnreadable(RegistrationRefused):
    """The platform may have registered the tool, but its answer could not be read."""


class PlatformAnswerLost(PlatformAnswerUnreadable):
    """The process ended while the platform was asked: it may have registered the tool, and is not asked again."""


class RegistrationTooLate(RegistrationRefused):
    """The platform could not be asked within the time for which its permission is kept."""

    status = 410


class RegistrationStopped(RegistrationRefused):
    """The job that was to ask the platform failed before it did so; the job's own error says why."""

    status = 503


class RegistrationPageUnknown(RegistrationRefused):
    """No attempt has this address, or it was begun in another browser."""

    status = 404


class RegistrationNotStored(RegistrationRefused):
    """The platform registered the tool, but the tool could not store it."""

    status = 503


_CONFIGURATION_FAULTS: Mapping[str, type[RegistrationRefused]] = {
    "bad_address": ConfigurationAddressForbidden,
    "not_https": ConfigurationNotHttps,
    "private_address": ConfigurationAddressForbidden,
    "redirected": ConfigurationRedirects,
    "too_slow": ConfigurationTooSlow,
    "too_large": ConfigurationTooLarge,
}


@dataclass(frozen=True)
class RegistrationRequest:
    """The parameters of the registration initiation request (§3.3), with the invitation."""

    openid_configuration: str
    registration_token: str | None
    """The platform's permission, to be sent as a bearer token; some platforms need none."""
    invite: str

    @property
    def headers(self) -> dict[str, str]:
        """Canvas wants the token for reading its configuration, too."""
        return {"Authorization": f"Bearer {self.registration_token}"} if self.registration_token else {}


@dataclass(frozen=True)
class Platform:
    """A platform as its checked configuration describes it."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    registration_endpoint: str
    authorization_server: str | None
    family: str | None
    account_name: str | None
    """Canvas: the account for which the tool is being installed."""
    variables: tuple[str, ...]
    configuration_origin: str

    @property
    def frame_origins(self) -> list[str]:
        """Where its pages are that frame the tool: its configuration's origin, and its registration endpoint's.

        A customer of a hosted product has pages and registration endpoint on a domain of its own.
        """
        return list(dict.fromkeys([self.configuration_origin, origin_of(self.registration_endpoint) or ""]))

    @property
    def name(self) -> str:
        """What to call it to its administrator: its account, else its host."""
        return self.account_name or urlsplit(self.issuer).netloc


def read_request(values: Mapping[str, str]) -> RegistrationRequest:
    """Check the parameters of ``/lti/register``. Raises :class:`RegistrationRequestMalformed`."""
    try:
        return RegistrationRequest(**RegistrationRequestSchema().load(dict(values)))
    except ValidationError as error:
        raise RegistrationRequestMalformed(_fields(error)) from None


def read_platform(
    http: GuardedHttp, request: RegistrationRequest, *, seconds: float = CONFIGURATION_SECONDS
) -> Platform:
    """Fetch the platform's configuration, which may take ``seconds``, and check every address in it.

    Raises a :class:`RegistrationRefused`. Sends, so it never runs inside a transaction.
    """
    source = request.openid_configuration
    try:
        document = http.fetch_json(source, headers=request.headers, deadline=seconds)
    except OutboundRequestError as error:
        kind = _CONFIGURATION_FAULTS.get(error.reason, ConfigurationUnreadable)
        raise kind(f"{without_query(source)} {error}"[:500]) from None
    try:
        read = PlatformConfigurationSchema().load(document)
    except ValidationError as error:
        raise ConfigurationMalformed(_fields(error)) from None
    claim = read.pop("platform")
    platform = Platform(
        **read,
        family=claim["product_family_code"] or family_of_issuer(read["issuer"]),
        account_name=claim["account_name"],
        variables=tuple(claim["variables"]),
        configuration_origin=origin_of(source) or "",
    )
    check_addresses(http, platform)
    return platform


def check_addresses(http: GuardedHttp, platform: Platform) -> None:
    """See that every address may be called, and that the configuration names the platform's own host alone.

    Raises :class:`ConfigurationAddressForbidden` or :class:`ConfigurationOfAnotherHost`.
    """
    for name in ("issuer", "registration_endpoint", "jwks_uri", "authorization_endpoint", "token_endpoint"):
        address = getattr(platform, name)
        try:
            http.guard.check_url(address)
        except OutboundRequestError as error:
            raise ConfigurationAddressForbidden(f"{name}: {error}", issuer=platform.issuer) from None
    source = platform.configuration_origin
    for name in ("issuer", "registration_endpoint", "token_endpoint", "jwks_uri"):
        address = getattr(platform, name)
        if not _is_allowed_address(platform, name, address):
            raise ConfigurationOfAnotherHost(
                f"{name} {without_query(address)} from {source}", issuer=platform.issuer
            )
    server = platform.authorization_server
    if server is not None and not _is_allowed_server(platform, server):
        # It is the audience of our client assertions: one for another platform could be used there.
        raise ConfigurationOfAnotherHost(
            f"authorization_server {without_query(server)} from {source}", issuer=platform.issuer
        )


def _is_allowed_address(platform: Platform, name: str, address: str) -> bool:
    """Whether an address is on the host that the configuration came from, or on one that its family may name."""
    source = platform.configuration_origin
    if same_origin(address, source):
        return True
    if name == "registration_endpoint" and names_any_registration_endpoint(source):
        return urlsplit(address).scheme == "https"
    # The family's word counts only when the configuration, too, comes from one of its hosts.
    return belongs_to_issuers_vendor(platform.issuer, source) and belongs_to_issuers_vendor(
        platform.issuer, address
    )


def _is_allowed_server(platform: Platform, server: str) -> bool:
    """The same of ``authorization_server``: an address, or a bare host as Canvas writes it, mostly without its port."""
    if "://" in server:
        return _is_allowed_address(platform, "authorization_server", server)
    source = urlsplit(platform.configuration_origin)
    return server.lower() in (source.hostname, source.netloc) or _is_allowed_address(
        platform, "authorization_server", f"https://{server}"
    )


def tool_configuration(base_url: str, platform: Platform, language: str) -> dict[str, Any]:
    """The client registration request (§3.5), in ``language`` first: some platforms read no other.

    Moodle compares ``domain`` with the target's host, port included, and takes only the deep-linking message
    from ``messages``; a resource link launches whatever the platform.
    """
    tool = describe_tool(base_url, language)
    product = platform_of(platform.issuer, platform.family)
    # A variable that the platform does not know would arrive as it is written.
    history = {"context_id_history": "$Context.id.history"}
    is_known = product.has_course_history or "Context.id.history" in platform.variables
    custom = history if is_known else {}
    return {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["client_credentials", "implicit"],
        "initiate_login_uri": tool.login_url,
        "redirect_uris": [tool.launch_url],
        "client_name": tool.title,
        **{f"client_name#{tag}": title for tag, title in tool.titles.items()},
        "jwks_uri": tool.key_set_url,
        "client_uri": f"{base_url}/",
        "logo_uri": tool.icon_url,
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(tool.scopes),
        TOOL_CLAIM: {
            "domain": tool.domain,
            "target_link_uri": tool.launch_url,
            "description": tool.description,
            **{f"description#{tag}": text for tag, text in _in_every_language(DESCRIPTION).items()},
            "claims": list(CLAIMS),
            "custom_parameters": custom,
            "messages": product.registration_messages(tool),
            **product.registration_extensions(),
        },
    }


def describe_tool(base_url: str, language: str) -> ToolDescription:
    """The tool in ``language``, or in English where it does not speak that."""
    language = supported_language(language) or "en"
    titles = _in_every_language(NAME)
    return ToolDescription(
        base_url=base_url,
        title=titles[language],
        description=_in_every_language(DESCRIPTION)[language],
        titles=titles,
        scopes=SCOPES,
    )


def _in_every_language(message: str) -> dict[str, str]:
    """A text by the tag of each language of the tool."""
    found = {}
    for tag in LANGUAGES:
        with using_language(tag):
            found[tag] = gettext(message)
    return found


def post_registration(
    http: GuardedHttp, platform: Platform, request: RegistrationRequest, document: Any
) -> Any:
    """Post our configuration (§3.5) and return the platform's answer, checked. Raises a :class:`RegistrationRefused`.

    Sends, so it never runs inside a transaction.
    """
    try:
        answer = http.post_json(platform.registration_endpoint, document, headers=request.headers)
    except OutboundRequestError as error:
        raise _refusal_of(error, platform) from None
    try:
        return RegistrationAnswerSchema().load(answer)
    except ValidationError as error:
        raise PlatformAnswerUnreadable(_fields(error), issuer=platform.issuer) from None


def _refusal_of(error: OutboundRequestError, platform: Platform) -> RegistrationRefused:
    """4xx is a refusal; after any other failure of a sent request the tool may be registered there."""
    said_no = error.status_code is not None and 400 <= error.status_code < 500
    never_sent = error.reason in {"bad_address", "not_https"}
    if error.reason == "private_address":
        return ConfigurationAddressForbidden(f"registration_endpoint: {error}"[:500], issuer=platform.issuer)
    kind = PlatformRefusedTool if said_no or never_sent else PlatformAnswerUnreadable
    return kind(str(error)[:500], issuer=platform.issuer)


def _fields(error: ValidationError) -> str:
    """The fields that are wrong, for the audit row; not their values, which may be secrets."""
    return ("wrong: " + ", ".join(sorted(map(str, error.messages_dict))))[:500]
