"""Every IRI that our statements use, with the words people read, in one place.

An IRI comes from the profile that first defined it whenever one exists; our own live under
``https://w3id.org/xapi/reverse-mentoring``. The labels are language maps with the keys "en" and "fr".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

LanguageMap = Mapping[str, str]

PROFILE: Final = "https://w3id.org/xapi/reverse-mentoring"
PROFILE_VERSION: Final = f"{PROFILE}/v1.1"
"""The version of the profile that statements follow. A statement of an older version stays as it was sent."""

_ADL: Final = "http://adlnet.gov/expapi/verbs/"
_STREAMS: Final = "http://activitystrea.ms/"
_TINCAN: Final = "http://id.tincanapi.com/"


def words(en: str, fr: str) -> LanguageMap:
    """A read-only language map in the two languages every label has."""
    return MappingProxyType({"en": en, "fr": fr})


@dataclass(frozen=True)
class Term:
    """One IRI of the vocabulary, its label, and its definition where a reader needs one."""

    iri: str
    label: LanguageMap = field(hash=False)
    definition: LanguageMap = field(hash=False)


class Role(StrEnum):
    """The actor's side of a pair: the junior mentors, the senior is mentored."""

    MENTOR = "mentor"
    MENTEE = "mentee"


class Tag(StrEnum):
    """The four dimensions of an objective: what it is about, never in its owner's words."""

    SKILLS = "skills"
    COMMUNICATION = "communication"
    CULTURE = "culture"
    PERSON = "person"


class Evidence(StrEnum):
    """Whose word says that an objective is reached."""

    SELF = "self"
    PARTNER = "partner"
    TUTOR = "tutor"
    XAPI = "xapi"


class Mode(StrEnum):
    """How the two of a session spoke to each other."""

    IN_PERSON = "in-person"
    VIDEO = "video"
    PHONE = "phone"
    WRITING = "writing"


# Verbs: the definition is what the verb means in these statements.
REGISTERED = Term(
    f"{_ADL}registered",
    words("registered", "a rejoint"),
    words("Entered a reverse-mentoring programme.", "Est entré dans un programme de mentorat inversé."),
)
JOINED = Term(
    f"{_STREAMS}join",
    words("joined", "a intégré"),
    words("Became one of the two members of a pair.", "Est devenu l’un des deux membres d’un binôme."),
)
LEFT = Term(
    f"{_STREAMS}leave",
    words("left", "a quitté"),
    words(
        "Left a pair that ended early, with no fault recorded.",
        "A quitté un binôme qui a pris fin plus tôt que prévu, sans que ce soit la faute de personne.",
    ),
)
DEFINED = Term(
    f"{_TINCAN}verb/defined",
    words("defined", "a défini"),
    words("Agreed an objective with the partner.", "A convenu d’un objectif avec son binôme."),
)
ATTENDED = Term(
    f"{_ADL}attended",
    words("attended", "a participé à"),
    words("Took part in a mentoring meeting.", "A pris part à une rencontre de mentorat."),
)
CONFIRMED = Term(
    f"{_STREAMS}confirm",
    words("confirmed", "a confirmé"),
    words(
        "Confirmed a meeting that the partner had logged.",
        "A confirmé une rencontre que son binôme avait notée.",
    ),
)
COMMENTED = Term(
    f"{_ADL}commented",
    words("commented", "a commenté"),
    words("Gave the partner feedback about a meeting.", "A donné à son binôme un retour sur une rencontre."),
)
CREATED = Term(
    f"{_STREAMS}create",
    words("created", "a créé"),
    words("Wrote a reflection.", "A écrit une réflexion."),
)
PROGRESSED = Term(
    f"{_ADL}progressed",
    words("progressed", "a progressé dans"),
    words(
        "Passed 25, 50 or 75 per cent of the way through a programme.",
        "A franchi 25, 50 ou 75 pour cent d’un programme.",
    ),
)
COMPLETED = Term(
    f"{_ADL}completed",
    words("completed", "a terminé"),
    words(
        "Reached an objective, or the end of a programme.", "A atteint un objectif ou la fin d’un programme."
    ),
)
VOIDED = Term(
    f"{_ADL}voided",
    words("voided", "a annulé"),
    words("Withdrew an earlier statement.", "A retiré une trace précédente."),
)

VERBS: Final = (
    REGISTERED,
    JOINED,
    LEFT,
    DEFINED,
    ATTENDED,
    CONFIRMED,
    COMMENTED,
    CREATED,
    PROGRESSED,
    COMPLETED,
    VOIDED,
)

# Activity types.
PROGRAMME = Term(
    f"{PROFILE}/activity-types/programme",
    words("Programme", "Programme"),
    words(
        "A reverse-mentoring programme run by an organisation.",
        "Un programme de mentorat inversé mené par une organisation.",
    ),
)
COHORT = Term(
    f"{PROFILE}/activity-types/cohort",
    words("Group", "Groupe"),
    words(
        "One run of a programme, with its own people and dates.",
        "Une édition d’un programme, avec ses propres participants et ses propres dates.",
    ),
)
PAIR = Term(
    f"{PROFILE}/activity-types/pair",
    words("Mentoring pair", "Binôme de mentorat"),
    words(
        "One junior mentor working with one senior mentee for an agreed time.",
        "Un mentor junior et un mentoré senior qui travaillent ensemble pendant une durée convenue.",
    ),
)
SESSION = Term(
    f"{PROFILE}/activity-types/session",
    words("Mentoring meeting", "Rencontre de mentorat"),
    words("One meeting of a pair, in any format.", "Une rencontre d’un binôme, quel que soit le format."),
)
OBJECTIVE = Term(
    f"{_TINCAN}activitytype/goal",
    words("Objective", "Objectif"),
    words(
        "Something one member of a pair has agreed to learn.",
        "Ce que l’un des membres d’un binôme a convenu d’apprendre.",
    ),
)
NOTE = Term(
    f"{_STREAMS}note",
    words("Reflection", "Réflexion"),
    words(
        "A note by one member of a pair about a change that they made; its words are never sent.",
        "Ce qu’un membre d’un binôme a noté d’un changement personnel, jamais ses mots.",
    ),
)
COURSE = Term(
    "http://adlnet.gov/expapi/activities/course",
    words("Course", "Cours"),
    words(
        "The course of the learning platform that holds the programme.",
        "Le cours de la plateforme de formation qui accueille le programme.",
    ),
)

ACTIVITY_TYPES: Final = (PROGRAMME, COHORT, PAIR, SESSION, OBJECTIVE, NOTE, COURSE)

# Extensions.
EXT_ROLE: Final = f"{PROFILE}/ext/role"
EXT_FORMAT: Final = f"{PROFILE}/ext/format"
EXT_MODE: Final = f"{PROFILE}/ext/mode"
EXT_STARTED_AT: Final = f"{PROFILE}/ext/started-at"
EXT_REPORTED_BY: Final = f"{PROFILE}/ext/reported-by"
EXT_END_REASON: Final = f"{PROFILE}/ext/end-reason"
EXT_EVIDENCE: Final = f"{PROFILE}/ext/evidence"
EXT_OBJECTIVE_TAG: Final = f"{PROFILE}/ext/objective-tag"

CMI5_PROGRESS: Final = "https://w3id.org/xapi/cmi5/result/extensions/progress"
"""cmi5's result extension: a whole number from 0 to 100."""

EXTENSIONS: Final = (
    EXT_ROLE,
    EXT_FORMAT,
    EXT_MODE,
    EXT_STARTED_AT,
    EXT_REPORTED_BY,
    EXT_END_REASON,
    EXT_EVIDENCE,
    EXT_OBJECTIVE_TAG,
)

OBJECTIVE_NAMES: Final[Mapping[Tag, LanguageMap]] = MappingProxyType(
    {
        Tag.SKILLS: words("Objective: skills", "Objectif\u00a0: compétences"),
        Tag.COMMUNICATION: words("Objective: communication", "Objectif\u00a0: communication"),
        Tag.CULTURE: words("Objective: culture", "Objectif\u00a0: culture"),
        Tag.PERSON: words("Objective: working with people", "Objectif\u00a0: relation avec les autres"),
    }
)
