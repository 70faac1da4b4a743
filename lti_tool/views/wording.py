"""The words for the domain's codes: what a person reads where the database holds ``held`` or ``mentee``.

Each table maps a code to an English sentence marked with ``N_``; the functions translate into the language of
the present request. A code that is not in its table is shown as it is: a business may add its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _
from flask_babel import ngettext

from lti_tool.mentoring.journey import CriterionLine, PersonCard
from schemas.problem import MESSAGES, N_, Problem

FORMATS: Mapping[str, str] = {
    "coaching": N_("Coaching"),
    "professional-training": N_("Professional training"),
    "trade-show": N_("Trade show"),
    "audio": N_("Audio"),
    "multimodal": N_("Several media"),
    "in-person": N_("Face to face"),
    "video": N_("Video call"),
    "chat": N_("Chat"),
}

TAGS: Mapping[str, str] = {
    "skills": N_("Skills"),
    "communication": N_("Communication"),
    "culture": N_("Culture"),
    "person": N_("As a person"),
}

ROLES: Mapping[str, str] = {"mentor": N_("Mentor"), "mentee": N_("Mentee")}

PARTNERS: Mapping[str, str] = {"mentor": N_("Your mentor"), "mentee": N_("Your mentee")}

DISPUTE_REASONS: Mapping[str, str] = {
    "wrong-date": N_("Another day"),
    "wrong-length": N_("Another length"),
    "wrong-format": N_("Another format"),
    "did-not-meet": N_("We did not meet"),
    "other": N_("Something else"),
}

PAIR_STATES: Mapping[str, str] = {
    "proposed": N_("Agreement to sign"),
    "accepted": N_("Agreement to sign"),
    "active": N_("Under way"),
    "paused": N_("On hold"),
    "closed": N_("Closed"),
    "ended": N_("Ended"),
}

COHORT_KINDS: Mapping[str, str] = {"pilot": N_("Pilot"), "scale": N_("Full scale")}

DONE: Mapping[str, str] = {
    "joined": N_("Welcome! You will hear here as soon as you have a partner."),
    "role_changed": N_("Your role has been changed."),
    "signed": N_("Thank you, your signature is kept."),
    "session_logged": N_("Noted. Your partner will be asked to say yes."),
    "session_corrected": N_("Corrected. Your partner will be asked again."),
    "session_withdrawn": N_("Taken back. It counts no more."),
    "session_confirmed": N_("Thank you. The meeting counts for both of you."),
    "session_disputed": N_("Thank you. Your partner will see it and put it right."),
    "objective_agreed": N_("The objective is set."),
    "objective_claimed": N_("Well done! Your partner will be asked to confirm."),
    "objective_reached": N_("Confirmed. What good news for you both."),
    "objective_dropped": N_("The objective is let go."),
    "paired": N_("They are a pair now. Both will be asked to sign the agreement."),
    "validated": N_("Validated. Their page and the gradebook will say so."),
    "reopened": N_("Reopened. Their page will say so."),
}
"""What was just done, by the code that travels in the address after a form."""

REFUSALS: Mapping[str, str] = {
    "other_role": N_("You already have the other role in this programme. Ask your tutor to change it."),
    "cohort_closed": N_("This programme does not take new people or pairs at the moment."),
    "already_paired": N_("This role cannot change any more: there is a partner already."),
    "same_person": N_("Please choose two different people."),
    "wrong_roles": N_("A pair needs one mentor and one mentee."),
    "other_cohort": N_("These two people are not in the same programme."),
    "already_together": N_("These two people are a pair already."),
    "mentor_full": N_("This mentor already has a mentee."),
    "mentee_full": N_("This mentee already has a mentor."),
    "not_joined": N_("You are not in this programme yet. Your first page says how it begins."),
    "no_partner": N_("You have no partner at the moment. Your first page says what comes next."),
    "not_in_pair": N_("Only the two people of a pair can do this."),
    "agreement_first": N_("Both of you sign the agreement first; then your meetings can be noted."),
    "pair_over": N_("This pair has come to its end. What you did together is kept."),
    "in_the_future": N_("This date is still to come. Please choose today or an earlier day."),
    "own_session": N_("Your partner says yes to what you noted, not you."),
    "not_waiting": N_("This meeting has changed in the meantime. Please look at it again."),
    "session_over": N_("This meeting was taken back in the meantime."),
    "not_own_session": N_("Only the person who noted a meeting can take it back."),
    "not_your_objective": N_("The person who learns says when an objective is reached."),
    "own_objective": N_("Your partner confirms that you reached it."),
    "objective_over": N_("This objective is finished already."),
    "reason_needed": N_("Please say why in a few words."),
    "not_completed": N_("This journey is not complete, so there is nothing to reopen."),
    "not_a_learner": N_("This person is not on the list of learners of this course."),
}
"""Why something could not be done, by the code of :class:`lti_tool.mentoring.actions.NotAllowed`."""

_OTHER_REFUSAL = N_("This cannot be done at the moment. Nothing was changed.")


def word(table: Mapping[str, str], code: str) -> str:
    """The word for ``code`` in the present language; the code itself where there is none."""
    return str(_(table[code])) if code in table else code


def format_name(code: str) -> str:
    """How the two met."""
    return word(FORMATS, code)


def refusal(code: str) -> str:
    """Why something could not be done."""
    return str(_(REFUSALS.get(code, _OTHER_REFUSAL)))


def problem(found: Problem) -> str:
    """What is wrong with a field."""
    return str(_(MESSAGES[str(found)])) % found.params


def person(card: PersonCard) -> str:
    """A participant's full name, or their role where the LMS shares no name."""
    return card.name or word(ROLES, card.role)


def first_name(card: PersonCard) -> str:
    """What a partner calls them."""
    return card.given_name or card.name or word(PARTNERS, card.role)


def duration(minutes: int) -> str:
    """A length of time, such as ``45 min`` or ``1 h 30``."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return str(_("%(minutes)s min", minutes=rest))
    if not rest:
        return str(_("%(hours)s h", hours=hours))
    return str(_("%(hours)s h %(minutes)s", hours=hours, minutes=f"{rest:02d}"))


def criterion(line: CriterionLine) -> str:
    """One criterion of the completion rule as a short sentence."""
    target = line.target
    if line.type == "agreement":
        return str(
            _("The agreement is signed by both of you")
            if line.params.get("by") == "both"
            else _("The agreement is signed")
        )
    if line.type == "sessions":
        return _sessions(line, target)
    if line.type == "minutes":
        return str(_("%(length)s spent together", length=duration(target)))
    if line.type == "objectives":
        if line.params.get("every"):
            return str(
                _("Every required objective is reached")
                if line.params.get("which") == "required"
                else _("Every objective is reached")
            )
        return str(ngettext("%(num)s objective reached", "%(num)s objectives reached", target))
    if line.type == "tutor_validation":
        return str(_("Your tutor has validated your journey"))
    if line.type == "group":
        if line.params.get("mode") == "all":
            return str(_("All of these"))
        return str(ngettext("At least %(num)s of these", "At least %(num)s of these", target))
    return line.type


def _sessions(line: CriterionLine, target: int) -> str:
    least = int(line.params.get("min_minutes_each") or 0)
    confirmed = line.params.get("status") == "confirmed"
    if confirmed and least:
        return str(
            ngettext(
                "%(num)s meeting of at least %(length)s, confirmed by both of you",
                "%(num)s meetings of at least %(length)s, confirmed by both of you",
                target,
                length=duration(least),
            )
        )
    if confirmed:
        return str(ngettext("%(num)s meeting confirmed", "%(num)s meetings confirmed", target))
    if least:
        return str(
            ngettext(
                "%(num)s meeting of at least %(length)s",
                "%(num)s meetings of at least %(length)s",
                target,
                length=duration(least),
            )
        )
    return str(ngettext("%(num)s meeting", "%(num)s meetings", target))


def amount(line: CriterionLine) -> str:
    """How far a criterion is, such as ``4 of 6``; empty for one that is simply true or not."""
    if line.type == "minutes":
        return str(_("%(value)s of %(target)s", value=duration(line.value), target=duration(line.target)))
    if line.target <= 1:
        return ""
    return str(_("%(value)s of %(target)s", value=min(line.value, line.target), target=line.target))
