"""The words of the LMS's pages, French and English side by side.

The LMS shares nothing with the tool, its catalogue of translations included.
"""

from __future__ import annotations

from datetime import UTC, datetime

TEXTS: dict[str, tuple[str, str]] = {
    "course": ("Cours", "Course"),
    "gradebook": ("Carnet de notes", "Gradebook"),
    "review": ("Voir le travail", "See the work"),
    "teaching": ("Ce que peut faire l’équipe pédagogique", "What teachers do"),
    "teaching_lead": (
        "L’outil n’en est pas averti\u00a0: il le découvre en relisant le carnet de notes.",
        "The tool is not told: it finds out when it reads the gradebook.",
    ),
    "teaching_enter": ("Saisir cette note", "Enter this grade"),
    "teaching_delete": ("Supprimer la note", "Delete the grade"),
    "teaching_unenrol": ("Désinscrire la personne", "Take the person out of the course"),
    "teaching_enrol": ("Réinscrire la personne", "Enrol the person again"),
    "teaching_lock": ("Verrouiller la colonne", "Lock the column"),
    "teaching_unlock": ("Déverrouiller la colonne", "Unlock the column"),
    "teaching_reset": ("Réinitialiser toutes les notes", "Reset all grades"),
    "column": ("Colonne", "Column"),
    "points": ("Note, en points", "Grade, in points"),
    "locked": ("verrouillée", "locked"),
    "away": ("hors du cours", "not in the course"),
    "people": ("Personnes", "People"),
    "tools": ("Outils externes", "External tools"),
    "statements": ("Traces d’apprentissage", "Statements"),
    "statements_menu": ("Traces", "Statements"),
    "statements_lead": (
        "Voici ce que peuvent lire vos tableaux de bord\u00a0: qui a franchi quelle étape, et quand, sans un nom ni un "
        "mot personnel. Les personnes y sont des comptes\u00a0: seul l’outil sait qui est qui.",
        "This is what your organisation’s reports can read: who did which step, and when, without a name or a private "
        "word. People are accounts there: only the tool knows who is who.",
    ),
    "statements_empty": (
        "Rien encore. Ouvrez l’activité\u00a0: dès que quelqu’un choisit un rôle, une première trace arrive ici.",
        "Nothing yet. Open the activity: as soon as somebody chooses a role, a first statement arrives here.",
    ),
    "statement_actor": ("Qui", "Who"),
    "statement_verb": ("Quoi", "What"),
    "log": ("Journal des échanges", "Service log"),
    "side_by_side": ("Côte à côte", "Side by side"),
    "side_by_side_lead": (
        "Trois personnes, une seule activité. Agissez dans un cadre\u00a0: les deux autres le montrent en quelques "
        "secondes, et la trace arrive dans la liste.",
        "Three people, one activity. Act in one frame: the other two show it within seconds, and the statement "
        "arrives in the list.",
    ),
    "side_by_side_none": (
        "Le cours n’a pas encore d’activité à montrer.",
        "The course has no activity to show yet.",
    ),
    "show_these": ("Afficher", "Show"),
    "shown_first": ("À gauche", "On the left"),
    "shown_second": ("À droite", "On the right"),
    "frame_of": ("Page de {name}", "{name}’s page"),
    "what_for": (
        "Des collègues en début de carrière transmettent ce qu’ils maîtrisent à leurs collègues plus expérimentés, et "
        "apprennent en retour. L’activité forme les binômes, suit leurs rencontres et inscrit le résultat au carnet "
        "de notes.",
        "Colleagues at the beginning of their careers show more experienced ones what comes easily to them, and learn "
        "in return. The activity brings two people together, follows their meetings and puts the result into the "
        "gradebook.",
    ),
    "steps": ("La démonstration en quatre étapes", "The demonstration in four steps"),
    "step_1": (
        "Claire, qui accompagne le groupe, ouvre l’activité.",
        "Claire, the tutor, opens the activity.",
    ),
    "step_2": (
        "Lina l’ouvre et touche «\u00a0Je veux transmettre\u00a0»\u202f; Hélène, «\u00a0Je veux apprendre\u00a0». Pour "
        "changer de personne\u00a0: le menu en haut à droite.",
        "Lina opens it and taps “I can teach”; Hélène taps “I want to learn”. To change person: the menu at the top "
        "right.",
    ),
    "step_3": (
        "Claire les réunit\u202f; chacune accepte et signe la charte.",
        "Claire pairs the two; both accept and sign the agreement.",
    ),
    "step_4": (
        "L’une note une rencontre, l’autre la confirme\u00a0: l’activité est terminée pour les deux, ici et au carnet "
        "de notes.",
        "One logs a meeting, the other confirms it: the activity is done for both, here and in the gradebook.",
    ),
    "step_done": ("fait", "done"),
    "step_next": ("à faire", "to do"),
    "steps_beside": ("Les suivre dans trois cadres côte à côte", "Follow them in three frames side by side"),
    "second_course": (
        "L’autre cours montre un programme en cours depuis {weeks} semaines\u00a0: {title}",
        "The other course shows a programme that has run for {weeks} weeks: {title}",
    ),
    "second_course_alone": (
        "L’autre cours montre un programme en cours\u00a0: {title}",
        "The other course shows a programme that is under way: {title}",
    ),
    "look": ("Ce qu’il y a à voir", "What to look at"),
    "look_programme": (
        "Ce programme est en cours depuis {weeks} semaines, avec {pairs} binômes. Commencez par Claire, qui accompagne "
        "le groupe\u00a0: sa page montre d’abord ce qui est à traiter.",
        "This programme has run for {weeks} weeks, with {pairs} pairs. Begin as Claire, the tutor: her page shows "
        "first what needs her.",
    ),
    "look_at": (
        "Voyez-le ensuite comme une de ces personnes\u00a0: {others}.",
        "Then see it as one of these people: {others}.",
    ),
    "part_mentor": ("transmet", "teaches"),
    "part_mentee": ("apprend", "learns"),
    "part_never_opened": ("n’a jamais ouvert l’activité", "has never opened the activity"),
    "part_no_role": ("n’a pas encore choisi de rôle", "has chosen no role yet"),
    "part_invited": ("n’a pas répondu à l’invitation", "has not answered the invitation"),
    "part_not_taking_part": ("ne participe pas", "does not take part"),
    "part_waiting": ("sans binôme pour l’instant", "has no partner at the moment"),
    "part_to_accept": ("un binôme à accepter", "a partner to accept"),
    "part_accepted": ("attend la réponse de son binôme", "waits for the partner’s answer"),
    "part_to_sign": ("une charte à signer", "an agreement to sign"),
    "part_signed": ("attend la signature de son binôme", "waits for the partner’s signature"),
    "part_paused": ("en pause", "on pause"),
    "part_contested": ("une rencontre contestée", "a meeting is contested"),
    "part_to_confirm": ("une rencontre à confirmer", "a meeting to confirm"),
    "part_completed": ("parcours terminé", "journey complete"),
    "part_unconfirmed": ("attend qu’une rencontre soit confirmée", "waits for a meeting to be confirmed"),
    "part_meetings_0": ("pas encore de rencontre", "no meeting yet"),
    "part_meetings_1": ("1 rencontre confirmée", "1 confirmed meeting"),
    "part_meetings": ("{number} rencontres confirmées", "{number} confirmed meetings"),
    "menu": ("Navigation", "Navigation"),
    "skip": ("Aller au contenu", "Skip to content"),
    "who": ("Qui êtes-vous\u202f?", "Who are you?"),
    "who_lead": (
        "Choisissez une personne\u00a0: vous verrez la plateforme comme elle la voit.",
        "Pick a person: you will see the platform as they see it.",
    ),
    "you_are": ("Vous êtes", "You are"),
    "change_person": ("Changer de personne", "Switch person"),
    "student": ("Participant·e", "Participant"),
    "teacher": ("Tuteur·rice", "Tutor"),
    "assistant": ("Assistant·e", "Teaching assistant"),
    "observer": ("Observateur·rice", "Observer"),
    "test_student": ("Étudiant de test", "Test student"),
    "unpublished": ("Non publié", "Unpublished"),
    "publish": ("Publier", "Publish"),
    "pick_assignment_selection": ("Ajouter comme travail", "Add as an assignment"),
    "pick_link_selection": ("Ajouter à un module", "Add to a module"),
    "menu_hidden": (
        "«\u00a0{tool}\u00a0» n’est pas dans le menu du cours.",
        "“{tool}” is not in the course’s menu.",
    ),
    "menu_shown": ("«\u00a0{tool}\u00a0» est dans le menu du cours.", "“{tool}” is in the course’s menu."),
    "menu_show": ("L’afficher", "Show it"),
    "menu_hide": ("La masquer", "Hide it"),
    "admin": ("Administration", "Administrator"),
    "course_lead": (
        "Apprendre les usages numériques auprès de collègues qui les vivent chaque jour.",
        "Learn digital ways of working from colleagues who live them every day.",
    ),
    "activities": ("Activités", "Activities"),
    "open": ("Ouvrir", "Open"),
    "open_window": ("Ouvrir dans une nouvelle fenêtre", "Open in a new window"),
    "back_to_course": ("Retour au cours", "Back to the course"),
    "settings": ("Réglages", "Settings"),
    "copy_course": ("Copier ce cours", "Copy this course"),
    "copy_course_lead": (
        "La copie reprend les activités, avec de nouveaux identifiants. L’outil n’en est pas averti\u00a0: il le "
        "découvre à la première ouverture de l’activité copiée.",
        "The copy has the activities, with new ids. The tool is not told: it finds out when the copied activity is "
        "opened for the first time.",
    ),
    "copy_with_people": ("Avec les participants et leurs notes", "With its participants and their grades"),
    "copy_content_alone": (
        "Comme dans Canvas, seul le contenu est copié\u00a0: ajoutez ensuite des personnes.",
        "As in Canvas, the content alone is copied: add people afterwards.",
    ),
    "duplicate": ("Dupliquer l’activité", "Duplicate the activity"),
    "no_activity_student": (
        "Votre tuteur n’a pas encore ajouté d’activité. Revenez un peu plus tard.",
        "Your tutor has not added an activity yet. Please come back a little later.",
    ),
    "no_activity_teacher": (
        "Ce cours est encore vide. Ajoutez sa première activité.",
        "This course is still empty. Add its first activity.",
    ),
    "no_tool_admin": (
        "Aucun outil n’est encore installé. Commencez par en ajouter un.",
        "No tool is installed yet. Start by adding one.",
    ),
    "no_tool_teacher": (
        "Aucun outil n’est encore installé. Demandez à l’administratrice d’en ajouter un.",
        "No tool is installed yet. Ask the administrator to add one.",
    ),
    "add_activity": ("Ajouter une activité", "Add an activity"),
    "add_tool": ("Ajouter un outil", "Add a tool"),
    "completion_incomplete": ("À faire", "To do"),
    "completion_complete": ("Terminé", "Done"),
    "completion_complete_pass": ("Terminé, réussi", "Done, passed"),
    "completion_complete_fail": ("Terminé, seuil non atteint", "Done, below the pass mark"),
    "grade": ("Note", "Grade"),
    "no_grade": ("Pas encore de note", "No grade yet"),
    "ungraded": ("Cette activité n’est pas notée", "This activity is not graded"),
    "choose_tool": ("Quel outil\u202f?", "Which tool?"),
    "pick_content": ("Choisir le contenu dans l’outil", "Choose the content in the tool"),
    "by_hand": ("Ou remplir à la main", "Or fill it in by hand"),
    "title": ("Titre", "Title"),
    "accept_grades": ("Accepter les notes de l’outil", "Accept grades from the tool"),
    "completion_rule": ("L’activité est terminée…", "The activity is done…"),
    "rule_none": ("jamais d’elle-même", "never by itself"),
    "rule_grade": ("dès qu’une note est reçue", "as soon as a grade is received"),
    "rule_passgrade": ("quand la note de réussite est atteinte", "when the pass mark is reached"),
    "canvas_rule_none": ("sans condition", "has no requirement"),
    "canvas_rule_grade": ("quand un travail est envoyé", "when something was submitted"),
    "canvas_rule_passgrade": ("quand la note minimale est atteinte", "when at least this is scored"),
    "canvas_completion_rule": (
        "Condition dans le module\u00a0: terminé…",
        "Requirement in the module: complete…",
    ),
    "canvas_pass_grade": ("Note minimale (sur {maximum})", "At least (out of {maximum})"),
    "attempts": ("Travaux envoyés\u00a0: {number}", "Submissions: {number}"),
    "pass_grade": ("Note de réussite (sur {maximum})", "Pass mark (out of {maximum})"),
    "save": ("Enregistrer", "Save"),
    "cancel": ("Annuler", "Cancel"),
    "delete_activity": ("Supprimer l’activité et ses notes", "Delete the activity and its grades"),
    "add": ("Ajouter", "Add"),
    "gradebook_lead": (
        "Toutes les notes reçues des outils, et les activités qu’elles achèvent.",
        "Every grade received from tools, and what it completes.",
    ),
    "gradebook_empty": ("Aucune activité n’est notée pour l’instant.", "No activity is graded so far."),
    "completes": ("termine l’activité", "completes the activity"),
    "shown_only": ("affiché seulement", "shown only"),
    "person": ("Personne", "Person"),
    "role": ("Rôle", "Role"),
    "job": ("Métier", "Job"),
    "given_name": ("Prénom", "Given name"),
    "family_name": ("Nom", "Family name"),
    "email": ("Courriel", "E-mail"),
    "add_person": ("Ajouter une personne", "Add a person"),
    "tools_lead": (
        "Collez l’adresse d’enregistrement que l’outil vous a donnée\u00a0: sa page s’ouvre ici.",
        "Paste the registration address the tool gave you: its page opens here.",
    ),
    "registration_url": ("Adresse d’enregistrement de l’outil", "The tool’s registration address"),
    "registering": ("Enregistrement d’un outil", "Registering a tool"),
    "registering_lead": (
        "Terminez dans la page de l’outil ci-dessous\u202f; elle se ferme d’elle-même.",
        "Finish in the tool’s page below; it closes by itself.",
    ),
    "tool_frame": ("Page de l’outil", "The tool’s page"),
    "activate": ("Activer", "Activate"),
    "delete": ("Supprimer", "Delete"),
    "state_pending": ("En attente", "Pending"),
    "state_active": ("Actif", "Active"),
    "no_tools": ("Aucun outil pour l’instant.", "No tool so far."),
    "log_lead": (
        "Chaque lancement et chaque appel, accepté ou refusé, le plus récent d’abord.",
        "Every launch and call, accepted or refused, latest first.",
    ),
    "log_empty": ("Rien encore.", "Nothing yet."),
    "when": ("Quand", "When"),
    "call": ("Appel", "Call"),
    "result": ("Résultat", "Result"),
    "details": ("Détails", "Details"),
    "refused": ("La plateforme a refusé cette demande", "The platform refused this request"),
    "no_such_page": ("Cette page n’existe pas", "This page does not exist"),
    "no_such_page_help": (
        "L’adresse est peut-être incomplète, ou ce qu’elle montrait a été supprimé.",
        "The address may be incomplete, or what it showed was deleted.",
    ),
    "refused_help": (
        "Revenez au cours et recommencez\u202f; si cela se répète, donnez ce code à l’administratrice\u00a0:",
        "Go back to the course and try again; if it happens again, give this code to the administrator:",
    ),
    "refused_reason_unknown_hint": (
        "Ce lancement a déjà servi. Un lancement ne sert qu’une fois\u00a0: rouvrez l’activité depuis le cours.",
        "This launch was used already. A launch works once: open the activity from the course again.",
    ),
    "refused_reason_not_logged_in": (
        "Choisissez d’abord qui vous êtes, sur la page du cours.",
        "Choose who you are first, on the course page.",
    ),
    "refused_reason_tutors_only": (
        "Cette page est réservée aux tuteurs et à l’administration.",
        "This page is for tutors and administrators.",
    ),
    "refused_reason_administrators_only": (
        "Cette page est réservée à l’administration.",
        "This page is for administrators.",
    ),
    "refused_reason_unpublished": (
        "Cette activité n’est pas encore publiée\u00a0: votre tuteur doit le faire.",
        "This activity is not published yet: your tutor has to do that.",
    ),
    "refused_reason_tool_not_active": (
        "L’administratrice n’a pas encore activé cet outil.",
        "The administrator has not activated this tool yet.",
    ),
    "opening": ("Ouverture de l’activité…", "Opening the activity…"),
    "continue": ("Continuer", "Continue"),
    "content_added": ("Ajouté au cours", "Added to the course"),
    "nothing_added": ("Rien n’a été ajouté", "Nothing was added"),
    "demo": ("Démonstration", "Demonstration"),
    "demo_note": (
        "Plateforme de démonstration\u00a0: les personnes sont imaginaires, les échanges sont réels.",
        "Demonstration platform: the people are invented, the exchanges are real.",
    ),
    "language": ("Langue", "Language"),
}


WRITTEN = (
    ("Mentorat inversé", "Reverse mentoring"),
    ("Apprendre en binôme, dans les deux sens.", "Learn from each other, in pairs."),
)
"""What the tool writes into an activity, its column and its description, French and English."""

DUPLICATES = {"moodle": (" (copie)", " (copy)"), "canvas": (" Copie", " Copy")}
"""What stands behind the title of a duplicate, French and English."""


def duplicate_title(locale: str, given: str, rules: str) -> str:
    """The title of a duplicate of an activity, under the rules of ``moodle`` or ``canvas``."""
    return f"{given}{DUPLICATES[rules][locale == 'en']}"


def translated(locale: str, given: str) -> str:
    """A title or a description in the language of the page, where both are known; any other as it is."""
    for rules, endings in DUPLICATES.items():
        for ending in endings:
            if given.endswith(ending):
                return duplicate_title(locale, translated(locale, given.removesuffix(ending)), rules)
    for pair in WRITTEN:
        if given in pair:
            return pair[locale == "en"]
    return given


def text(locale: str, key: str, **values: object) -> str:
    """The text of that key, "fr" or "en"."""
    french, english = TEXTS[key]
    if locale == "en":
        return english.format(**values)
    return french.format(**values)


def number(locale: str, value: float) -> str:
    """A grade: at most two decimals, none when it is whole."""
    written = f"{value:.2f}".rstrip("0").rstrip(".")
    return written if locale == "en" else written.replace(".", ",")


def date_and_time(locale: str, written: str) -> str:
    """An ISO time as a person reads it, in UTC."""
    moment = datetime.fromisoformat(written).astimezone(UTC)
    return moment.strftime("%Y-%m-%d %H:%M:%S" if locale == "en" else "%d/%m/%Y %H:%M:%S")
