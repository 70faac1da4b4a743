"""Check of the learning record stores: each is asked once, with short time-outs, through the guard."""

from __future__ import annotations

import uuid
from typing import Final

import sqlalchemy as sa

from lti_tool.composition.record_stores import NamedStore, named_stores, store_of_settings
from lti_tool.composition.services import Services
from lti_tool.encryption import SecretKeyChanged
from lti_tool.health_checks.findings import Found, Verdict
from lti_tool.health_checks.stored import name_of, sqlite_path
from lti_tool.identity.models import Organisation
from lti_tool.lti.registration.models import Deployment, Registration
from lti_tool.messaging import setting_record_stores
from lti_tool.messaging.models import LRS
from lti_tool.outbound.answer_text import plain_text
from lti_tool.outbound.client import OutboundRequestError, network_fault
from xapi.client import LRSClient, LRSError

TIMEOUT: Final = (5.0, 5.0)
"""Seconds to connect, and to wait for a byte."""


def record_stores(services: Services) -> Found:
    """Every store answers, takes the credentials, and supports the version that is set."""
    stores = reachable_stores(services)
    if not any(store.receiver == LRS for store in stores) and _is_needed(services, stores):
        yield (
            Verdict.WARNING,
            "no LRS is set: statements wait, and are sent once there is one",
            "set TANDEM_LRS_ENDPOINT, TANDEM_LRS_USERNAME and TANDEM_LRS_PASSWORD, or run: tandem lrs set",
        )
    yield from _unserved(services, stores)
    for store in stores:
        yield check_store(services, store)
    settings = store_of_settings(services)
    if settings is not None and settings not in stores:
        yield (
            Verdict.WARNING,
            f"{settings.access.endpoint} of TANDEM_LRS_ENDPOINT is not used: one was set by command",
            "unset TANDEM_LRS_ENDPOINT, or run: tandem lrs remove primary",
        )


def reachable_stores(services: Services) -> list[NamedStore]:
    """The stores, or the settings' alone where there is no database to read the others from."""
    path = sqlite_path(services.database)
    if path is None or path.exists():
        try:
            return named_stores(services)
        except sa.exc.SQLAlchemyError:
            pass  # the finding about the database says so
    settings = store_of_settings(services)
    return [] if settings is None else [settings]


def _is_needed(services: Services, stores: list[NamedStore]) -> bool:
    """Whether an organisation has no store of its own, as all have none where there is no database."""
    served = {store.scope.organisation_id for store in stores if store.scope.organisation_id}
    if not served:
        return True
    with services.database.reading() as db:
        return not served.issuperset(db.scalars(sa.select(Organisation.id)))


def _unserved(services: Services, stores: list[NamedStore]) -> Found:
    """The organisations that have a store for some of their platforms alone, and statements of others that wait."""
    own: dict[uuid.UUID, set[uuid.UUID | None]] = {}
    names: dict[uuid.UUID, str] = {}
    for store in stores:
        if store.scope.organisation_id:
            own.setdefault(store.scope.organisation_id, set()).add(store.scope.registration_id)
            names[store.scope.organisation_id] = store.organisation or ""
    for organisation_id, served in own.items():
        if None in served:
            continue
        with services.database.reading() as db:
            deployed = sa.select(Deployment.registration_id).where(
                Deployment.organisation_id == organisation_id
            )
            of_organisation = sa.or_(
                Registration.organisation_id == organisation_id, Registration.id.in_(deployed)
            )
            platforms = [
                name_of(row)
                for row in db.scalars(
                    sa.select(Registration).where(of_organisation).order_by(Registration.id)
                )
                if row.id not in served
            ]
            waiting = setting_record_stores.unserved(db, organisation_id)
        if platforms or waiting:
            wait = f" ({waiting} now)" if waiting else ""
            listed = ", ".join(platforms)
            yield (
                Verdict.WARNING,
                f"{names[organisation_id]} has an LRS for some of its platforms alone: "
                f"statements of its other platforms wait{wait}{f': {listed}' if listed else ''}",
                f'set one for the whole organisation: tandem lrs set --organisation "{names[organisation_id]}" …',
            )


def check_store(services: Services, store: NamedStore) -> tuple[Verdict, str, str]:
    """What is wrong with one store, or that it can be used."""
    access = store.access
    name = access.endpoint if store.from_settings else f"{store.label}: {access.endpoint}"
    again = "" if store.from_settings else f"run: tandem lrs set --name {store.name}{store.options} …"
    endpoint = f"{'TANDEM_LRS_ENDPOINT' if store.from_settings else 'the endpoint'} {_ENDPOINT}"
    with services.guarded.session() as http:
        try:
            client = access.client(services.vault, http, timeout=TIMEOUT)
            # /about needs no credentials, and some LRSs have none: only a resource that asks for them proves them.
            answer = client.exchange("GET", "statements", params={"limit": "1"})
            versions = _versions(client)
        except SecretKeyChanged:
            return (
                Verdict.ERROR,
                f"{name}: its password was encrypted with another TANDEM_SECRET_KEY",
                again or "set the former TANDEM_SECRET_KEY again",
            )
        except LRSError as error:
            cause = error.__cause__
            return (
                Verdict.ERROR,
                f"{name} cannot be asked: {network_fault(cause or error)}",
                fix_of(cause)
                if isinstance(cause, OutboundRequestError) and cause.reason not in _NO_ANSWER
                else _later(endpoint),
            )
    if answer.status_code in (401, 403):
        return (
            Verdict.ERROR,
            f"{name} refuses the credentials of {access.username} ({_said(answer.status_code, answer.content)})",
            "give them the right to write and read statements, or "
            + (again or "correct TANDEM_LRS_USERNAME and TANDEM_LRS_PASSWORD"),
        )
    if answer.status_code != 200:
        return _not_taken(name, endpoint, answer.status_code, _said(answer.status_code, answer.content))
    if versions and access.version not in versions:
        return (
            Verdict.WARNING,
            f"{name} supports xAPI {', '.join(versions)}, and {access.version} is set",
            f"{again} --version {versions[-1]}"
            if again
            else "set TANDEM_LRS_VERSION to a version that it supports",
        )
    return Verdict.OK, f"{name} answers and takes the credentials", ""


def _not_taken(name: str, endpoint: str, status: int, said: str) -> tuple[Verdict, str, str]:
    """An answer other than 200; ``said``: its status, and the LRS's own words."""
    if status == 429 or status >= 500:
        return Verdict.ERROR, f"{name} does not work now ({said})", _later(endpoint)
    if status == 400:
        return (
            Verdict.ERROR,
            f"{name} does not take the question ({said})",
            f"see in its log what it objects to; if it never worked, {endpoint}",
        )
    return Verdict.ERROR, f"{name} answers {said}", endpoint


def _said(status: int, content: bytes) -> str:
    """A status with the LRS's own words, where it has some."""
    words = plain_text(content, 150)
    return f"{status}: {words}" if words else str(status)


def _later(endpoint: str) -> str:
    return f"nothing is lost: what waits is sent once it answers; if it never did, {endpoint}"


_NO_ANSWER: Final = frozenset({"no_answer", "too_slow"})
"""The reasons of :class:`OutboundRequestError` that may be over later; with the others waiting would change nothing."""
_ENDPOINT = "must be the address to which /statements is added"


def _versions(client: LRSClient) -> list[str]:
    """The versions that the LRS says it supports; none when it does not say."""
    reply = client.about()
    versions = reply.content.get("version") if reply.success and isinstance(reply.content, dict) else None
    return [str(version) for version in versions] if isinstance(versions, list) else []


def fix_of(error: OutboundRequestError) -> str:
    """What to do about an address that was not called, or did not answer."""
    if error.reason == "private_address":
        return "if it is of your own network, add its host to TANDEM_ALLOWED_HOSTS"
    if error.reason == "not_https":
        return "it must have an https:// address"
    return "check the address"
