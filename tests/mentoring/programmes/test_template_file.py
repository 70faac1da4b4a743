"""A template as a YAML file: it reads back as it was written, and what is wrong is named with its line."""

import pytest

from lti_tool.mentoring.programmes.template import (
    DEFAULT_TEMPLATE,
    ProgrammeTemplate,
    load_template,
    read_template,
    template_codes,
)
from lti_tool.mentoring.programmes.template_file import (
    TemplateFileError,
    read_template_file,
    write_template_file,
)
from lti_tool.translation import using_language

BUILT_IN = load_template.__globals__["_FOLDER"]


def written() -> list[str]:
    return write_template_file(load_template(DEFAULT_TEMPLATE)).splitlines()


def problems(lines: list[str]) -> list[tuple[int | None, str, str]]:
    with pytest.raises(TemplateFileError) as refused:
        read_template_file("\n".join(lines).encode())
    return [(each.line, each.place, str(each.problem)) for each in refused.value.problems]


@pytest.mark.parametrize("code", template_codes())
def test_a_built_in_template_is_the_file_that_exporting_it_gives(code: str) -> None:
    template = load_template(code)
    assert BUILT_IN.joinpath(f"{code}.yaml").read_text(encoding="utf-8") == write_template_file(template)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_file_reads_back_as_the_same_template(language: str) -> None:
    document = load_template(DEFAULT_TEMPLATE).document()
    document["rule"]["criteria"][0] |= {"w": "1/3", "roles": ["mentor"]}
    document["rule"]["criteria"][1]["w"] = "1/4"
    document["goal"]["en"] = "One: first.\n\n  Two # second\nno"
    template: ProgrammeTemplate = read_template(document)
    with using_language(language):
        assert read_template_file(write_template_file(template).encode()) == template


def test_an_unknown_field_is_refused_with_its_line() -> None:
    lines = written()
    at = lines.index("rhythm:") + 1
    lines.insert(at, "  tempo: fast")
    assert problems(lines) == [(at + 1, "rhythm › tempo", "unknown_field")]


def test_a_missing_value_is_asked_for_where_it_should_stand() -> None:
    lines = written()
    at = lines.index("title:")
    assert lines.pop(at + 2).startswith("  en:")
    assert problems(lines) == [(at + 1, "title", "field_missing")]


def test_a_misspelt_name_is_said_before_the_one_that_is_missing() -> None:
    lines = written()
    at = lines.index("goal:")
    lines[at] = "gaol:"
    found = problems(lines)
    assert found[0] == (at + 1, "gaol", "unknown_field")
    assert [(where, code) for _line, where, code in found[1:]] == [("", "field_missing")]


def test_every_problem_is_named_at_once() -> None:
    lines = written()
    rhythm = lines.index("rhythm:") + 1
    lines[rhythm] = "  sessions: six"
    kind = next(at for at, line in enumerate(lines) if line.endswith("type: sessions"))
    lines[kind] = lines[kind].replace("sessions", "training")
    found = problems(lines)
    assert (rhythm + 1, "rhythm › sessions", "not_a_number") in found
    assert (kind + 1, "rule › criteria › 2 › min", "unknown_field") in [
        (line - 2 if where.endswith("min") else line, where, code) for line, where, code in found
    ]


def test_what_cannot_be_read_as_yaml_names_no_field() -> None:
    assert problems(["v: 1", "code: *x"]) == [(2, "", "yaml_alias")]


@pytest.mark.parametrize("text", ["", "# nothing\n", "just words", "- a\n- list"])
def test_a_file_without_named_values_is_refused(text: str) -> None:
    assert problems([text])[0][2] == "not_an_object"
