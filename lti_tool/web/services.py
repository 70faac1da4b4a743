"""What a view works with: the services of the application that serves the present request, and who is asking."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import cast

from flask import Flask, Request, current_app, g, request
from sqlalchemy.orm import Session

from lti_tool.composition import transaction as composition
from lti_tool.composition.services import Services
from lti_tool.identity.principal import NOBODY, Principal


def current_request() -> Request:
    """The present request itself.

    Each attribute of Flask's ``request`` finds the request anew, in three calls: a login and a launch, which asked for
    sixty attributes of such stand-ins, spent a tenth of their work so.
    """
    return request._get_current_object()  # type: ignore[attr-defined,no-any-return]  # a LocalProxy, documented


def current_application() -> Flask:
    """The application that serves the present request, itself."""
    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]  # the same


def current_services() -> Services:
    """The services of the application that serves the present request."""
    services: Services = current_application().extensions["tandem"]
    return services


def current_principal() -> Principal:
    """Who is asking: the person of the launch, or nobody in particular."""
    return cast(Principal, g.get("principal", NOBODY))


def transaction() -> AbstractContextManager[Session]:
    """A writing transaction with its consequences, in which the one who is asking acts."""
    return composition.transaction(current_services(), current_principal())


def reading() -> AbstractContextManager[Session]:
    """A transaction that only reads."""
    return current_services().database.reading()


def reading_once() -> AbstractContextManager[Session]:
    """For one SELECT, outside any transaction."""
    return current_services().database.reading_once()
