"""What whoever runs the tool has published about it: personal data, accessibility, source code. Each is a setting."""

from __future__ import annotations

from flask import Flask

from lti_tool.translation import gettext as _
from lti_tool.web.services import current_services


def init_app(app: Flask) -> None:
    """Give templates the addresses."""
    app.jinja_env.globals.update(published_pages=published_pages)


def published_pages(*, source: bool = False) -> list[tuple[str, str]]:
    """The text and the address of each link that is set; ``source``: with the source code's."""
    config = current_services().config
    links = [(_("Personal data"), config.privacy_url), (_("Accessibility"), config.accessibility_url)]
    if source:
        links.append((_("Source code"), config.source_url))
    return [(text, address) for text, address in links if address]
