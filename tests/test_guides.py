"""The installation guides say what Moodle and the tool say, and what they tell to copy is there and works."""

from __future__ import annotations

import datetime as dt
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from click import Command, Context, Group

from lti_tool.cli import tandem
from lti_tool.lti.expiry import REFUSALS_KEPT
from lti_tool.lti.forms.kept import KEPT_FOR
from lti_tool.lti.platforms.moodle import Moodle
from lti_tool.lti.platforms.moodle_labels import LABELS
from lti_tool.translation import gettext, using_language

DOCS = Path(__file__).parents[1] / "docs"
GUIDES = {"en": DOCS / "install-moodle.md", "fr": DOCS / "install-moodle.fr.md"}
DEPLOYMENT = DOCS / "deployment"

OURS = {
    "Registration URL",
    "Connect",
    "Add to the course",
    "Continue",
    "Cancel",
    "Grade",
    "Take part in the programme",
    "Check the gradebook",
    "Needs you",
    "Send the grade again",
    "Leave it as it is",
    "Create a column in the gradebook",
}
"""What the guides quote of the tool's own pages, as the catalogues have it."""


CONTEXT = Context(tandem)


def text_of(language: str) -> str:
    """A guide without its line breaks within paragraphs."""
    return re.sub(r"(?<!\n)\n(?![\n#|\d-])\s*", " ", GUIDES[language].read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", GUIDES)
def test_what_a_guide_quotes_of_moodle_is_in_the_table_of_its_labels(language: str) -> None:
    known = {label.texts[language] for label in LABELS.values()} | {"gras", "bold"}
    quoted = set(re.findall(r"\*\*(.+?)\*\*", text_of(language)))
    assert quoted - known == set()


@pytest.mark.parametrize("language", GUIDES)
def test_every_label_of_the_table_is_where_a_guide_sends_people(language: str) -> None:
    text = text_of(language)
    assert [name for name, label in LABELS.items() if f"**{label.texts[language]}**" not in text] == []


@pytest.mark.parametrize("language", GUIDES)
def test_what_a_guide_quotes_of_the_tool_is_in_its_catalogue(language: str) -> None:
    with using_language(language):
        known = {gettext(text) for text in OURS}
    known |= {"Reverse mentoring", "Mentorat inversé", "deliveries", "clock"}
    quoted = set(re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", text_of(language)))
    assert quoted - known == set()


@pytest.mark.parametrize("language", GUIDES)
def test_the_tutor_is_sent_where_the_guide_sends_them(language: str) -> None:
    with using_language(language):
        advice = Moodle.line_item_advice.text
    named = [LABELS[name].texts[language] for name in ("grade", "allow_grades", "select_content")]
    assert [name for name in named if name not in advice] == []


@pytest.mark.parametrize("language", GUIDES)
def test_every_command_of_a_guide_is_one_of_the_tool_s(language: str) -> None:
    for line in re.findall(r"(?:^|`)(tandem [^`\n]+)", text_of(language), re.MULTILINE):
        command: Command = tandem
        for word in shlex.split(line)[1:]:
            if not isinstance(command, Group):
                break
            found = command.get_command(CONTEXT, word)
            assert found is not None, line
            command = found


@pytest.mark.parametrize("language", GUIDES)
def test_every_file_that_a_guide_names_is_there(language: str) -> None:
    text = GUIDES[language].read_text(encoding="utf-8")
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)#:]+)[#)]", text)]
    assert [link for link in links if not (DOCS / link).exists()] == []
    run = set(re.findall(r"docs/deployment/[\w.]+", text))
    assert run == {"docs/deployment/install"}
    assert os.access(DEPLOYMENT / "install", os.X_OK)


PEOPLE_GUIDES = {
    language: [DOCS / f"{name}{ending}" for name in ("learners", "tutors", "privacy", "setting-up", "owners")]
    for language, ending in (("en", ".md"), ("fr", ".fr.md"))
}
"""The pages for people who take part, who tutor, or who ask what is kept. What is bold is what the tool's pages say."""
FILLED = r"[\w.]+(?:\s[\w.]+)?"
"""A name or a day in a quotation."""


def catalogue(language: str) -> list[str]:
    """The texts of the tool in a language, each once per number."""
    with (DOCS.parent / "lti_tool/translations/fr/LC_MESSAGES/messages.po").open("rb") as file:
        messages = [message for message in read_po(file, ignore_obsolete=True) if message.id]
    found: list[str] = []
    for message in messages:
        texts = message.string if language == "fr" else message.id
        found += [texts] if isinstance(texts, str) else texts or ()
    return found


def lines_that_need_the_tutor() -> list[str]:
    """What stands in the code for each line, in English; those that stand for several lines are not among them."""
    with (DOCS.parent / "lti_tool/web/tutor/inbox_wording.py").open("rb") as file:
        return [text for _line, text, *_rest in map(tuple, extract("python", file)) if isinstance(text, str)]


def quotation_of(text: str) -> str:
    """A pattern of what a guide may quote of a text: filled in, and without a sentence that comes last."""
    parts = re.split(r"%\(\w+\)s", text.removesuffix(" %(words)s"))
    return FILLED.join(map(re.escape, parts))


def quoted_by(guide: Path) -> set[str]:
    """What a guide has in bold between asterisks; what is bold in its own words is between underscores."""
    text = re.sub(r"\n(?![\n#|*-])\s*", " ", guide.read_text(encoding="utf-8"))
    return set(re.findall(r"\*\*(.+?)\*\*", text))


@pytest.mark.parametrize("language", PEOPLE_GUIDES)
def test_what_people_s_guides_quote_is_what_their_pages_say(language: str) -> None:
    # A text of little more than what is filled in would allow anything.
    said = [
        text for text in catalogue(language) if "%(" not in text or len(re.sub(r"%\(\w+\)s", "", text)) > 5
    ]
    known = re.compile("|".join(map(quotation_of, said)))
    quoted = {text for guide in PEOPLE_GUIDES[language] for text in quoted_by(guide)}
    assert {text for text in quoted if not known.fullmatch(text)} == set()


@pytest.mark.parametrize("language", PEOPLE_GUIDES)
def test_the_tutor_s_guide_explains_every_line_that_needs_the_tutor(language: str) -> None:
    quoted = quoted_by(PEOPLE_GUIDES[language][1])
    lines = set(lines_that_need_the_tutor()) - {"%(mentee)s and %(mentor)s"}
    assert len(lines) > 20
    with using_language(language):
        said = [gettext(text) for text in lines]
    missing = [text for text in said if not any(re.fullmatch(quotation_of(text), each) for each in quoted)]
    assert missing == []


@pytest.mark.parametrize(
    "guide", ["README", "docs/learners", "docs/tutors", "docs/privacy", "docs/setting-up"]
)
def test_people_s_guides_lead_to_what_is_there_and_to_each_other_in_both_languages(guide: str) -> None:
    root = DOCS.parent
    english, french = root / f"{guide}.md", DOCS / f"{Path(guide).name}.fr.md"
    for path, other in ((english, french), (french, english)):
        text = path.read_text(encoding="utf-8")
        links = set(re.findall(r"\]\(([^)#:]+)[#)]", text)) | set(re.findall(r'src="([^"]+)"', text))
        assert [link for link in links if not (path.parent / link).exists()] == []
        pictures = {link for link in links if link.endswith(".png")}
        language = "fr" if path.name.endswith(".fr.md") else "en"
        assert {link for link in pictures if not link.endswith(f".{language}.png")} == set()
        assert other in {(path.parent / link).resolve() for link in links}


@pytest.mark.parametrize("language", PEOPLE_GUIDES)
def test_the_privacy_sheet_says_how_long_and_which_commands_there_are(language: str) -> None:
    sheet = PEOPLE_GUIDES[language][2].read_text(encoding="utf-8")
    hours, days = KEPT_FOR // dt.timedelta(hours=1), REFUSALS_KEPT.days
    units = ("hours", "days") if language == "en" else ("heures", "jours")
    for row in (f"| {hours} {units[0]} |", f"| {days} {units[1]} |"):
        assert row in sheet
    people = tandem.get_command(CONTEXT, "people")
    assert isinstance(people, Group)
    # Whoever adds a command that hands out or erases what is held about somebody changes what is "not there yet".
    assert [name for name in people.commands if f"`tandem people {name}`" not in sheet] == []


def test_the_service_starts_the_tool_with_options_that_it_has() -> None:
    unit = (DEPLOYMENT / "tandem.service").read_text(encoding="utf-8")
    [line] = re.findall(r"^ExecStart=/opt/tandem/bin/tandem (.+)$", unit, re.MULTILINE)
    name, *options = shlex.split(line)
    serve = tandem.get_command(CONTEXT, name)
    assert serve is not None
    known = {option for parameter in serve.params for option in parameter.opts}
    assert [option for option in options if option not in known] == []


@pytest.mark.parametrize(
    ("who", "by", "named"), [("anna", "sudo", []), ("root", "runuser", ["--", "env"])], ids=["sudo", "root"]
)
def test_the_command_for_every_shell_runs_the_tool_as_the_service_s_user(
    tmp_path: Path, who: str, by: str, named: list[str]
) -> None:
    """With a command for each that says how it was called: whoever is root may have no sudo."""
    for name, does in {by: 'printf "%s\\n" "$@"', "id": f"echo {who}"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)
    shell = shutil.which("sh")
    assert shell is not None
    ran = subprocess.run(
        [shell, str(DEPLOYMENT / "tandem"), "invite", "--label", "Our Moodle"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.splitlines() == [
        *["-u", "tandem", *named, "TANDEM_DATA_DIR=/var/lib/tandem", "/opt/tandem/bin/tandem"],
        *["invite", "--label", "Our Moodle"],
    ]


STUBS = {
    "id": "exit 1",
    "useradd": 'echo "useradd $*" >>"$SAID"',
    "systemctl": 'echo "systemctl $*" >>"$SAID"',
    "caddy": "exit 0",
    "sudo": 'echo "sudo $*" >>"$SAID"; echo https://mentoring.example.org/setup?invite=secret',
    # A virtual environment whose pip says what it installs.
    "python3": 'if [ "$1" = -m ]; then mkdir -p "$3/bin"; '
    'printf \'#!/bin/sh\necho "pip $1 $2 $3 $4 $(cd "$5" && pwd)" >>"$SAID"\n\' >"$3/bin/pip"; '
    'chmod +x "$3/bin/pip"; fi',
}


def test_one_command_installs_the_service_and_prints_an_invitation(tmp_path: Path) -> None:
    """With a system that only says what it was asked for; run twice, the second brings it up to date."""
    for name, does in STUBS.items():
        (tmp_path / "bin" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    root, said = tmp_path / "root", tmp_path / "said"
    caddyfile = root / "etc/caddy/Caddyfile"
    caddyfile.parent.mkdir(parents=True)
    caddyfile.write_text(":80 {\n\tfile_server\n}\n")
    environment = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "DESTDIR": str(root), "SAID": str(said)}

    def install(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(DEPLOYMENT / "install"), *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    for wrong in ("http://mentoring.example.org", "https://", "https://mentoring.example.org/tandem"):
        assert install(wrong).returncode == 2
    assert not said.exists()
    answer = install("https://mentoring.example.org", "fr")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.splitlines()[-1] == "https://mentoring.example.org/setup?invite=secret"
    settings = root / "var/lib/tandem/settings.env"
    assert settings.read_text() == "TANDEM_BASE_URL=https://mentoring.example.org\nTANDEM_DEFAULT_LOCALE=fr\n"
    assert "mentoring.example.org {" in caddyfile.read_text()
    asked = said.read_text().splitlines()
    assert [line.partition(" --")[0] for line in asked] == [
        "useradd",
        f"pip install -q -c {root}/opt/tandem/constraints.txt {DOCS.parent}",
        "systemctl reload-or-restart caddy",
        "systemctl daemon-reload",
        "systemctl enable -q tandem",
        "systemctl restart tandem",
        "sudo -u tandem TANDEM_DATA_DIR=/var/lib/tandem /opt/tandem/bin/tandem invite",
    ]
    pinned = (root / "opt/tandem/constraints.txt").read_text().splitlines()
    every = re.findall(r"^[a-z0-9].*?(?= *\\?$)", (DOCS.parent / "constraints.txt").read_text(), re.MULTILINE)
    assert (pinned, len(pinned) > 50, "--hash" in " ".join(pinned)) == (every, True, False)
    settings.write_text("TANDEM_BASE_URL=https://kept.example.org\n")
    assert install("https://mentoring.example.org").returncode == 0
    assert settings.read_text() == "TANDEM_BASE_URL=https://kept.example.org\n"


def test_the_installation_refuses_an_older_python_before_it_changes_anything(tmp_path: Path) -> None:
    older = tmp_path / "bin/python3"
    older.parent.mkdir()
    older.write_text('#!/bin/sh\nif [ "$1" = --version ]; then echo Python 3.10.4; else exit 1; fi\n')
    older.chmod(0o755)
    answer = subprocess.run(
        [str(DEPLOYMENT / "install"), "https://mentoring.example.org"],
        env={"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "DESTDIR": str(tmp_path / "root")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (answer.returncode, answer.stdout, answer.stderr) == (
        1,
        "",
        "Python 3.11 or newer is needed; this machine has Python 3.10.4.\n",
    )
    assert not (tmp_path / "root").exists()
