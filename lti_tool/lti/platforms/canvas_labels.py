"""The words of Canvas's own screens that our pages and guides quote. They quote from this table alone.

English ones are from the code of the screen, French ones from ``config/locales/fr.yml`` (00c09c6) of
https://github.com/instructure/canvas-lms. Where no French one is given, people who use Canvas in French are shown the
English one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lti_tool.translation import current_language


@dataclass(frozen=True)
class ScreenLabel:
    """One label; as text it is the one that Canvas shows in the current language."""

    english: str
    french: str | None = None

    def __str__(self) -> str:
        return self.french if self.french is not None and current_language() == "fr" else self.english


@dataclass(frozen=True)
class CanvasLabels:
    """The labels, each by the name of what it is on."""

    assignments: ScreenLabel = ScreenLabel("Assignments", "Travaux")
    modules: ScreenLabel = ScreenLabel("Modules", "Modules")
    publish: ScreenLabel = ScreenLabel("Publish", "Publier")
    submission_type: ScreenLabel = ScreenLabel("Submission Type")
    external_tool: ScreenLabel = ScreenLabel("External Tool", "Outil externe")
    find: ScreenLabel = ScreenLabel("Find")
    settings: ScreenLabel = ScreenLabel("Settings", "Paramètres")
    navigation: ScreenLabel = ScreenLabel("Navigation", "Navigation")
    developer_keys: ScreenLabel = ScreenLabel("Developer Keys", "Clés de développeur")
    add_key: ScreenLabel = ScreenLabel("+ Developer Key")
    add_lti_key: ScreenLabel = ScreenLabel("+ LTI Key")
    add_registration: ScreenLabel = ScreenLabel("+ LTI Registration")
    method: ScreenLabel = ScreenLabel("Method")
    enter_url: ScreenLabel = ScreenLabel("Enter URL")
    json_url: ScreenLabel = ScreenLabel("JSON URL")
    state: ScreenLabel = ScreenLabel("State")
    details: ScreenLabel = ScreenLabel("Details", "Détails")
    apps: ScreenLabel = ScreenLabel("Apps")
    view_configurations: ScreenLabel = ScreenLabel("View App Configurations")
    add_app: ScreenLabel = ScreenLabel("+ App")
    by_client_id: ScreenLabel = ScreenLabel("By Client ID")
    install: ScreenLabel = ScreenLabel("Install")
    deployment_id: ScreenLabel = ScreenLabel("Deployment Id")


LABELS: Final = CanvasLabels()
