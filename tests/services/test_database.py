"""A service's database, in SQLite and in a real PostgreSQL."""

from __future__ import annotations

import asyncio
import stat
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from jupyterhub_suite.services import reconnect
from jupyterhub_suite.services.database import Database, parse_database_url
from jupyterhub_suite.services.errors import SettingError
from tests.harness.hub import ROOT
from tests.harness.postgresql import PostgreSQL
from tests.harness.processes import Process
from tests.services.notes import Notes

INSERT = text("INSERT INTO notes_note (text) VALUES (:text)")
COUNT = text("SELECT count(*) FROM notes_note")


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(
    request: pytest.FixtureRequest, tmp_path: Path, postgresql: PostgreSQL
) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/notes.sqlite"
    return await postgresql.new_database()


def open_database(url: str) -> Database:
    return Database(url, "notes", Notes.migrations)


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = open_database(url)
    await database.upgrade()
    yield database
    await database.close()


async def count(database: Database) -> int:
    async with database.begin() as session:
        return (await session.execute(COUNT)).scalar_one()


async def test_a_new_database_has_migrations_pending_until_it_is_upgraded(
    url: str,
) -> None:
    database = open_database(url)
    assert await database.pending()
    await database.upgrade()
    assert not await database.pending()
    await database.upgrade()
    await database.close()


async def test_replicas_that_start_at_once_upgrade_once(
    url: str, tmp_path: Path
) -> None:
    replicas = [
        Process(
            f"notes-{number}",
            [sys.executable, "-m", "tests.services.notes", "upgrade-db"],
            tmp_path,
            env={"JUPYTERHUB_SUITE_DATABASE_URL": url, "PYTHONPATH": str(ROOT)},
        )
        for number in range(3)
    ]
    for replica in replicas:
        await replica.start()
    assert [await replica.wait() for replica in replicas] == [0, 0, 0]
    for replica in replicas:
        await replica.close()
    database = open_database(url)
    assert not await database.pending()
    await database.close()


async def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    async with database.begin() as writer:
        await writer.execute(INSERT, {"text": "not yet"})
        async with database.read() as reader:
            assert (await reader.execute(COUNT)).scalar_one() == 0


async def test_a_transaction_is_kept_whole_or_not_at_all(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.begin() as session:
            await session.execute(INSERT, {"text": "half"})
            raise ZeroDivisionError
    assert await count(database) == 0


async def test_many_writers_lose_nothing(database: Database) -> None:
    async def write(number: int) -> None:
        async with database.begin() as session:
            await session.execute(INSERT, {"text": str(number)})

    await asyncio.gather(*(write(number) for number in range(50)))
    assert await count(database) == 50


def test_upgrade_db_is_a_command(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    assert Notes.main([f"--Notes.storage_path={folder}", "upgrade-db"]) == 0
    assert (folder / "notes.sqlite").exists()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("nonsense", "not a URL"),
        ("mysql://x/y", "begins with 'mysql'"),
        ("postgresql://u:hidden@host:port/x", "not a URL"),
    ],
)
def test_a_wrong_url_is_refused_without_its_password(url: str, part: str) -> None:
    with pytest.raises(SettingError, match=part) as refused:
        parse_database_url(url)
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:hidden@127.0.0.1:1/notes",
        "sqlite:////proc/nowhere/notes.sqlite",
        "sqlite://",
    ],
)
def test_a_database_that_cannot_be_used_is_one_line(
    url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert Notes.main([f"--Notes.database_url={url}", "upgrade-db"]) == 1
    said = capfd.readouterr().err
    assert "Traceback" not in said
    assert "hidden" not in said
    assert len(said.strip().splitlines()) == 1


def test_a_url_as_the_hub_has_it_gets_a_driver_that_waits() -> None:
    url = parse_database_url("postgresql+psycopg2://user@host/name")
    assert url.drivername == "postgresql+asyncpg"


async def test_a_database_that_restarts_is_waited_for(
    start_postgresql: Callable[..., Awaitable[PostgreSQL]],
) -> None:
    postgresql = await start_postgresql()
    database = open_database(await postgresql.new_database())
    await database.upgrade()
    await postgresql.kill()
    counting = asyncio.create_task(count(database))
    await postgresql.start()
    assert await counting == 0
    await database.close()


async def test_an_asker_is_told_of_a_database_that_stays_away(
    start_postgresql: Callable[..., Awaitable[PostgreSQL]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reconnect, "PATIENCE", 0.2)
    postgresql = await start_postgresql()
    app = Notes()
    app.database_url = await postgresql.new_database()
    await app.setup()
    async with app.database.begin() as session:
        await session.execute(COUNT)
        await postgresql.kill()
        with pytest.raises(SQLAlchemyError) as cut_off:
            await session.execute(COUNT)
        await session.rollback()
    with pytest.raises(OSError, match="Connect") as refused:
        await count(app.database)
    for error in (cut_off.value, refused.value):
        told = app.explain(error)
        assert told is not None
        assert told.status == 503
    assert app.explain(ZeroDivisionError()) is None
    assert app.explain(FileNotFoundError()) is None
    await app.cleanup()


async def test_health_names_a_database_that_is_away(tmp_path: Path) -> None:
    app = Notes()
    app.database_url = f"sqlite:///{tmp_path}/notes.sqlite"
    await app.setup()
    assert await app.problems() == {}
    await app.cleanup()
    app.database = open_database("postgresql://user@127.0.0.1:1/notes")
    assert list(await app.problems()) == ["database"]
    await app.cleanup()
