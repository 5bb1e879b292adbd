"""How tests visit the service as its users do."""

from __future__ import annotations

from typing import Any

from tests.harness.hub import RealHub, Session

SERVICE = "/services/entrypoint/"


async def enter(hub: RealHub, name: str) -> Session:
    """Logged in at the Hub, and at the service."""
    session = await hub.login(name)
    (await session.get(SERVICE)).raise_for_status()
    return session


def selection(user: str, system: str = "cori") -> str:
    return f"{SERVICE}users/{user}/systems/{system}"


async def add(session: Session, **record: Any) -> dict[str, Any]:
    answer = await session.post(selection(session.name), json=record)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def select(session: Session, entrypoint_id: str, **query: str) -> None:
    answer = await session.put(
        selection(session.name), json={"id": entrypoint_id}, params=query
    )
    assert answer.status_code == 200, answer.text
