"""The words of the tutor's pages for what happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lti_tool.mentoring.enrolment.queries import ParticipantRecord
from lti_tool.mentoring.journey.queries import card
from lti_tool.mentoring.pairs.queries import TimelineLine
from lti_tool.translation import gettext as _
from lti_tool.web import wording
from schemas.problem import N_

TIMELINE: Final[Mapping[str, str]] = {
    "PairProposed": N_("The pair was proposed"),
    "PairAccepted": N_("%(name)s accepted the proposal"),
    "PairAcceptanceUndone": N_("%(name)s withdrew their acceptance"),
    "PairDeclined": N_("%(name)s said “not this time”"),
    "PairDeclineUndone": N_("%(name)s withdrew “not this time”"),
    "PairPaused": N_("The pair was paused"),
    "PairResumed": N_("The pair was resumed"),
    "PairEnded": N_("The pair was ended"),
    "PairMovedIn": N_("The pair came here from another group"),
    "PairClosed": N_("The pair ended, because its time had run out"),
    "PartnerReminded": N_("%(name)s sent a reminder"),
    "TutorReminded": N_("A reminder from the tutor to %(name)s"),
    "SessionAnswerUndone": N_("%(name)s withdrew an answer about a meeting"),
    "ObjectiveStepUndone": N_("%(name)s undid a step with an objective"),
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
    "ObjectiveReached by the tutor": N_("The tutor confirmed an objective"),
    "ObjectiveWithdrawn": N_("%(name)s removed an objective"),
    "ObjectiveDeclined": N_("%(name)s turned down a proposed objective"),
    "ObjectiveClaimDisputed": N_("%(name)s said that an objective is not reached yet"),
    "ObjectiveClaimDisputed by the tutor": N_("The tutor said that an objective is not reached yet"),
}
"""What happened in a pair, by the name of the event. Never the words of an objective."""


def timeline_sentence(line: TimelineLine, who: ParticipantRecord | None) -> str:
    """What happened, in the current language."""
    if who is None and f"{line.kind} by the tutor" in TIMELINE:
        return _(TIMELINE[f"{line.kind} by the tutor"])
    name = wording.person(card(who)) if who is not None else ""
    return _(TIMELINE[line.kind], name=name) if line.kind in TIMELINE else line.kind
