"""The words for the domain's codes: what a person reads where the database holds ``held`` or ``mentee``.

Each table maps a code to an English sentence marked with ``N_``; the functions translate into the language of
the present request. A code that is not in its table is shown as it is: a business may add its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from lti_tool.mentoring.completion.criteria.base import Reader
from lti_tool.mentoring.completion.criteria.base import duration as length
from lti_tool.mentoring.completion.criteria.base import long_duration as long_length
from lti_tool.mentoring.completion.explanation import criterion_amount, criterion_sentence
from lti_tool.mentoring.journey.views import CriterionLine, PersonCard, SessionLine
from lti_tool.mentoring.programmes.tutor_queries import TutorRecord
from lti_tool.translation import current_language, ngettext
from lti_tool.translation import gettext as _
from lti_tool.web.shown_settings import current_settings
from schemas.problem import MESSAGES, N_, Problem

FORMATS: Mapping[str, str] = {
    "coaching": N_("Coaching"),
    "professional-training": N_("Training"),
    "trade-show": N_("Trade show visit"),
    "audio": N_("Audio or podcast"),
    "multimodal": N_("Mixed"),
    "other": N_("Other"),
}

MODES: Mapping[str, str] = {
    "in-person": N_("In person"),
    "video": N_("Video"),
    "phone": N_("Phone"),
    "writing": N_("In writing"),
}

MODE_PHRASES: Mapping[str, str] = {
    "in-person": N_("in person"),
    "video": N_("by video"),
    "phone": N_("by phone"),
    "writing": N_("in writing"),
}
"""The same within a sentence."""

FORMAT_PHRASES: Mapping[str, str] = {
    "coaching": N_("coaching"),
    "professional-training": N_("training"),
    "trade-show": N_("trade show visit"),
    "audio": N_("audio or podcast"),
    "multimodal": N_("mixed format"),
    "other": N_("other format"),
}
"""What a meeting was, within a sentence."""

TAGS: Mapping[str, str] = {
    "skills": N_("Know-how"),
    "communication": N_("Communication"),
    "culture": N_("Culture"),
    "person": N_("Personal growth"),
}

FEEDBACK_POINTS: Mapping[str, str] = {
    "listening": N_("Attentive listening"),
    "explanations": N_("Clear explanations"),
    "examples": N_("Concrete examples"),
    "questions": N_("Good questions"),
    "preparation": N_("Good preparation"),
    "encouragement": N_("Encouragement"),
}

SKILL_LEVELS: Mapping[str, str] = {
    "1": N_("first steps"),
    "2": N_("the basics"),
    "3": N_("confident"),
    "4": N_("very confident"),
    "5": N_("others ask for advice"),
}
"""How far somebody is with a skill, behind its name."""

ROLES: Mapping[str, str] = {"mentor": N_("Mentor"), "mentee": N_("Mentee")}

PARTNERS: Mapping[str, str] = {"mentor": N_("Your mentor"), "mentee": N_("Your mentee")}
"""What a partner is called whose name the platform does not share."""

PARTNERS_NOW: Mapping[str, str] = {"mentor": N_("Teaches you"), "mentee": N_("Learns from you")}
"""What a partner does, below their name."""

PARTNERS_PAST: Mapping[str, str] = {"mentor": N_("Taught you"), "mentee": N_("Learned from you")}
"""The same once the pair has come to its end."""

DISPUTE_REASONS: Mapping[str, str] = {
    "wrong-date": N_("Another day"),
    "wrong-length": N_("Another length"),
    "wrong-mode": N_("Another way of meeting"),
    "wrong-format": N_("Another format"),
    "did-not-meet": N_("We did not meet"),
    "other": N_("Something else"),
}

DISPUTES_SAID: Mapping[str, str] = {
    "wrong-date": N_("%(name)s says it was not on %(day)s"),
    "wrong-length": N_("%(name)s says it did not last %(length)s"),
    "wrong-mode": N_("%(name)s says it was not %(mode)s"),
    "wrong-format": N_("%(name)s says it was not “%(format)s”"),
    "other": N_("%(name)s says something was different on %(day)s"),
}
"""What a partner says of a meeting that one noted, by the reason of their dispute, with what was noted."""

DISPUTES_ASKED: Mapping[str, str] = {
    "wrong-date": N_("Ask %(name)s which day it was, then change it here."),
    "wrong-length": N_("Ask %(name)s how long it was, then change it here."),
    "other": N_("Ask %(name)s what was different, then change it here."),
}
"""What whoever noted the meeting does then."""

DECLINE_REASONS: Mapping[str, str] = {
    "not-now": N_("This is not a good time"),
    "other-topics": N_("I would rather work on other topics"),
    "too-close": N_("We work too closely together"),
    "other": N_("Another reason"),
}

REFUSAL_REASONS: Mapping[str, str] = {
    "no-time": N_("I do not have time"),
    "later": N_("Maybe later"),
    "not-for-me": N_("It is not for me"),
    "other": N_("Another reason"),
}

TAKE_OUT_REASONS: Mapping[str, str] = {
    "left-organisation": N_("Has left the company"),
    "time": N_("Has no time at the moment"),
    "own-wish": N_("Asked to leave"),
    "other": N_("Another reason"),
}

END_REASONS: Mapping[str, str] = {
    "time": N_("No time at the moment"),
    "match": N_("A different partner would suit better"),
    "left-organisation": N_("One of them has left the company"),
    "completed-early": N_("They have done what they set out to do"),
    "other": N_("Another reason"),
}

COHORT_KINDS: Mapping[str, str] = {"pilot": N_("Pilot"), "scale": N_("Roll-out")}

COHORT_STATUSES: Mapping[str, str] = {
    "draft": N_("Being set up"),
    "ready": N_("Ready to start"),
    "enrolling": N_("People are joining"),
    "matching": N_("Pairs are being made"),
    "running": N_("Under way"),
    "closing": N_("Coming to its end"),
    "follow_up": N_("Being followed up"),
    "archived": N_("Over"),
}

COMPLETIONS: Mapping[str, str] = {
    "completed": N_("Complete"),
    "reopened": N_("Reopened"),
    "begun": N_("Under way"),
    "not_begun": N_("Not started"),
    "invited": N_("Invited"),
    "withdrawn": N_("No longer takes part"),
}
"""Where somebody's journey is, to an owner."""

DONE: Mapping[str, str] = {
    "joined": N_("Welcome! You will hear here as soon as you have a partner."),
    "role_changed": N_("Your role has been changed."),
    "pair_accepted": N_("You accepted."),
    "pair_declined": N_("Your answer is kept. Your tutor can suggest somebody else."),
    "profile_saved": N_("Saved. Only your partner sees it."),
    "undone": N_("Undone."),
    "reminded": N_("Your reminder is on their page."),
    "tutor_reminded": N_("The reminder stands on their first page until they have done something."),
    "proposal_accepted": N_("Agreed. The meeting counts for both of you."),
    "proposal_kept": N_("Kept as you logged it. Your partner will be asked again."),
    "signed": N_("Signed. Thank you."),
    "session_logged": N_("Logged. Your partner will be asked to say yes."),
    "session_corrected": N_("Corrected. Your partner will be asked again."),
    "session_withdrawn": N_("Meeting removed."),
    "session_confirmed": N_("Thank you. The meeting counts for both of you."),
    "session_disputed": N_("Thank you. Your partner will see it and correct it."),
    "objective_proposed": N_("Proposed. Your partner will be asked to agree."),
    "objective_edited": N_("Changed. Your partner will be asked to agree again."),
    "objective_agreed": N_("Agreed. It is now an objective of you both."),
    "objective_claimed": N_("Well done! Your partner will be asked to confirm."),
    "objective_reached": N_("Confirmed. Great news for you both."),
    "objective_confirmed_by_tutor": N_("Confirmed. The pair reads it on its page."),
    "duplicate_answered": N_("Done: the duplicate is open."),
    "objective_declined": N_(
        "The objective is off your list. Your partner reads that you would rather leave it out."
    ),
    "objective_not_yet": N_(
        "It is in progress again. Your partner reads that you think it is not reached yet."
    ),
    "objective_not_yet_by_tutor": N_(
        "It is in progress again. The one who learns reads that you think it is not reached yet."
    ),
    "objective_withdrawn": N_("Objective removed."),
    "reflection_kept": N_("Noted. You alone can read it."),
    "reflection_shared": N_("Noted. Your partner can read it."),
    "reflection_removed": N_("Note deleted."),
    "feedback_given": N_("Thank you. Your partner alone can read it."),
    "thanks_given": N_("Your thanks are sent: your partner will find them here on their next visit."),
    "answers_saved": N_("Saved. It helps to find a partner who suits you."),
    "file_dropped": N_("The list was not saved."),
    "awaited_withdrawn": N_("The invitation was removed."),
    "invitation_taken_back": N_(
        "The invitation is taken back. You can invite this person again at any time."
    ),
    "rule_applied": N_("The rule is applied. Everybody reads it, and is judged by it, from now on."),
    "rule_discarded": N_("The draft is deleted. The rule in force is as it was."),
    "paired": N_("The pair is proposed. Both will be asked to accept."),
    "validated": N_("Validated. Their page and the gradebook will say so."),
    "pair_paused": N_("The pair is paused. Both will see it on their page."),
    "pairs_moved": N_("Moved. Both people of a pair see it on their page."),
    "pair_resumed": N_("The pair goes on."),
    "pair_ended": N_("The pair has ended. What the two did is kept."),
    "approval_taken_back": N_("The approval is taken back."),
    "owner_named": N_("Named. The programme is now on their page too."),
    "ownership_ended": N_("You no longer own that programme."),
    "programme_shared": N_("Shared. Those teachers can now choose it for a new activity."),
    "share_ended": N_("No longer shared. What was opened with it goes on."),
    "hr_link_withdrawn": N_("The link is withdrawn: it opens nothing any more."),
    "hr_reading_ended": N_("Ended. That person can no longer read the programme."),
    "hr_granted": N_("You can now read this programme for human resources."),
    "taken_out": N_("Taken out of the programme. You find them under “Not taking part”."),
    "taken_back_in": N_("Taken back in. They can be in a pair again."),
    "put_aside": N_("Noted. You find them under “Not taking part”."),
    "taken_back": N_("Noted. They are again among those who have no role yet."),
    "refusal_noted": N_("Noted. They stand below, among those who do not take part."),
    "grade_left": N_("What the gradebook shows stays as it is, and asks for nothing any more."),
    "grade_asked": N_("The grade is on your list again."),
    "gradebook_read": N_("The gradebook is being read. What is missing there is sent again."),
    "line_item_asked": N_("A column is being made in the gradebook, unless it has one for this activity."),
    "section_saved": N_("Saved."),
    "pilot_scaled": N_("The group is ready. Now add an activity in the course."),
    "group_taken_back": N_("The group is deleted. Nothing else has changed."),
    "template_copied": N_("Your company has a template of its own now. It stands at the end of the list."),
    "template_kept": N_("Kept. It is offered to your company from now on."),
    "entry_removed": N_("Removed."),
    "programme_started": N_("The programme has started. People in the course can now join."),
    "grade_resent": N_("The grade is sent again, unless the gradebook shows another one."),
    "reopened": N_(
        "Reopened. Their page will say so. What the gradebook shows stays there until they complete again."
    ),
}
"""What was just done, by the code of a form's submission."""

UNDOABLE: Mapping[str, str] = {
    "joined": N_("You have chosen your role."),
    "accepted": N_("You have accepted."),
    "declined": N_("You declined the suggestion."),
    "confirmed": N_("You have confirmed the meeting."),
    "disputed": N_("You said what was different."),
    "claimed": N_("You said that you have reached an objective."),
    "withdrawn": N_("You have removed an objective."),
    "left_out": N_("You would rather leave out an objective."),
}
"""What can be taken back, by the step."""

FORMS: Mapping[str, str] = {
    "join": N_("your role"),
    "refusal": N_("the answer to an invitation"),
    "difference": N_("what was different in a meeting"),
    "about-me": N_("what you say about yourself"),
    "topics": N_("your topics"),
    "session": N_("a meeting"),
    "correction": N_("the correction of a meeting"),
    "objective": N_("an objective"),
    "not-this-time": N_("an answer to a proposal"),
    "objective-edit": N_("the change of an objective"),
    "reflection": N_("a note"),
    "feedback": N_("feedback to your partner"),
    "thanks": N_("thanks to your partner"),
    "completion-rule": N_("the completion rule"),
    "pair-form": N_("a pair"),
    "pair-change": N_("a change of a pair"),
    "move": N_("the moving of pairs"),
    "reopen": N_("the reopening of a journey"),
    "activity": N_("an activity for a course"),
    "programme": N_("the programme of an activity"),
    "programme-part": N_("a part of the set-up of a programme"),
    "template-text": N_("a template"),
    "template-copy": N_("the copy of a template"),
    "owner": N_("an owner of a programme"),
    "share": N_("the sharing of a programme"),
    "hr-link": N_("a link for human resources"),
}
"""What a form is for, by its id."""


def word(table: Mapping[str, str], code: str) -> str:
    """The word for ``code`` in the present language; the code itself where there is none."""
    return _(table[code]) if code in table else code


def format_name(code: str) -> str:
    """What a meeting was: in the words of the programme of the present launch, else in the tool's own."""
    return _own_format_name(code) or word(FORMATS, code)


def format_phrase(code: str) -> str:
    """The same within a sentence."""
    return _own_format_name(code) or word(FORMAT_PHRASES, code)


def _own_format_name(code: str) -> str | None:
    own = current_settings()
    return own.format_name(code, current_language()) if own is not None else None


def own_role_name(role: str) -> str | None:
    """What the programme of the present launch calls a role; None where it uses the tool's own words."""
    own = current_settings()
    return own.role_name(role, current_language()) if own is not None else None


def role_name(role: str) -> str:
    """A role, in the words of the programme of the present launch, else in the tool's own."""
    return own_role_name(role) or word(ROLES, role)


def partner_role(role: str, *, is_over: bool = False) -> str:
    """What a partner in ``role`` does or did, with what the programme calls them where it has a word of its own."""
    own, does = own_role_name(role), word(PARTNERS_PAST if is_over else PARTNERS_NOW, role)
    return f"{own}\u00a0· {does[:1].lower()}{does[1:]}" if own else does


def unbroken(text: str) -> str:
    """The same without a space where a line could break, for a few words that belong together."""
    return text.replace(" ", "\u00a0")


def mode_phrase(code: str) -> str:
    """How two people spoke, within a sentence, such as “by video”; no line breaks it."""
    return unbroken(word(MODE_PHRASES, code))


def mode_and_format(line: SessionLine) -> str:
    """How the two of a meeting spoke, and what it was, such as “by video · coaching”; the latter where that is all."""
    found = [format_phrase(line.format)]
    if line.mode is not None:
        found.insert(0, mode_phrase(line.mode))
    return "\u00a0· ".join(found)


def form_name(form_id: str) -> str:
    """What a form is for; “a form” where nothing else is known."""
    kind = "reopen" if form_id.startswith("reopen-") else form_id
    return _(FORMS[kind]) if kind in FORMS else _("a form")


def problem(found: Problem, sentence: str | None = None, **more: object) -> str:
    """What is wrong with a field: ``sentence`` (in English) in place of the general one, with ``more`` parameters."""
    params = {**more, **found.params}
    if "role" in params:
        params["role"] = word(ROLES, str(params["role"])).lower()
    return _(sentence or MESSAGES[str(found)]) % params


def programme_name() -> str:
    """What the programme of the present launch is called; “Reverse mentoring” outside one."""
    own = current_settings()
    named = own.title.get(current_language()) if own is not None else None
    return named or _("Reverse mentoring")


def person(card: PersonCard) -> str:
    """A participant's full name, or their role where the LMS shares no name."""
    return card.name or role_name(card.role)


def first_name(card: PersonCard) -> str:
    """What a partner calls them."""
    return card.given_name or card.name or word(PARTNERS, card.role)


def tutors(tutor: TutorRecord | None) -> tuple[str, ...]:
    """Everybody who reads what the tutors of a group read, for a list in the middle of a sentence."""
    if tutor is None:
        return (_("your tutor"),)
    return (tutor.called, _("your other tutors")) if tutor.has_colleagues else (tutor.called,)


def first_name_to_others(card: PersonCard) -> str:
    """What somebody outside the pair calls them in short: their role where the LMS shares no name."""
    return card.given_name or card.name or role_name(card.role)


def duration(minutes: int) -> str:
    """A length of time, such as ``45 min`` or ``1 h 30 min``."""
    return length(minutes).text


def spoken_duration(minutes: int) -> str:
    """The same in a heading or a button, such as ``45 min`` or ``1 hour``."""
    return long_length(minutes).text if minutes % 60 == 0 else length(minutes).text


def meetings_done(done: int, target: int) -> str:
    """How many of the meetings that a programme asks for are done, such as ``1 of 6 meetings``.

    The noun follows ``target`` in English, and ``done`` in French.
    """
    if target == 1:
        return _("%(done)s of 1 meeting", done=done)
    return ngettext("%(num)s of %(target)s meetings", "%(num)s of %(target)s meetings", done, target=target)


def criterion(line: CriterionLine, reader: str, me: str | None = None, partner: str = "") -> str:
    """One criterion of the completion rule as a short sentence, to one of a pair or to their tutor.

    ``me``: the role of a reader who has one pair, and ``partner`` their partner's name; it then says whose signature
    of the agreement is missing.
    """
    missing = tuple(line.params.get("missing") or ()) if line.type == "agreement" else ()
    if me is not None and line.params.get("by") == "both" and len(missing) == 1:
        if missing == (me,):
            return _("You still have to sign the agreement")
        return _("%(name)s still has to sign the agreement", name=partner)
    sentence = criterion_sentence(line.type, line.params, line.target, Reader(reader))
    return sentence.text if sentence is not None else line.type


def amount(line: CriterionLine) -> str:
    """How far a criterion is, such as ``4 of 6``, which no line breaks; empty for one that is simply met or not."""
    found = criterion_amount(line.type, line.value, line.target)
    return unbroken(found.text) if found is not None else ""
