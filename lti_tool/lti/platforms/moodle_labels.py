"""What Moodle's own pages call the places to which the tool's pages and guides send people.

This table is the only place where they are typed: the pages take them from here, and a test compares the guides
``docs/install-moodle.md`` and ``docs/install-moodle.fr.md`` with it.

English is that of Moodle 4.5: ``string`` names the component and the identifier, and ``file`` is where Moodle's source
has it. French is that of the French language pack for Moodle 5.0 (``lang/fr``), where each was looked up by its
identifier, “Court-circuité” included; a site may still have changed a word of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from lti_tool.translation import ProductLabel

_LTI: Final = "mod/lti/lang/en/lti.php"
_GRADE_SERVICES: Final = "mod/lti/service/gradebookservices/lang/en/ltiservice_gradebookservices.php"
_CORE: Final = "lang/en/moodle.php"
_ADMIN: Final = "lang/en/admin.php"
_COMPLETION: Final = "lang/en/completion.php"


def _label(string: str, file: str, english: str, french: str) -> ProductLabel:
    return ProductLabel({"en": english, "fr": french}, string=string, file=file)


LABELS: Final[Mapping[str, ProductLabel]] = MappingProxyType(
    {
        "site_administration": _label(
            "core:administrationsite", _CORE, "Site administration", "Administration du site"
        ),
        "plugins": _label("core_admin:plugins", _ADMIN, "Plugins", "Plugins"),
        "activity_modules": _label("core:activitymodules", _CORE, "Activity modules", "Modules d’activité"),
        "external_tool": _label("mod_lti:modulename", _LTI, "External tool", "Outil externe"),
        "manage_tools": _label("mod_lti:manage_external_tools", _LTI, "Manage tools", "Gérer les outils"),
        "tool_url": _label("mod_lti:toolurl", _LTI, "Tool URL", "URL de l’outil"),
        "add_lti_advantage": _label("mod_lti:add_ltiadv", _LTI, "Add LTI Advantage", "Ajouter LTI Advantage"),
        "activate": _label("mod_lti:activate", _LTI, "Activate", "Activer"),
        "update": _label("mod_lti:dynreg_update_btn_update", _LTI, "Update", "Mettre à jour"),
        "configuration_usage": _label(
            "mod_lti:show_in_course_lti1",
            _LTI,
            "Tool configuration usage",
            "Utilisation de la configuration de l’outil",
        ),
        "show_in_chooser": _label(
            "mod_lti:show_in_course_activity_chooser",
            _LTI,
            "Show in activity chooser and as a preconfigured tool",
            "Afficher dans le sélecteur d’activité et comme outil préconfiguré",
        ),
        "add_activity": _label(
            "core:addresourceoractivity",
            _CORE,
            "Add an activity or resource",
            "Ajouter une activité ou ressource",
        ),
        "switch_role": _label("core:switchroleto", _CORE, "Switch role to...", "Prendre le rôle…"),
        "select_content": _label("mod_lti:selectcontent", _LTI, "Select content", "Sélectionner un contenu"),
        "grade": _label("core:gradenoun", _CORE, "Grade", "Note"),
        "overridden": _label(
            "core_grades:overridden",
            "lang/en/grades.php",
            "Overridden",
            "Court-circuité",
        ),
        "allow_grades": _label(
            "mod_lti:accept_grades_from_tool",
            _LTI,
            "Allow Reverse mentoring to add grades in the gradebook",
            "Autoriser Mentorat inversé à ajouter des notes au carnet de notes",
        ),
        "grade_services": _label(
            "ltiservice_gradebookservices:grade_synchronization",
            _GRADE_SERVICES,
            "IMS LTI Assignment and Grade Services",
            "Services de devoirs et de notes IMS LTI",
        ),
        "grade_sync_and_columns": _label(
            "ltiservice_gradebookservices:alwaysgs",
            _GRADE_SERVICES,
            "Use this service for grade sync and column management",
            "Utiliser ce service pour la synchronisation des notes et la gestion des colonnes",
        ),
        "completion_conditions": _label(
            "core_completion:activitycompletion",
            _COMPLETION,
            "Completion conditions",
            "Conditions d’achèvement",
        ),
        "add_requirements": _label(
            "core_completion:completion_automatic",
            _COMPLETION,
            "Add requirements",
            "Ajouter des conditions",
        ),
        "receive_a_grade": _label(
            "core_completion:completionusegrade_desc",
            _COMPLETION,
            "Receive a grade",
            "Recevoir une note",
        ),
    }
)
