"""A service with one table, for the tests of the database."""

from __future__ import annotations

import sys
from pathlib import Path

from jupyterhub_suite.services.database import DatabaseService
from jupyterhub_suite.services.registration import Registration

REGISTRATION = Registration(
    name="notes",
    module="tests.services.notes",
    settings_class="tests.services.notes.Notes",
)


class Notes(DatabaseService):
    name = "notes"
    migrations = Path(__file__).parent / "notes_versions"


if __name__ == "__main__":
    sys.exit(Notes.main())
