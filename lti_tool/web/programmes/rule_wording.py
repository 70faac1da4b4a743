"""The words of the rule's page: each condition as a sentence with blanks, what these can say, and what is warned of.

A sentence is whole in each language; ``%(name)s`` is where the control of a field stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from lti_tool.mentoring.completion.criteria import CRITERIA
from lti_tool.mentoring.completion.criteria.base import long_duration
from lti_tool.mentoring.completion.criteria.planned import PLANNED_CRITERIA
from lti_tool.mentoring.completion.rule_warnings import RuleWarning, Warning
from lti_tool.translation import gettext as _
from lti_tool.translation import ngettext
from lti_tool.web import wording
from schemas.choices import EVIDENCE
from schemas.completion_rule import GROUP
from schemas.problem import N_

NAMES: Final[Mapping[str, str]] = {
    "agreement": N_("The agreement is signed"),
    "sessions": N_("A number of meetings"),
    "minutes": N_("Time spent together"),
    "objectives": N_("Objectives reached"),
    "reflection": N_("Changes noted"),
    "feedback": N_("Feedback given"),
    "tutor_validation": N_("The tutor’s approval"),
    "assessment": N_("A questionnaire answered"),
    "training": N_("The induction finished"),
    "xapi": N_("An activity in another tool"),
    GROUP: N_("A group of conditions"),
}
"""What can be added, in the order of the list."""


def names() -> dict[str, str]:
    """The same in the present language."""
    return {kind: _(words) for kind, words in NAMES.items()}


_SUBJECTS: Final[Mapping[str, str]] = {
    "agreement": N_("Agreement"),
    "sessions": N_("Meetings"),
    "minutes": N_("Time together"),
    "objectives": N_("Objectives"),
    "reflection": N_("Changes noted"),
    "feedback": N_("Feedback"),
    "tutor_validation": N_("Tutor’s approval"),
    "assessment": N_("Questionnaire"),
    "training": N_("Induction"),
    "xapi": N_("Another tool"),
    GROUP: N_("Group of conditions"),
}


def subject(kind: str) -> str:
    """What a condition of a type is about, in a word or two."""
    return _(_SUBJECTS[kind])


def planned() -> list[str]:
    """Of the same, what nothing measures yet: it can be kept in a draft, and such a draft cannot be applied."""
    return [kind for kind in NAMES if kind in PLANNED_CRITERIA and kind not in CRITERIA]


_SENTENCES: Final[Mapping[str, str]] = {
    "agreement": N_("the agreement is signed by %(by)s"),
    "minutes": N_("the two have met for %(min)s minutes in all, in meetings that %(status)s"),
    "tutor_validation": N_("a tutor has approved the person’s journey"),
    "assessment": N_("the person has answered the questionnaire %(phase)s"),
    "training": N_("the person has finished the induction"),
    "xapi": N_("the person has %(verb)s %(activity)s in another tool"),
    GROUP: N_("%(mode)s of these:"),
}


_BLANKS: Final[Mapping[str, str]] = {
    name: f"%({name})s" for name in ("min", "min_minutes_each", "status", "count", "which", "evidence", "by")
}
"""What stands for a control where a sentence is filled in already."""


def sentence(kind: str, values: Mapping[str, str]) -> str:
    """The sentence of a condition, its blanks as ``%(name)s``. ``values``: its fields, with which nouns agree."""
    match kind:
        case "sessions":
            return ngettext(
                "%(min)s meeting of at least %(min_minutes_each)s minutes %(status)s",
                "%(min)s meetings of at least %(min_minutes_each)s minutes %(status)s",
                _number(values.get("min", "")),
                **_BLANKS,
            )
        case "objectives" if values.get("count") == "all":
            return _("%(count)s %(which)s are reached, confirmed by %(evidence)s")
        case "objectives":
            return ngettext(
                "%(count)s of the %(which)s is reached, confirmed by %(evidence)s",
                "%(count)s of the %(which)s are reached, confirmed by %(evidence)s",
                _number(values.get("count", "")),
                **_BLANKS,
            )
        case "reflection":
            return ngettext(
                "the person has noted %(min)s change in the way they work",
                "the person has noted %(min)s changes in the way they work",
                _number(values.get("min", "")),
                **_BLANKS,
            )
        case "feedback":
            return ngettext(
                "%(by)s has given feedback %(min)s time",
                "%(by)s has given feedback %(min)s times",
                _number(values.get("min", "")),
                **_BLANKS,
            )
    return _(_SENTENCES[kind])


def plain(kind: str, values: Mapping[str, str], words: Mapping[str, str]) -> str:
    """The same without blanks, as one says it. ``words``: what the control of each field says."""
    count = values.get("count", "")
    match kind:
        case "objectives" if count.isascii() and count.isdigit() and values.get("which") == "required":
            return ngettext(
                "one required objective is reached, confirmed by %(evidence)s",
                "%(num)s required objectives are reached, confirmed by %(evidence)s",
                int(count),
                evidence=words["evidence"],
            )
        case "objectives" if count.isascii() and count.isdigit():
            return ngettext(
                "one objective is reached, confirmed by %(evidence)s",
                "%(num)s objectives are reached, confirmed by %(evidence)s",
                int(count),
                evidence=words["evidence"],
            )
        case "reflection" if values.get("min") == "1":
            return _("the person has noted a change in the way they work")
    return sentence(kind, values) % words


def _number(text: str) -> int:
    return int(text) if text.strip().isascii() and text.strip().isdigit() else 2


LABELS: Final[Mapping[str, str]] = {
    "by": N_("By whom"),
    "min": N_("How many"),
    "min_minutes_each": N_("Minutes at least"),
    "status": N_("Which meetings count"),
    "count": N_("How many objectives"),
    "which": N_("Which objectives"),
    "evidence": N_("On whose word"),
    "phase": N_("Which questionnaire"),
    "verb": N_("What was done"),
    "activity": N_("Address of the activity"),
    "mode": N_("How many of the conditions"),
    "roles": N_("For whom"),
    "w": N_("Weight"),
    "match": N_("Which activities count"),
    "min_scaled": N_("Score at least, from 0 to 1"),
    "since": N_("Not before"),
    "until": N_("Not after"),
    "formats": N_("Formats that count"),
}
"""What a control is called for whoever does not see the sentence around it."""

_LABELS_OF: Final[Mapping[tuple[str, str], str]] = {
    ("sessions", "min"): N_("Number of meetings"),
    ("sessions", "min_minutes_each"): N_("Length of each, in minutes"),
    ("minutes", "min"): N_("Minutes in all"),
    ("reflection", "min"): N_("Number of changes"),
    ("feedback", "min"): N_("Number of times"),
}
"""The same of controls that say something else in one kind of condition."""


def label(kind: str, name: str) -> str:
    """What the control of a field of a condition is called."""
    return _(_LABELS_OF.get((kind, name), LABELS[name]))


def had(kind: str, name: str, value: str) -> str:
    """What a blank says in the version in force, beside others that have changed too: numbers with what they count."""
    if not (value.isascii() and value.isdigit()):
        return value
    match kind, name:
        case "sessions", "min":
            return ngettext("%(num)s meeting", "%(num)s meetings", int(value))
        case _, "min_minutes_each":
            return ngettext("%(num)s minute", "%(num)s minutes", int(value))
    return value


_STATUSES: Final = {"confirmed": N_("confirmed by the partner"), "held": N_("logged by one of the two")}
_STATUSES_OF_MINUTES: Final = {
    "confirmed": N_("the partner has confirmed"),
    "held": N_("one of the two has logged"),
}
_SIGNERS: Final = {"both": N_("both"), "mentor": N_("the mentor"), "mentee": N_("the mentee")}
_FEEDBACK: Final = {"self": N_("the person"), "partner": N_("their partner"), "both": N_("each of the two")}
_WHICH: Final = {"required": N_("required objectives"), "all": N_("objectives")}
_PHASES: Final = {
    "before": N_("before the programme"),
    "after": N_("at the end"),
    "then": N_("that looks back"),
    "follow_up": N_("of the follow-up"),
}
_VERBS: Final = {
    "http://adlnet.gov/expapi/verbs/completed": N_("completed"),
    "http://adlnet.gov/expapi/verbs/passed": N_("passed"),
    "http://adlnet.gov/expapi/verbs/completed http://adlnet.gov/expapi/verbs/passed": N_(
        "completed or passed"
    ),
    "http://adlnet.gov/expapi/verbs/experienced": N_("experienced"),
}
_MOMENTS: Final = {
    "": N_("at any time"),
    "cohort_start": N_("the first day of the group"),
    "cohort_end": N_("the last day of the group"),
    "cohort_end+30d": N_("30 days after the last day"),
}
_MATCHES: Final = {"exact": N_("exactly this one"), "prefix": N_("every one that begins so")}
_ROLES: Final = {
    "both": N_("mentees and mentors"),
    "mentee": N_("mentees only"),
    "mentor": N_("mentors only"),
}
_EVIDENCE: Final = {
    "self": N_("the person who learns"),
    "partner": N_("the partner"),
    "tutor": N_("the tutor"),
    "xapi": N_("another tool"),
}

OPTIONS: Final[Mapping[tuple[str, str], Mapping[str, str]]] = {
    ("agreement", "by"): _SIGNERS,
    ("sessions", "status"): _STATUSES,
    ("minutes", "status"): _STATUSES_OF_MINUTES,
    ("objectives", "which"): _WHICH,
    ("feedback", "by"): _FEEDBACK,
    ("assessment", "phase"): _PHASES,
    ("xapi", "verb"): _VERBS,
    ("xapi", "match"): _MATCHES,
    ("xapi", "since"): _MOMENTS,
    ("xapi", "until"): _MOMENTS,
}
"""What the select of a field of a type offers."""


def options(kind: str, name: str, value: str, size: int = 0) -> list[tuple[str, str]]:
    """The (value, words) of a select; what is chosen already is always among them. ``size``: conditions of a group."""
    match name:
        case "roles":
            found = _translated(_ROLES)
        case "mode":
            found = modes(size)
        case "count":
            found = [("all", _("all the")), *((str(number), str(number)) for number in range(1, 11))]
        case "evidence":
            anyone, others = ",".join(EVIDENCE), ("partner", "tutor", "self", "partner,tutor", "xapi")
            found = [(anyone, _("anyone")), *((each, _evidence(each)) for each in others)]
        case _:
            found = _translated(OPTIONS[kind, name])
    if value not in {code for code, _words in found}:
        found.append((value, _chosen(name, value)))
    return found


def _translated(table: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(code, _(words)) for code, words in table.items()]


def _chosen(name: str, value: str) -> str:
    """The words of a value that no select offers by itself."""
    if name == "evidence":
        return _evidence(value)
    if name == "mode":
        return _mode(value)
    return value


def _evidence(value: str) -> str:
    words = [wording.word(_EVIDENCE, code) for code in value.split(",") if code]
    if len(words) < 2:
        return "".join(words)
    return _("%(first)s or %(last)s", first=", ".join(words[:-1]), last=words[-1])


def modes(size: int) -> list[tuple[str, str]]:
    """How many of ``size`` conditions are asked for."""
    more = [f"at_least:{number}" for number in range(2, max(size, 2))]
    return [(code, _mode(code)) for code in ("all", "any", *more)]


def _mode(code: str) -> str:
    mode, _colon, number = code.partition(":")
    if mode == "all":
        return _("all")
    if mode == "any":
        return _("at least one")
    return _("at least %(num)s", num=number)


def what_happened(explanation: Sequence[Any]) -> str:
    """What somebody did that counts, such as “5 meetings, 1 objective”: of the results of an evaluation."""
    counted: dict[str, int] = {}
    for each in (inner for result in explanation for inner in (result.children or (result,))):
        counted[each.type] = max(counted.get(each.type, 0), each.value)
    parts = []
    if meetings := counted.get("sessions", 0):
        parts.append(ngettext("%(num)s meeting", "%(num)s meetings", meetings))
    if objectives := counted.get("objectives", 0):
        parts.append(ngettext("%(num)s objective", "%(num)s objectives", objectives))
    if changes := counted.get("reflection", 0):
        parts.append(ngettext("%(num)s change noted", "%(num)s changes noted", changes))
    return ", ".join(parts)


def warning(found: RuleWarning) -> str:
    """A warning in words."""
    params = found.params
    match found.code:
        case Warning.NOBODY_CAN if len(params["roles"]) > 1:
            return _("Nobody can complete by this rule.")
        case Warning.NOBODY_CAN if "mentor" in params["roles"]:
            return _("No mentor can complete by this rule.")
        case Warning.NOBODY_CAN:
            return _("No mentee can complete by this rule.")
        case Warning.EVERYBODY_DOES:
            return _("Everybody who is tried here satisfies this rule already.")
        case Warning.NOT_MEASURED:
            kind = NAMES[params["type"]]
            return _(
                "“%(name)s” is not available yet: take it out. A rule with it cannot be applied, and no programme "
                "starts with it.",
                name=_(kind),
            )
        case Warning.EVIDENCE_NOT_RECORDED:
            return _("No other tool can show an objective as reached yet.")
        case Warning.FORMATS_NOT_OFFERED:
            return _("This programme has none of the formats that are to count.")
        case Warning.MORE_THAN_DAYS:
            return _(
                "%(length)s are more than there are in the %(days)s days of this group.",
                length=long_duration(params["minutes"]).text,
                days=params["days"],
            )
        case Warning.MORE_MEETINGS_THAN_RHYTHM:
            return ngettext(
                "This rule asks for %(meetings)s meetings; the programme plans %(num)s.",
                "This rule asks for %(meetings)s meetings; the programme plans %(num)s.",
                params["advised"],
                meetings=params["meetings"],
            )
        case Warning.LONGER_THAN_RHYTHM:
            return _(
                "Meetings of at least %(minutes)s minutes are asked for; the programme plans %(advised)s minutes.",
                **params,
            )
        case Warning.MORE_MINUTES_THAN_RHYTHM:
            return _(
                "%(asked)s are asked for in all; the meetings that the programme plans make %(planned)s.",
                asked=long_duration(params["minutes"]).text,
                planned=long_duration(params["advised"]).text,
            )
