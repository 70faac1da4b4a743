"""Why an action was refused, in words: a sentence for each code of :class:`lti_tool.mentoring.guards.NotAllowed`."""

from __future__ import annotations

from collections.abc import Mapping

from lti_tool.translation import gettext as _
from schemas.problem import N_

REFUSALS: Mapping[str, str] = {
    "other_role": N_("You already have the other role in this programme. Ask your tutor to change it."),
    "cohort_closed": N_("This programme does not take new people or pairs at the moment."),
    "already_started": N_("This programme has been started already."),
    "not_ready": N_("The programme has not started. These steps are still to be done:"),
    "not_placed": N_("The programme has not started: no activity opens this group yet."),
    "entry_unknown": N_("This is in the list no more. Nothing was changed."),
    "entry_exists": N_("This is in the list already."),
    "settings_changed": N_("Somebody has changed this part in the meantime."),
    "settings_frozen": N_("This cannot change any more: it is frozen since the programme started."),
    "format_counted": N_(
        "The completion rule counts meetings in this format. Take it out of the rule first, then remove it here."
    ),
    "already_paired": N_("This role cannot change any more: there is a partner already."),
    "same_person": N_("Choose two different people."),
    "wrong_roles": N_("A pair needs one mentor and one mentee."),
    "other_cohort": N_("These two people are not in the same programme."),
    "has_left": N_("One of these two people is no longer in the course."),
    "has_refused": N_("One of these two people has said that they do not take part."),
    "taken_out": N_(
        "You are no longer taking part in this programme. Your first page says whom to write to."
    ),
    "was_taken_out": N_("This person was taken out of the programme. Take them back in first."),
    "not_taking_part": N_("This person takes no part, so there is nothing to take them out of."),
    "has_role": N_("This person has a role by now. Their own page says how to take them out."),
    "already_joined": N_("You are taking part already. To stop, a word to your tutor is enough."),
    "has_answered": N_("This person has answered already: the invitation can no longer be taken back."),
    "already_together": N_("These two people are a pair already."),
    "mentor_full": N_("This mentor already has a mentee."),
    "mentee_full": N_("This mentee already has a mentor."),
    "not_joined": N_("You are not in this programme yet. Your first page says how it begins."),
    "no_partner": N_("You have no partner at the moment. Your journey says what comes next."),
    "not_in_pair": N_("Only the two people of a pair can do this."),
    "already_accepted": N_("Both of you have accepted. To stop, a word to your tutor is enough."),
    "accept_first": N_("Both of you accept first; then comes the agreement."),
    "pair_paused": N_("Your journey is on hold. Nothing can be changed until your tutor restarts it."),
    "too_late_to_undo": N_(
        "A step can be undone for ten minutes, unless your partner or your tutor has already acted on it. Nothing was "
        "undone."
    ),
    "same_day": N_("A meeting of that day is logged already."),
    "nothing_differs": N_(
        "You have not changed anything. Correct at least one detail, or confirm the meeting as it is."
    ),
    "nothing_waits": N_(
        "Your partner has already answered, or the step no longer applies. No reminder was left."
    ),
    "nobody_to_remind": N_(
        "Nothing is waiting for anybody there, or everybody was reminded less than two days ago. No reminder was left."
    ),
    "reminded_lately": N_("You have reminded them less than two days ago."),
    "agreement_first": N_("Meetings can be logged once you have both signed the agreement."),
    "pair_over": N_("This pair has come to its end. What you did together is kept."),
    "in_the_future": N_("This date is still to come. Please choose today or an earlier day."),
    "own_session": N_("Your partner confirms what you logged, not you."),
    "not_waiting": N_("This meeting has changed in the meantime. Please look at it again."),
    "session_over": N_("This meeting was removed in the meantime."),
    "not_own_session": N_("Only the person who logged a meeting can remove it."),
    "role_not_here": N_("This activity is for the other role. Please open the one that is for you."),
    "nobody_chosen": N_("Please choose at least one pair."),
    "same_group": N_("These people are in that group already."),
    "other_programme": N_("A pair moves within its programme. Please choose another group."),
    "group_not_running": N_("That group has not started, or is over. Please choose another one."),
    "goes_on_elsewhere": N_("Your mentoring goes on in another group. Your first page says where."),
    "move_changed": N_("Nothing was moved: somebody has changed something since you opened the page."),
    "moved_elsewhere": N_("Somebody has moved a pair to another group meanwhile. Nothing was changed."),
    "pairs_left_behind": N_(
        "One of these people is in another pair by now, which has to move as well. Please look again."
    ),
    "hindered_there": N_("Somebody of these pairs cannot go on in that group. Nothing was changed."),
    "already_in_group": N_("One of these people takes part in that group already. Nothing was changed."),
    "not_a_pilot": N_("This group runs at full scale already."),
    "group_opened": N_("An activity opens this group by now, so it stays."),
    "group_has_people": N_(
        "Somebody is in this group, or a list names people for it. Take them off it first."
    ),
    "pilot_not_started": N_("This pilot has not started yet. Start it first, and look at what it shows."),
    "template_of_others": N_(
        "There is a template with this code already, which you did not make. Please give yours another code."
    ),
    "template_name_taken": N_("There is a template of this name already. Please choose another name."),
    "too_many_templates": N_(
        "Your company has as many templates as can be kept. Please change one of them instead."
    ),
    "not_own_programme": N_("This programme cannot be used here. Please choose another one."),
    "not_own_group": N_("This group cannot be used here. Please choose another one."),
    "not_your_objective": N_("The person who learns says when an objective is reached."),
    "own_objective": N_("Your partner confirms that you reached it."),
    "reflection_gone": N_("This note was deleted in the meantime."),
    "feedback_given": N_("You have said so already. Your partner can read it."),
    "not_partner_s_word": N_("The two of you chose that somebody else confirms this objective."),
    "not_tutor_s_word": N_("This objective is not for you to confirm."),
    "not_in_catalogue": N_("This objective is no longer in the programme’s list. Please choose another one."),
    "not_own_objective": N_("Only the person who learns can remove an objective."),
    "own_proposal": N_("Your partner agrees to what you proposed, not you."),
    "objective_changed": N_("This objective has changed in the meantime. Please look at it again."),
    "agreed_before": N_(
        "Both of you had agreed to this objective before. Propose another wording, or talk about it together."
    ),
    "own_refusal": N_("This answer is for your partner to read."),
    "not_agreed": N_("Both of you agree to this objective first."),
    "objective_over": N_("This objective is finished already."),
    "reason_needed": N_("Please say why in a few words."),
    "not_completed": N_("This journey is not complete, so there is nothing to reopen."),
    "completed_since": N_(
        "This approval has completed the journey. To change that, reopen the journey and say why."
    ),
    "own_completion": N_("Somebody else has to decide about your own completion."),
    "file_not_right": N_(
        "This list no longer fits the group, so nobody was added. What to correct is below."
    ),
    "draft_changed": N_("Somebody else has saved this draft in the meantime."),
    "preview_outdated": N_(
        "The rule in force or somebody’s progress has changed since you looked. Look at the preview again, then apply."
    ),
    "rule_changed": N_("Another version of the rule was applied in the meantime."),
    "rule_not_ready": N_("This draft cannot be applied: one of its conditions is not available yet."),
    "nothing_to_apply": N_("Nothing differs from the rule in force."),
    "not_a_tutor_here": N_("An owner is chosen among the teachers of the programme’s courses."),
    "last_owner": N_("You are the only owner. Name somebody else first; then you can give it up."),
    "not_a_course_here": N_("This course is not one of your company. Please choose another one."),
    "hr_link_unknown": N_("We do not recognise this link. Please copy all of it, or ask for a new one."),
    "hr_link_used": N_(
        "This link has already been used: it works once. Ask the owner of the programme for a new one."
    ),
    "hr_link_expired": N_("This link has expired. Ask the owner of the programme for a new one."),
    "hr_link_withdrawn": N_("This link was withdrawn. Ask the owner of the programme."),
    "hr_link_own": N_(
        "You own this programme, so you can read it already. Send the link to human resources."
    ),
    "not_a_learner": N_("This person is not on the list of learners of this course."),
}

_OTHER_REFUSAL = N_("This cannot be done at the moment.")


def refusal(code: str) -> str:
    """The sentence for ``code`` in the current language."""
    return _(REFUSALS.get(code, _OTHER_REFUSAL))
