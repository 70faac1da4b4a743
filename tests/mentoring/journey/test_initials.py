"""The initials of people, at the edges of what people are called."""

from __future__ import annotations

import unicodedata

import pytest

from lti_tool.mentoring.journey.initials import initials


@pytest.mark.parametrize(
    ("name", "given_name", "expected"),
    [
        ("Noël Wójcik-Brzęczyszczykiewicz", "Noël", "NW"),
        ("Zoé Nuñez y Peñaranda", "Zoé", "ZN"),
        ("Jean-François Castelnau-Labégorce", "Jean-François", "JC"),
        ("Jean François Castelnau", "Jean François", "JC"),
        ("Marie-Bénédicte de La Rochefoucauld-Montbéliard", "Marie-Bénédicte", "MR"),
        ("Théo Đorđević-Živković", "Théo", "TĐ"),
        ("Jürgen von und zu Guttenberg", "Jürgen", "JG"),
        ("Catherine Le Goff", "Catherine", "CL"),
        ("Jean d’Ormesson", "Jean", "JO"),
        ("Sinéad O'Connor", "Sinéad", "SO"),
        ("Nguyễn Thị Minh Khai", "Minh Khai", "MN"),
        ("Inès Benali", None, "IB"),
        ("Ludwig van Beethoven", None, "LB"),
        ("Benali, Inès", "Inès", "IB"),
        ("Somebody Else", "Robin", "RE"),
        ("Van", None, "V"),
        ("Thu Van", "Thu", "TV"),
        ("Inès", "Inès", "I"),
        ("李小龍", None, "李"),
        ("محمد عبد الرحمن", "محمد", "مع"),
        ("🦊 Ana 3 Lopes", None, "AL"),
        ("🦊", None, ""),
        ("42", None, ""),
        ("ßeta", None, "S"),
        (unicodedata.normalize("NFD", "Éloïse Ödman"), None, "ÉÖ"),
        ("", "", ""),
        (None, None, ""),
    ],
)
def test_initials_are_those_of_the_given_name_and_of_the_surname(name, given_name, expected):
    assert initials(name, given_name) == expected
