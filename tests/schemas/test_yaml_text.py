"""YAML from a text editor: what is read, on which line each value stands, and what is refused."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.yaml_text import LARGEST_FILE, YamlError, read_yaml, write_yaml


def refused(text: str | bytes) -> tuple[str, int | None]:
    with pytest.raises(YamlError) as error:
        read_yaml(text.encode() if isinstance(text, str) else text)
    return error.value.problem, error.value.line


def test_words_are_words_and_numbers_are_numbers() -> None:
    text = """
    - no
    - yes
    - on
    - 2026-01-31
    - 010
    - 1_000
    - 12:30
    - <<
    - 12
    - -1.5
    - true
    - ~
    - "12"
    - 'null'
    - 9999999999999999999999
    """
    assert read_yaml(text.encode()).value == [
        "no", "yes", "on", "2026-01-31", "010", "1_000", "12:30", "<<", 12, -1.5, True, None, "12", "null",
        "9999999999999999999999",
    ]  # fmt: skip


def test_the_line_of_a_value_is_that_of_its_name() -> None:
    read = read_yaml(b"a:\n  b:\n    - x\n    - c: 1\n      d: 2\n")
    assert [read.line_of(path) for path in ("a", "a.b.0", "a.b.1.d", "a.b.1.e", "z")] == [1, 3, 5, 4, 1]


def test_windows_line_ends_and_a_byte_order_mark_are_taken() -> None:
    assert read_yaml("\ufeffa: é\r\nb: 2\r\n".encode()).value == {"a": "é", "b": 2}


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("a: &x 1\nb: 2", "yaml_alias", 1),
        ("a: 1\nb: *a", "yaml_alias", 2),
        ("a: 1\nb: !!python/object:os.system x", "yaml_tag", 2),
        ("a: !x 1", "yaml_tag", 1),
        ("%TAG ! tag:example.org,2026:\n---\na: 1", "yaml_tag", 1),
        ("a: 1\n---\nb: 2", "yaml_several_documents", 2),
        ("a: 1\nb: 2\na: 3", "repeated", 3),
        ('a: 1\nb: "open\nc: 3\nd: 4\n', "yaml_unreadable", 2),
        ("a: 1\n? [b, c]\n: 2", "yaml_unreadable", 2),
        ("a: 1\n\tb: 2", "yaml_tab", 2),
        ("a: Objectif : apprendre", "yaml_unreadable", 1),
        ('a: 1\nb: "x\n', "yaml_unreadable", 2),
        ("a: 1\nb: [1, 2", "yaml_unreadable", 2),
        ("a: 1\nb: \x07", "forbidden_characters", 2),
        ("a: 1\nb: \x00", "forbidden_characters", 2),
        ("a:\n  " + "[" * 200_000, "yaml_too_deep", 2),
        ("a: " + "x" * LARGEST_FILE, "template_too_large", None),
        ("a: 1\nb: é".encode("cp1252"), "wrong_encoding", 2),
        ("a: é".encode("utf-16"), "wrong_encoding", 1),
    ],
)
def test_what_is_not_plain_is_refused_with_its_line(text: str | bytes, code: str, line: int | None) -> None:
    assert refused(text) == (code, line)


def test_a_file_that_would_unfold_to_billions_of_values_is_refused_at_its_first_anchor() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    assert refused("\n".join(lines)) == ("yaml_alias", 1)


_WORDS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")), max_size=20)
_TEXTS = st.one_of(
    _WORDS, st.lists(_WORDS, max_size=3).map("\n".join), st.sampled_from(["no", "1", "~", "a: b"])
)


@settings(max_examples=60)
@given(
    st.dictionaries(
        _WORDS,
        st.recursive(
            st.one_of(
                st.none(), st.booleans(), st.integers(-999, 999), st.sampled_from([0.5, 12.25]), _TEXTS
            ),
            lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_WORDS, inner, max_size=3)),
            max_leaves=8,
        ),
        max_size=4,
    )
)
def test_what_is_written_reads_back(values: dict[str, object]) -> None:
    assert json.dumps(read_yaml(write_yaml(values).encode()).value) == json.dumps(values or {})
