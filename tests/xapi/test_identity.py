"""The id of a statement is the fact's."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.xapi.story import MENTEE, MENTOR, PAIR, SESSION
from xapi.identity import statement_id
from xapi.scene import Actor
from xapi.vocabulary import ATTENDED, CONFIRMED

IRIS = st.sampled_from([ATTENDED.iri, CONFIRMED.iri])
ACTORS = st.builds(Actor, st.sampled_from(["https://a.example", "https://b.example"]), st.uuids().map(str))
FACTS = st.tuples(st.uuids(), st.uuids(), st.integers(0, 1000), IRIS, ACTORS)


def test_the_id_of_a_known_fact_never_changes_from_one_release_to_the_next():
    identifier = statement_id(PAIR.pair_id, SESSION.session_id, 0, ATTENDED.iri, MENTOR)
    assert identifier == UUID("83faf53f-e6e9-5e4d-beda-9f5dc560bc25")


@given(FACTS)
def test_the_same_fact_always_has_the_same_id(fact):
    registration, fact_id, revision, verb, actor = fact
    again = statement_id(
        UUID(str(registration)), UUID(str(fact_id)), revision, str(verb), Actor(actor.home_page, actor.name)
    )
    assert statement_id(*fact) == again


@given(FACTS, FACTS)
def test_two_facts_have_two_ids(one, other):
    assert (statement_id(*one) == statement_id(*other)) == (one == other)


@given(FACTS)
def test_an_id_is_a_version_5_uuid(fact):
    assert statement_id(*fact).version == 5


@pytest.mark.parametrize(
    "changed",
    [
        (UUID(int=1), SESSION.session_id, 0, ATTENDED.iri, MENTOR),
        (PAIR.pair_id, UUID(int=1), 0, ATTENDED.iri, MENTOR),
        (PAIR.pair_id, SESSION.session_id, 1, ATTENDED.iri, MENTOR),
        (PAIR.pair_id, SESSION.session_id, 0, CONFIRMED.iri, MENTOR),
        (PAIR.pair_id, SESSION.session_id, 0, ATTENDED.iri, MENTEE),
    ],
    ids=["registration", "fact", "revision", "verb", "actor"],
)
def test_each_part_of_a_fact_counts(changed):
    assert statement_id(*changed) != statement_id(PAIR.pair_id, SESSION.session_id, 0, ATTENDED.iri, MENTOR)


def test_a_negative_revision_is_refused():
    with pytest.raises(ValueError, match="revision"):
        statement_id(PAIR.pair_id, SESSION.session_id, -1, ATTENDED.iri, MENTOR)
