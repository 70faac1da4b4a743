"""The LMS's SQLite file: tables, connections and the demo's first people.

One connection a unit of work, opened and closed here; ``transaction()`` alone commits. Plain ``sqlite3``, so
that the LMS shares nothing with the tool it is there to check.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ENROLMENTS = """CREATE TABLE IF NOT EXISTS enrolments (
  course_id INTEGER NOT NULL REFERENCES courses (id),
  person_id INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE, PRIMARY KEY (course_id, person_id))"""
"""Learners of a further course, besides the one of ``people.course_id``."""

TABLES = """
CREATE TABLE people (
  id INTEGER PRIMARY KEY AUTOINCREMENT, username TEXT NOT NULL UNIQUE, given_name TEXT NOT NULL,
  family_name TEXT NOT NULL, email TEXT NOT NULL, job_fr TEXT NOT NULL DEFAULT '', job_en TEXT NOT NULL DEFAULT '',
  role TEXT NOT NULL CHECK (role IN ('student', 'teacher', 'assistant', 'observer', 'test_student', 'admin')),
  enrolled INTEGER NOT NULL DEFAULT 1, course_id INTEGER);
CREATE TABLE courses (
  id INTEGER PRIMARY KEY AUTOINCREMENT, label TEXT NOT NULL, title_fr TEXT NOT NULL, title_en TEXT NOT NULL,
  history TEXT NOT NULL DEFAULT '', concluded INTEGER NOT NULL DEFAULT 0);
CREATE TABLE tools (
  id INTEGER PRIMARY KEY AUTOINCREMENT, client_id TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'active')), initiate_login_uri TEXT NOT NULL,
  redirect_uris TEXT NOT NULL, jwks_uri TEXT NOT NULL, target_link_uri TEXT NOT NULL, deep_link_uri TEXT,
  scopes TEXT NOT NULL, claims TEXT NOT NULL, custom TEXT NOT NULL, description TEXT NOT NULL DEFAULT '',
  logo_uri TEXT NOT NULL DEFAULT '', canvas TEXT NOT NULL DEFAULT '{}');
CREATE TABLE links (
  id INTEGER PRIMARY KEY AUTOINCREMENT, course_id INTEGER NOT NULL REFERENCES courses (id),
  tool_id INTEGER NOT NULL REFERENCES tools (id) ON DELETE CASCADE, title TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '', url TEXT NOT NULL, custom TEXT NOT NULL,
  completion_rule TEXT NOT NULL CHECK (completion_rule IN ('none', 'grade', 'passgrade')),
  pass_grade REAL NOT NULL DEFAULT 0, published INTEGER NOT NULL DEFAULT 1);
CREATE TABLE line_items (
  id INTEGER PRIMARY KEY AUTOINCREMENT, course_id INTEGER NOT NULL REFERENCES courses (id),
  tool_id INTEGER NOT NULL REFERENCES tools (id) ON DELETE CASCADE,
  link_id INTEGER REFERENCES links (id) ON DELETE CASCADE, coupled INTEGER NOT NULL DEFAULT 0,
  label TEXT NOT NULL, score_maximum REAL NOT NULL, resource_id TEXT NOT NULL DEFAULT '',
  tag TEXT NOT NULL DEFAULT '', start_at TEXT, end_at TEXT, locked INTEGER NOT NULL DEFAULT 0,
  allowed_attempts INTEGER);
CREATE UNIQUE INDEX one_coupled_line_item ON line_items (link_id) WHERE coupled = 1;
CREATE TABLE scores (
  line_item_id INTEGER NOT NULL REFERENCES line_items (id) ON DELETE CASCADE,
  person_id INTEGER NOT NULL REFERENCES people (id), grade REAL, comment TEXT, sent_at REAL NOT NULL,
  activity_progress TEXT NOT NULL, grading_progress TEXT NOT NULL, accepted_at REAL NOT NULL,
  accepted_count INTEGER NOT NULL DEFAULT 1, override REAL, attempts INTEGER NOT NULL DEFAULT 0,
  result REAL, cleared INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (line_item_id, person_id));
CREATE TABLE hints (
  id TEXT PRIMARY KEY, tool_id INTEGER NOT NULL REFERENCES tools (id) ON DELETE CASCADE,
  person_id INTEGER NOT NULL REFERENCES people (id), link_id INTEGER REFERENCES links (id) ON DELETE CASCADE,
  deep_link_id TEXT, course_id INTEGER, target TEXT NOT NULL, locale TEXT NOT NULL, expires_at REAL NOT NULL,
  for_person_id INTEGER, beside INTEGER NOT NULL DEFAULT 0);
CREATE TABLE deep_links (
  id TEXT PRIMARY KEY, tool_id INTEGER NOT NULL REFERENCES tools (id) ON DELETE CASCADE,
  person_id INTEGER NOT NULL REFERENCES people (id), course_id INTEGER NOT NULL REFERENCES courses (id),
  expires_at REAL NOT NULL, placement TEXT NOT NULL DEFAULT '');
CREATE TABLE access_tokens (
  digest TEXT PRIMARY KEY, tool_id INTEGER NOT NULL REFERENCES tools (id) ON DELETE CASCADE,
  scopes TEXT NOT NULL, expires_at REAL NOT NULL);
CREATE TABLE seen_jwts (
  client_id TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, expires_at REAL NOT NULL,
  PRIMARY KEY (client_id, kind, value));
CREATE TABLE registration_tokens (
  digest TEXT PRIMARY KEY, expires_at REAL NOT NULL, used INTEGER NOT NULL DEFAULT 0);
CREATE TABLE calls (
  id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, tool TEXT NOT NULL, method TEXT NOT NULL,
  path TEXT NOT NULL, status INTEGER NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL);
"""

ADDED_COLUMNS = (
    ("tools", "canvas", "TEXT NOT NULL DEFAULT '{}'"),
    ("links", "published", "INTEGER NOT NULL DEFAULT 1"),
    ("hints", "course_id", "INTEGER"),
    ("hints", "for_person_id", "INTEGER"),
    ("hints", "beside", "INTEGER NOT NULL DEFAULT 0"),
    ("deep_links", "placement", "TEXT NOT NULL DEFAULT ''"),
    ("people", "enrolled", "INTEGER NOT NULL DEFAULT 1"),
    ("people", "course_id", "INTEGER"),
    ("courses", "concluded", "INTEGER NOT NULL DEFAULT 0"),
    ("line_items", "locked", "INTEGER NOT NULL DEFAULT 0"),
    ("line_items", "allowed_attempts", "INTEGER"),
    ("scores", "override", "REAL"),
    ("scores", "attempts", "INTEGER NOT NULL DEFAULT 0"),
    ("scores", "result", "REAL"),
    ("scores", "cleared", "INTEGER NOT NULL DEFAULT 0"),
)
"""Table, column and definition of what came after the first version."""

FIRST_PEOPLE = (
    ("claire.dubreuil", "Claire", "Dubreuil", "teacher", "Responsable formation", "Head of learning"),
    (
        "lina.haddad",
        "Lina",
        "Haddad",
        "student",
        "Mentore · apprentie, équipe données",
        "Mentor · apprentice, data team",
    ),
    (
        "tomas.ferreira",
        "Tomás",
        "Ferreira",
        "student",
        "Mentor · designer de services",
        "Mentor · service designer",
    ),
    (
        "helene.marchand",
        "Hélène",
        "Marchand",
        "student",
        "Mentorée · directrice des achats",
        "Mentee · head of purchasing",
    ),
    (
        "kwame.mensah",
        "Kwame",
        "Mensah",
        "student",
        "Mentoré · directeur régional",
        "Mentee · regional director",
    ),
    ("amelie.roux", "Amélie", "Roux", "admin", "Administratrice de la plateforme", "Platform administrator"),
)
"""username, given name, family name, role, job in French, job in English."""

CANVAS_PEOPLE = (
    ("nora.lindqvist", "Nora", "Lindqvist", "assistant", "Assistante du cours", "Teaching assistant"),
    ("paul.martin", "Paul", "Martin", "observer", "Observateur", "Observer"),
    ("test.student", "Test", "Student", "test_student", "Étudiant de test", "Student view"),
)
"""Who is there besides under Canvas's rules."""

MAIL_DOMAIN = "campus-horizon.example"


class Store:
    """The LMS's data, in one file."""

    def __init__(self, path: Path, *, further_people: tuple[tuple[str, ...], ...] = ()) -> None:
        """``further_people``: who is there besides :data:`FIRST_PEOPLE`, in the same form."""
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._connection() as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("BEGIN IMMEDIATE")
            new = db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'people'").fetchone()[0] == 0
            if new:
                self._create(db, (*FIRST_PEOPLE, *further_people))
            else:
                self._add_columns(db)
            db.execute("COMMIT")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One unit of work: committed whole, or not at all."""
        with self._connection() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for questions only; what it changed would still be one statement a commit."""
        with self._connection() as db:
            yield db

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        # isolation_level None: sqlite3 opens no transaction behind our back.
        db = sqlite3.connect(self.path, timeout=10, isolation_level=None)
        try:
            db.row_factory = sqlite3.Row
            db.execute("PRAGMA foreign_keys = ON")
            # With a write-ahead log this survives a killed process; only a power cut may lose the last commit.
            db.execute("PRAGMA synchronous = NORMAL")
            yield db
        finally:
            db.close()

    @staticmethod
    def _add_columns(db: sqlite3.Connection) -> None:
        """Give the tables of a folder that an earlier version has made what they lack."""
        db.execute(ENROLMENTS)
        for table, column, definition in ADDED_COLUMNS:
            known = {row["name"] for row in db.execute(f"PRAGMA table_info({table})")}
            if column not in known:
                db.execute(f"ALTER TABLE {table} ADD COLUMN {column} {definition}")

    @staticmethod
    def _create(db: sqlite3.Connection, people: tuple[tuple[str, ...], ...]) -> None:
        for statement in TABLES.split(";\n"):
            if statement.strip():
                db.execute(statement)
        db.execute(ENROLMENTS)
        db.execute(
            "INSERT INTO courses (label, title_fr, title_en) VALUES ('CN-2026', 'Cultures numériques',"
            " 'Digital cultures')"
        )
        db.executemany(
            "INSERT INTO people (username, given_name, family_name, role, job_fr, job_en, email)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(*person, f"{person[0]}@{MAIL_DOMAIN}") for person in people],
        )
        db.execute("UPDATE people SET course_id = 1 WHERE role = 'student'")

    def record_call(self, tool: str, method: str, path: str, status: int, reason: str, detail: str) -> None:
        """Write one line of the activity log, in a transaction of its own so that refusals stay."""
        # Half a surrogate pair in somebody's JSON must not keep its refusal out of the log.
        path, detail = (text.encode(errors="replace").decode() for text in (path[:500], detail[:2000]))
        with self.transaction() as db:
            db.execute(
                "INSERT INTO calls (at, tool, method, path, status, reason, detail) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (time.time(), tool, method, path, status, reason, detail),
            )

    def mark_seen(self, client_id: str, kind: str, value: str, expires_at: float) -> bool:
        """Store a jti or nonce until it expires; False when it was there already."""
        with self.transaction() as db:
            db.execute("DELETE FROM seen_jwts WHERE expires_at < ?", (time.time(),))
            added = db.execute(
                "INSERT OR IGNORE INTO seen_jwts (client_id, kind, value, expires_at) VALUES (?, ?, ?, ?)",
                (client_id, kind, value, expires_at),
            )
            return added.rowcount == 1
