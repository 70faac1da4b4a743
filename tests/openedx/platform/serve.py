"""A small LTI platform made of Open edX's own LTI code, for tests: one course, one block, everything in memory.

Run by the Python of its own environment, never by the tool's:

    python tests/openedx/platform/serve.py --port 0 --config platform.json

It prints one line of JSON, `{"base_url": …}`, once it listens. `configuration.py` says what the file holds,
`control.py` what the endpoints under `/test/` do; everything else is answered by `lti_consumer`.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
import threading
from pathlib import Path

import django
from configuration import ConfigurationError, read_configuration
from django.conf import settings

# Open edX's own pattern of a usage id inside an address.
USAGE_ID_PATTERN = r"(?P<usage_id>(?:i4x://?[^/]+/[^/]+/[^/]+/[^@]+(?:@[^/]+)?)|(?:[^/]+))"


def configure_django(base_url: str) -> None:
    """Sets Django up as Open edX's LMS would, in so far as its LTI code can tell."""
    settings.configure(
        SECRET_KEY="only-for-tests",
        ALLOWED_HOSTS=["127.0.0.1", "localhost"],
        ROOT_URLCONF="urls",
        LMS_ROOT_URL=base_url,
        PLATFORM_NAME="Open edX for tests",
        LEARNING_MICROFRONTEND_URL=base_url,
        USAGE_ID_PATTERN=USAGE_ID_PATTERN,
        OPENEDX_TELEMETRY=[],
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "rest_framework",
            "django_filters",
            "lms",
            "lti_consumer",
        ],
        MIDDLEWARE=[
            "requests_log.RequestsLog",
            "edx_django_utils.cache.middleware.RequestCacheMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "edx_django_utils.cache.middleware.TieredCacheMiddleware",
            "crum.CurrentRequestUserMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
            }
        ],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": "file:openedx?mode=memory&cache=shared",
                # As in the LMS: a score whose grade cannot be published leaves nothing behind.
                "ATOMIC_REQUESTS": True,
            }
        },
        # Tables straight from the models: the same shapes as by the migrations, in a tenth of the time.
        MIGRATION_MODULES=dict.fromkeys(("auth", "contenttypes", "lti_consumer", "lms")),
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        SESSION_ENGINE="django.contrib.sessions.backends.cache",
        SESSION_COOKIE_NAME="openedx_session",
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_SAMESITE="None",
        LOGGING={
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {"console": {"class": "logging.StreamHandler"}},
            "root": {"handlers": ["console"], "level": "INFO"},
        },
    )
    django.setup()


def exit_with_stdin() -> None:
    """Ends the process when whoever started it is gone, however that one ended."""
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> int:
    """Opens the platform and serves until it is stopped; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    parser.add_argument("--config", type=Path, required=True, help="a JSON file, see configuration.py")
    parser.add_argument("--exit-with-stdin", action="store_true", help="end when standard input closes")
    asked = parser.parse_args()

    try:
        configuration = read_configuration(asked.config)
    except (ConfigurationError, KeyError, OSError, TypeError, ValueError) as refused:
        print(f"{asked.config}: {refused}", file=sys.stderr)
        return 2

    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", asked.port))
    # The issuer is part of every answer, so the port must be known before Django is.
    base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    configure_django(base_url)

    # These need Django to be set up.
    from courseware import connect_courseware, keep_keys_loaded
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application
    from installation import course_of, install
    from waitress.server import create_server

    course = course_of(configuration)
    settings.TEST_COURSE = course
    connect_courseware(course)
    keep_keys_loaded()
    call_command("migrate", run_syncdb=True, verbosity=0)
    install(configuration, course)

    # One thread: shared in-memory SQLite locks whole tables, and nothing here waits on itself. The tool's
    # JWKS is fetched while a token is asked for, which the tool must answer without calling back.
    server = create_server(get_wsgi_application(), sockets=[listening], threads=1)
    if asked.exit_with_stdin:
        threading.Thread(target=exit_with_stdin, daemon=True).start()
    print(json.dumps({"base_url": base_url}), flush=True)
    server.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
