"""The columns of a file of people, by the names that they have in French and in English files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lti_tool.translation.collation import folded

_NAMES: Final = {
    "user_id": (
        "User ID in your platform", "LMS user id", "User id", "LMS id", "Id", "Identifiant dans la plateforme",
        "Identifiant LMS", "Id LMS", "Id utilisateur", "Sub",
    ),
    "user_name": (
        "User name", "Username", "Login", "Nom d'utilisateur", "Nom utilisateur", "Identifiant",
        "Identifiant de connexion",
    ),
    "email": (
        "E-mail", "Email", "Mail", "E-mail address", "Email address", "Courriel", "Adresse e-mail", "Adresse email",
        "Adresse mail", "Adresse de courriel", "Adresse électronique",
    ),
    "name": ("Name", "Full name", "Nom", "Nom complet", "Prénom et nom", "Nom et prénom"),
    "given_name": ("First name", "Given name", "Prénom"),
    "family_name": ("Last name", "Family name", "Surname", "Nom de famille"),
    "role": ("Role", "Rôle"),
    "offers": (
        "Skills offered", "Offers", "Can teach", "Skills", "Compétences proposées", "Compétences offertes",
        "Peut transmettre", "Sait transmettre",
    ),
    "wants": (
        "Skills wanted", "Wants", "Wants to learn", "Compétences souhaitées", "Compétences recherchées",
        "Souhaite apprendre", "Veut apprendre",
    ),
    "department": ("Department", "Team", "Service", "Département", "Direction", "Équipe"),
    "manager": ("Manager", "Line manager", "Responsable", "Responsable hiérarchique", "N+1"),
    "languages": ("Languages", "Language", "Langues", "Langue"),
    "time_zone": ("Time zone", "Timezone", "Fuseau horaire", "Fuseau"),
    "capacity": (
        "Capacity", "Pairs at once", "Number of pairs", "Capacité", "Binômes à la fois", "Nombre de binômes",
    ),
}  # fmt: skip

IDENTIFIERS: Final = ("user_id", "user_name", "email")
_FIELD_OF: Final = {folded(name): field for field, names in _NAMES.items() for name in (field, *names)}


def field_of(name: str) -> str | None:
    """The field of a column, by the name in its header; None for a column that is not known."""
    return _FIELD_OF.get(folded(name.replace("_", " ")))


def count_names(cells: Sequence[str]) -> int:
    """How many of these cells are names of known columns."""
    return sum(field_of(cell) is not None for cell in cells)


@dataclass(frozen=True)
class Columns:
    """Which column of a file is what."""

    places: dict[str, int]
    """The place of each field's column, from 0."""
    unknown: tuple[str, ...]
    """The names of the columns that are not used."""
    repeated: tuple[str, ...]
    """The names of the columns of a field that another column has already."""

    @property
    def has_identifier(self) -> bool:
        """Whether people can be found by any of the columns."""
        return any(field in self.places for field in IDENTIFIERS)


def columns_of(header: Sequence[str]) -> Columns:
    """Which column is what, by the header of a file."""
    places: dict[str, int] = {}
    unknown, repeated = [], []
    for place, name in enumerate(header):
        field = field_of(name)
        if field is None:
            if name.strip():
                unknown.append(name.strip())
        elif field in places:
            repeated.append(name.strip())
        else:
            places[field] = place
    return Columns(places, tuple(unknown), tuple(repeated))
