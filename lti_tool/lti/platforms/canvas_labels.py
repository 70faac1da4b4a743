"""The words of Canvas's own screens that our pages and guides quote. They quote from this table alone.

English ones are from the code of the screen, French ones from ``config/locales/fr.yml`` (00c09c6) of
https://github.com/instructure/canvas-lms, where the key of a text is its own words and the CRC-32 of its length, a
colon and itself: ``submission_type_a925fc5f``. A plus before a label is the icon of its button. Where no French one is
given, that file has none, and people who use Canvas in French are shown the English one.
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
        "submission_type": _label("Submission Type", "Type d’envoi"),
        "external_tool": _label("External Tool", "Outil externe"),
        "find": _label("Find", "Trouver"),
        "settings": _label("Settings", "Paramètres"),
        "navigation": _label("Navigation", "Navigation"),
        "developer_keys": _label("Developer Keys", "Clés de développeur"),
        "add_key": _label("+ Developer Key", "+ Clé développeur"),
        "add_lti_key": _label("+ LTI Key", "+ Clé LTI"),
        "add_registration": _label("+ LTI Registration"),
        "method": _label("Method", "Méthode"),
        "enter_url": _label("Enter URL", "Saisir l’URL"),
        "json_url": _label("JSON URL", "URL JSON"),
        "state": _label("State", "Statut"),
        "details": _label("Details", "Détails"),
        "apps": _label("Apps", "Applications"),
        "view_configurations": _label(
            "View App Configurations", "Afficher les configurations d’applications"
        ),
        "add_app": _label("+ App", "+ Application"),
        "by_client_id": _label("By Client ID", "Par ID de client"),
        "install": _label("Install", "Installer"),
        "deployment_id": _label("Deployment Id", "ID de déploiement"),
    }
)
