"""The words of the tutor's pages for what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from markupsafe import Markup

from lti_tool.events.audit_queries import AuditLine
from lti_tool.identity.principal import PrincipalKind
from lti_tool.mentoring.enrolment.queries import ParticipantRecord
from lti_tool.mentoring.journey.queries import card
from lti_tool.mentoring.pairs.queries import TimelineLine
from lti_tool.translation import gettext as _
from lti_tool.web import wording
from schemas.problem import N_

TIMELINE: Final[Mapping[str, str]] = {
    "PairProposed": N_("The pair was proposed"),
    "PairAccepted": N_("%(name)s accepted the pair"),
    "PairAcceptanceUndone": N_("%(name)s took the acceptance back"),
    "PairDeclined": N_("%(name)s said “not this time”"),
    "PairDeclineUndone": N_("%(name)s took “not this time” back"),
    "PairPaused": N_("The pair was put on hold"),
    "PairResumed": N_("The pair goes on"),
    "PairEnded": N_("The pair was ended"),
    "PairClosed": N_("The pair was closed"),
    "PartnerReminded": N_("%(name)s sent a reminder"),
    "TutorReminded": N_("A reminder from the tutor to %(name)s"),
    "SessionAnswerUndone": N_("%(name)s took an answer about a meeting back"),
    "ObjectiveStepUndone": N_("%(name)s took a step with an objective back"),
    "AgreementSigned": N_("%(name)s signed the agreement"),
    "SessionLogged": N_("%(name)s logged a meeting"),
    "SessionConfirmed": N_("%(name)s confirmed a meeting"),
    "SessionDisputed": N_("%(name)s disputed a meeting"),
    "SessionCorrected": N_("%(name)s corrected a meeting"),
    "SessionWithdrawn": N_("%(name)s removed a meeting"),
    "ObjectiveProposed": N_("%(name)s proposed an objective"),
    "ObjectiveEdited": N_("%(name)s proposed a change to an objective"),
    "ObjectiveAgreed": N_("%(name)s agreed to an objective"),
    "ObjectivesWorkedOn": N_("%(name)s said which objectives a meeting was about"),
    "ObjectiveClaimed": N_("%(name)s reached an objective, to be confirmed"),
    "ObjectiveReached": N_("%(name)s confirmed an objective"),
    "ObjectiveWithdrawn": N_("%(name)s removed an objective"),
}
"""What happened in a pair, by the name of the event. Never the words of an objective."""

AUDIT: Final[Mapping[str, str]] = {
    "CohortDrafted": N_("%(actor)s began to set the programme up"),
    "SettingsChanged": N_("%(actor)s changed the settings of the programme"),
    "CohortStarted": N_("%(actor)s started the programme"),
    "RuleApplied": N_("%(actor)s applied another completion rule"),
    "PlacementOpened": N_("%(actor)s opened the activity"),
    "ParticipantInvited": N_("%(actor)s invited %(about)s"),
    "PairProposed": N_("%(actor)s paired %(about)s"),
    "TutorReminded": N_("%(actor)s reminded %(about)s"),
    "PairPaused": N_("%(actor)s put %(about)s on hold"),
    "PairResumed": N_("%(actor)s let %(about)s go on"),
    "PairEnded": N_("%(actor)s ended the pair of %(about)s"),
    "PairClosed": N_("%(actor)s closed the pair of %(about)s"),
    "TutorValidated": N_("%(actor)s approved the journey of %(about)s"),
    "ApprovalTakenBack": N_("%(actor)s took back the approval of %(about)s"),
    "CompletionReopened": N_("%(actor)s reopened the journey of %(about)s"),
}
"""What tutors, owners and operators do, by the name of the event. What a pair did is not in it."""


def timeline_sentence(line: TimelineLine, who: ParticipantRecord | None) -> str:
    """What happened, in the current language."""
    name = wording.person(card(who)) if who is not None else ""
    return _(TIMELINE[line.kind], name=name) if line.kind in TIMELINE else line.kind


def audit_sentence(line: AuditLine, actor: str | None, about: Sequence[ParticipantRecord] | None) -> Markup:
    """Who did what, in the current language; names in bold."""
    names = [wording.person(card(participant)) for participant in about or ()]
    joined = _("%(mentee)s and %(mentor)s", mentee=names[1], mentor=names[0]) if len(names) == 2 else ""
    bold = Markup("<strong>{}</strong>")
    sentence = Markup(_(AUDIT[line.kind]))  # noqa: S704  # a text of the catalogue; what is filled in is escaped
    return sentence % {
        "actor": bold.format(_actor(line, actor)),
        "about": bold.format(joined or "".join(names)),
    }


def _actor(line: AuditLine, name: str | None) -> str:
    match line.acted_by_kind:
        case PrincipalKind.PERSON:
            return name or _("A tutor without a name")
        case PrincipalKind.OPERATOR:
            return _("The technical team")
        case PrincipalKind.NOT_RECORDED:
            return _("Somebody (not recorded)")
    return _("The tool")
