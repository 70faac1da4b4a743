"""The id of a statement is computed from what it says."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.xapi.story import LMS, MENTEE, MENTOR, PAIR, SESSION
from xapi.identity import statement_id
from xapi.vocabulary import ATTENDED, CONFIRMED

IRIS = st.sampled_from([ATTENDED.iri, CONFIRMED.iri])
BASES = st.sampled_from(["https://a.example", "https://b.example"])
PARTS = st.tuples(st.uuids(), st.uuids(), st.integers(0, 1000), IRIS, BASES, st.uuids().map(str))
KNOWN = (PAIR.pair_id, SESSION.session_id, 0, ATTENDED.iri, LMS, MENTOR.name)


def test_the_id_of_a_known_event_never_changes_from_one_release_to_the_next():
    assert statement_id(*KNOWN) == UUID("83faf53f-e6e9-5e4d-beda-9f5dc560bc25")


@given(PARTS)
def test_the_same_parts_always_give_the_same_id(parts):
    registration, subject_id, revision, verb, base, name = parts
    again = statement_id(
        UUID(str(registration)), UUID(str(subject_id)), revision, str(verb), str(base), str(name)
    )
    assert statement_id(*parts) == again


@given(PARTS, PARTS)
def test_other_parts_give_another_id(one, other):
    assert (statement_id(*one) == statement_id(*other)) == (one == other)


@given(PARTS)
def test_an_id_is_a_version_5_uuid(parts):
    assert statement_id(*parts).version == 5


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, UUID(int=1)),
        (1, UUID(int=1)),
        (2, 1),
        (3, CONFIRMED.iri),
        (4, "https://elsewhere.example"),
        (5, MENTEE.name),
    ],
    ids=["registration", "subject", "revision", "verb", "base", "actor"],
)
def test_each_part_counts(place, value):
    changed = [value if index == place else part for index, part in enumerate(KNOWN)]
    assert statement_id(*changed) != statement_id(*KNOWN)


def test_a_negative_revision_is_refused():
    with pytest.raises(ValueError, match="revision"):
        statement_id(PAIR.pair_id, SESSION.session_id, -1, ATTENDED.iri, LMS, MENTOR.name)
