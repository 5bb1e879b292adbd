"""A service's database: SQLite in a folder by default, PostgreSQL for replicas.

A service that keeps records is a `DatabaseService`: it says where its
`migrations` are, names its tables NAME_…, so that services can share a database,
and works in `async with self.database.begin() as session`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, ClassVar

import alembic.command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from traitlets import Unicode, default

from .errors import PublicError, SettingError
from .reconnect import Reconnect, is_away
from .service import Service

# The drivers that wait without blocking, for URLs as the Hub's db_url has them.
DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
MIGRATIONS = Path(__file__).resolve().parent / "migrations"
# Any number will do, as long as all replicas take the same.
UPGRADE_LOCK = 7_446_201


class Database:
    """One service's tables, and the way to them."""

    def __init__(self, url: str, service: str, versions: Path) -> None:
        self.url = parse_database_url(url)
        self._service = service
        self._versions = versions
        self.engine = open_engine(self.url)
        self._reading = self.engine.execution_options(sqlite_begin="BEGIN")
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    def __repr__(self) -> str:
        return f"Database({self.url.render_as_string(hide_password=True)})"

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """A session in a transaction: kept as a whole, or not at all."""
        async with self._sessions.begin() as session:
            yield session

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session that only reads, and makes no writer wait."""
        async with self._sessions(bind=self._reading) as session:
            yield session

    async def upgrade(self) -> None:
        """Bring the tables to this version's; replicas take turns."""
        with explain_failure(self):
            async with self.engine.begin() as connection:
                if self.engine.dialect.name == "postgresql":
                    lock = text("SELECT pg_advisory_xact_lock(:key)")
                    await connection.execute(lock, {"key": UPGRADE_LOCK})
                await connection.run_sync(self._upgrade)

    async def pending(self) -> bool:
        """Are there migrations that this database has not seen?"""
        with explain_failure(self):
            async with self.engine.connect() as connection:
                return await connection.run_sync(self._pending)

    async def close(self) -> None:
        await self.engine.dispose()

    def _upgrade(self, connection: Connection) -> None:
        alembic.command.upgrade(self._alembic(connection), "head")

    def _pending(self, connection: Connection) -> bool:
        scripts = ScriptDirectory.from_config(self._alembic(connection))
        context = MigrationContext.configure(
            connection, opts={"version_table": self.version_table}
        )
        return set(context.get_current_heads()) != set(scripts.get_heads())

    @property
    def version_table(self) -> str:
        return f"{self._service}_schema_version"

    def _alembic(self, connection: Connection) -> AlembicConfig:
        config = AlembicConfig()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.set_main_option("path_separator", "os")
        config.set_main_option("version_locations", str(self._versions))
        config.attributes["connection"] = connection
        config.attributes["version_table"] = self.version_table
        return config


def parse_database_url(written: str) -> URL:
    """The URL with a driver that fits; says what is wrong, without the password."""
    try:
        url = make_url(written)
    except (ArgumentError, ValueError):
        raise SettingError(
            "database_url is not a URL: expected sqlite:///PATH or"
            " postgresql://USER@HOST/NAME"
        ) from None
    dialect = url.drivername.partition("+")[0]
    if dialect not in DRIVERS:
        raise SettingError(
            f"database_url begins with {url.drivername!r}: expected"
            f" {' or '.join(DRIVERS)}"
        )
    return url.set(drivername=DRIVERS[dialect])


def open_engine(url: URL) -> AsyncEngine:
    try:
        engine = create_async_engine(url, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise SettingError(
            f"database_url needs the package {error.name}:"
            " pip install 'jupyterhub-suite[postgres]'"
        ) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", prepare_sqlite)
        event.listen(engine.sync_engine, "begin", begin_sqlite)
    else:
        Reconnect(engine)
    return engine


def prepare_sqlite(connection: Any, _record: Any) -> None:
    """Readers and a writer at once, patience between writers, and real references."""
    # Python's driver would begin transactions late, and end them at a new table.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("busy_timeout=10000", "journal_mode=WAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def begin_sqlite(connection: Connection) -> None:
    """A writer waits for its turn here, and not half way, where it would fail."""
    options = connection.get_execution_options()
    connection.exec_driver_sql(options.get("sqlite_begin", "BEGIN IMMEDIATE"))


@contextmanager
def explain_failure(database: Database) -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise SettingError(f"{database!r} cannot be used: {reason}") from error


class DatabaseService(Service):
    """A service that keeps records."""

    # The folder of this service's alembic versions.
    migrations: ClassVar[Path]
    commands = {"upgrade-db": "upgrade_db"}

    storage_path = Unicode(
        "data", help="The folder for what the service keeps; made if it is not there."
    ).tag(config=True)
    database_url = Unicode(
        help="""Where records are kept: sqlite:///PATH or
        postgresql://USER@HOST/NAME. A SQLite file in storage_path by default."""
    ).tag(config=True, env="JUPYTERHUB_SUITE_DATABASE_URL")

    @default("database_url")
    def _default_database_url(self) -> str:
        return f"sqlite:///{Path(self.storage_path).resolve() / self.name}.sqlite"

    async def setup(self) -> None:
        if self.database_url.startswith("sqlite"):
            make_folder(parse_database_url(self.database_url))
        self.database = Database(self.database_url, self.name, self.migrations)
        await self.database.upgrade()

    async def cleanup(self) -> None:
        # Setup may have failed before there was a database.
        if hasattr(self, "database"):
            await self.database.close()

    def explain(self, error: BaseException | None) -> PublicError | None:
        if is_away(error):
            return PublicError(503, "The database is away. Try again in a minute.")
        return super().explain(error)

    async def problems(self) -> dict[str, str]:
        try:
            await asyncio.wait_for(self._answer(), timeout=5)
        except (SQLAlchemyError, OSError, asyncio.TimeoutError) as error:
            return {"database": type(error).__name__}
        return {}

    async def _answer(self) -> None:
        async with self.database.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def upgrade_db(self) -> None:
        """Bring the database to this version's tables, and exit."""
        try:
            await DatabaseService.setup(self)
        finally:
            await DatabaseService.cleanup(self)


def make_folder(url: URL) -> None:
    if not url.database or url.database == ":memory:":
        raise SettingError("database_url names no file: records must survive a restart")
    folder = Path(url.database).parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingError(f"{folder} cannot be made: {error.strerror}") from None
    if not os.access(folder, os.W_OK):
        raise SettingError(f"{folder} cannot be written to: set storage_path")
