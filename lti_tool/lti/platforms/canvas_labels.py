"""The words of Canvas's own screens that our pages and guides quote. They quote from this table alone.

English ones are from the code of the screen, French ones from ``config/locales/fr.yml`` (00c09c6) of
https://github.com/instructure/canvas-lms. Where no French one is given, people who use Canvas in French are shown the
English one.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from lti_tool.translation import ProductLabel


def _label(english: str, french: str | None = None) -> ProductLabel:
    return ProductLabel({"en": english} if french is None else {"en": english, "fr": french})


LABELS: Final[Mapping[str, ProductLabel]] = MappingProxyType(
    {
        "assignments": _label("Assignments", "Travaux"),
        "modules": _label("Modules", "Modules"),
        "publish": _label("Publish", "Publier"),
        "submission_type": _label("Submission Type"),
        "external_tool": _label("External Tool", "Outil externe"),
        "find": _label("Find"),
        "settings": _label("Settings", "Paramètres"),
        "navigation": _label("Navigation", "Navigation"),
        "developer_keys": _label("Developer Keys", "Clés de développeur"),
        "add_key": _label("+ Developer Key"),
        "add_lti_key": _label("+ LTI Key"),
        "add_registration": _label("+ LTI Registration"),
        "method": _label("Method"),
        "enter_url": _label("Enter URL"),
        "json_url": _label("JSON URL"),
        "state": _label("State"),
        "details": _label("Details", "Détails"),
        "apps": _label("Apps"),
        "view_configurations": _label("View App Configurations"),
        "add_app": _label("+ App"),
        "by_client_id": _label("By Client ID"),
        "install": _label("Install"),
        "deployment_id": _label("Deployment Id"),
    }
)
