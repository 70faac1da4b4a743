"""What invented people write: what they bring, want and aim at, in French and in English."""

from __future__ import annotations

from lti_tool.mentoring.profiles.queries import Profile

OBJECTIVES: dict[str, dict[str, tuple[str, ...]]] = {
    "fr": {
        "mentee": (
            "Lire un tableau de bord des ventes",
            "Bien rédiger mes demandes à un assistant d’IA",
            "Publier chaque semaine sur le réseau interne",
            "Animer une réunion à distance",
            "Comprendre ce que cherchent les jeunes recrues",
            "Trier mes messages avec des règles",
            "Vérifier une image ou une citation trouvée en ligne",
        ),
        "mentor": (
            "Préparer une négociation",
            "Présenter devant un comité de direction",
            "Dire non sans fermer la porte",
            "Construire un budget d’équipe",
            "Comprendre comment se décide un projet",
            "Conduire un entretien délicat",
        ),
    },
    "en": {
        "mentee": (
            "Read a sales dashboard",
            "Write good prompts for an AI assistant",
            "Post each week on the internal network",
            "Lead a remote meeting",
            "Understand what young recruits look for",
            "Sort my messages with rules",
            "Check a picture or a quotation found online",
        ),
        "mentor": (
            "Prepare a negotiation",
            "Present to an executive committee",
            "Say no without closing the door",
            "Build a team’s budget",
            "Understand how a project is decided",
            "Lead a difficult conversation",
        ),
    },
}
"""The titles of objectives, by language and by the role of the one who learns."""

REFLECTIONS: dict[str, tuple[str, ...]] = {
    "fr": (
        "Je posais des questions trop larges. En donnant un exemple de ce que j’attends, la réponse change du tout au "
        "tout.",
        "Je coupe les notifications le matin, et je réponds à heures fixes.",
    ),
    "en": (
        "My questions were too wide. With an example of what I expect, the answer is another one.",
        "I turn notifications off in the morning, and answer at set hours.",
    ),
}
"""What people write that they have changed, by language."""

THANKS: dict[str, str] = {
    "fr": "Merci pour votre patience\u00a0: j’ose maintenant poser la question.",
    "en": "Thank you for your patience: I dare to ask now.",
}
"""What somebody thanks their partner for, by language."""

_WORDS: dict[str, dict[str, tuple[tuple[str, str, str, str], ...]]] = {
    "fr": {
        "mentor": (
            (
                "Analyste data junior",
                "Lyon",
                "Lire un graphique sans se faire piéger. J’aime bien l’expliquer.",
                "Présenter devant un comité.",
            ),
            (
                "Designer de services",
                "Nantes",
                "Dessiner un parcours avec ses usagers, prototyper en une heure.",
                "Préparer une négociation.",
            ),
            (
                "Chargé·e de communication",
                "Lille",
                "Les réseaux sociaux, la vidéo courte, l’accessibilité.",
                "Savoir quand ne rien dire.",
            ),
            (
                "Ingénieur·e logiciel",
                "Grenoble",
                "Demander à un assistant d’IA, et vérifier ce qu’il répond.",
                "Comprendre comment se décide un budget.",
            ),
            (
                "En alternance aux achats",
                "Paris",
                "Les outils collaboratifs, les raccourcis qui font gagner une heure par semaine.",
                "",
            ),
        ),
        "mentee": (
            (
                "Direction des achats",
                "Paris",
                "Vingt ans de négociations, et quelques erreurs à raconter.",
                "Lire un tableau de bord sans aide.",
            ),
            (
                "Direction régionale",
                "Bordeaux",
                "Conduire une équipe dispersée, décider avec peu d’éléments.",
                "Comprendre ce qu’attendent les jeunes équipes.",
            ),
            (
                "Responsable juridique",
                "Strasbourg",
                "Écrire clairement, arbitrer sans froisser.",
                "Travailler avec un assistant d’IA en restant prudent avec les données.",
            ),
            (
                "Responsable d’usine",
                "Saint-Étienne",
                "Le terrain, la sécurité, les relations sociales.",
                "Publier sur le réseau interne sans y passer la soirée.",
            ),
            ("Contrôle de gestion", "Toulouse", "", "La vidéo courte."),
        ),
    },
    "en": {
        "mentor": (
            (
                "Junior data analyst",
                "Lyon",
                "Reading a chart without being fooled. I enjoy explaining that.",
                "Presenting to a committee.",
            ),
            (
                "Service designer",
                "Nantes",
                "Sketching a journey with those who take it; a prototype in an hour.",
                "Preparing a negotiation.",
            ),
            (
                "Communications officer",
                "Lille",
                "Social media, short videos, accessibility.",
                "Knowing when to say nothing.",
            ),
            (
                "Software engineer",
                "Grenoble",
                "Asking an AI assistant, and checking what it says.",
                "Understanding how a budget is decided.",
            ),
            (
                "Apprentice in purchasing",
                "Paris",
                "Working in shared documents; shortcuts that save an hour a week.",
                "",
            ),
        ),
        "mentee": (
            (
                "Head of purchasing",
                "Paris",
                "Twenty years of negotiations, and some mistakes to tell.",
                "Reading a dashboard without help.",
            ),
            (
                "Regional director",
                "Bordeaux",
                "Leading people who are far apart; deciding with little at hand.",
                "Understanding what young teams expect.",
            ),
            (
                "Head of legal",
                "Strasbourg",
                "Writing clearly, settling things kindly.",
                "Working with an AI assistant and keeping data safe.",
            ),
            (
                "Plant manager",
                "Saint-Étienne",
                "The shop floor, safety, talking with unions.",
                "Posting on the internal network without losing an evening.",
            ),
            ("Financial control", "Toulouse", "", "Short videos."),
        ),
    },
}
"""Job, place, what they bring and what they want, by language and role. Some say nothing."""


def profile_of(role: str, number: int, locale: str) -> Profile:
    """What the one in a role of couple ``number`` says of themselves; some share an address, some none."""
    known = _WORDS[locale][role]
    job, place, brings, wants = known[number % len(known)]
    email = f"{role}.{number}@example.org" if number % 3 else ""
    phone = f"+33 6 00 00 {number % 100:02d} 00" if number % 4 == 1 else ""
    chat = f"https://chat.example.org/{role}-{number}" if number % 2 else ""
    return Profile(brings=brings, wants=wants, job=job, place=place, email=email, phone=phone, chat=chat)
