"""The people of a seeded cohort; the demo's LMS has the same in its second course."""

from __future__ import annotations

PEOPLE = (
    ("Inès", "Benali"), ("Philippe", "Delacroix"), ("Théo", "Lefèvre"), ("Marie-Claude", "Vasseur"),
    ("Aïcha", "Diallo"), ("Bernard", "Castelnau"), ("Minh Anh", "Nguyễn"), ("Catherine", "Le Goff"),
    ("Łukasz", "Wójcik"), ("Jean-François", "de La Rochefoucauld"), ("Chloé", "Dubois"), ("Rachid", "Amrani"),
    ("Yanis", "Haddad"), ("Françoise", "Guérin"), ("Camille", "Petit"), ("Étienne", "Maçé"),
    ("Ravi", "Subramanian"), ("Sylvie", "Ó Dálaigh"), ("Louise", "Marchetti"), ("Pierre", "Sørensen"),
    ("Zoé", "Garçonnet"), ("Dominique", "Beauséjour"), ("Mehdi", "Cherif"), ("Monique", "Hämäläinen"),
    ("Jade", "Fontaine"), ("Alain", "Crépeau"), ("Sacha", "Moreau"), ("Véronique", "Lambert"),
    ("Noé", "Roussel"), ("Isabelle", "Carpentier"), ("Lou", "Perrin"), ("Gérard", "Tessier"),
    ("Emma", "Vidal"), ("Hervé", "Queffélec"),
)  # fmt: skip
"""Given and family names: somebody at the beginning of a career and somebody at its height, in turn."""
