"""A kernel over WebSocket: run a cell, and get what it prints."""

from __future__ import annotations

import json
import ssl
import uuid
from dataclasses import dataclass, field
from typing import Any

from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import (
    WebSocketClientConnection,
    WebSocketError,
    websocket_connect,
)

from .base import CheckFailed

Message = dict[str, Any]
KERNEL_DIED = "The kernel died: see the log of the user's server"
DEAD = ("dead", "restarting", "autorestarting")


def request(kind: str, session: str, content: Message) -> Message:
    """A message to a kernel, as Jupyter's protocol has it."""
    return {
        "channel": "shell",
        "header": {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "session": session,
            "username": "status",
            "version": "5.3",
        },
        "parent_header": {},
        "metadata": {},
        "content": content,
        "buffers": [],
    }


@dataclass
class Cell:
    """What the kernel tells about one request, until it has told all."""

    msg_id: str
    replied: bool = False
    idle: bool = False
    printed: list[str] = field(default_factory=list)

    @property
    def done(self) -> bool:
        return self.replied and self.idle

    def take(self, message: Message) -> None:
        """Learn from a message; a kernel that died says so to everybody."""
        kind, content = message["header"]["msg_type"], message["content"]
        if kind == "status" and content.get("execution_state") in DEAD:
            raise CheckFailed(KERNEL_DIED)
        if message.get("parent_header", {}).get("msg_id") != self.msg_id:
            return
        if kind == "error":
            raise CheckFailed(
                f"The cell failed: {content['ename']}: {content['evalue']}"
            )
        if kind == "stream":
            self.printed.append(content["text"])
        elif kind in ("execute_result", "display_data"):
            self.printed.append(content["data"].get("text/plain", ""))
        elif kind == "status":
            self.idle = content["execution_state"] == "idle"
        elif kind.endswith("_reply"):
            self.replied = True


class Kernel:
    """An open connection to a running kernel."""

    def __init__(self, socket: WebSocketClientConnection) -> None:
        self._socket = socket
        self._session = uuid.uuid4().hex

    @classmethod
    async def open(cls, url: str, token: str, tls: ssl.SSLContext | None) -> Kernel:
        """Connect, and wait until it answers; the URL is that of the kernel's channels, with http or https."""
        ask = HTTPRequest(
            "ws" + url.removeprefix("http"),
            headers={"Authorization": f"token {token}"},
            ssl_options=tls,
            # The check's own time limit is shorter, or meant to be longer.
            request_timeout=0,
            connect_timeout=0,
        )
        try:
            kernel = cls(await websocket_connect(ask))
        except (HTTPClientError, WebSocketError, OSError) as error:
            raise CheckFailed(
                f"The WebSocket to the kernel was not opened: {error}."
                " Does the proxy, or one before it, pass WebSockets on?"
            ) from error
        try:
            await kernel._ask("kernel_info_request", {})
        except BaseException:
            kernel.close()
            raise
        return kernel

    async def run(self, code: str) -> str:
        """Run a cell, and return what it printed."""
        content = {
            "code": code,
            "silent": False,
            "store_history": False,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
        }
        return await self._ask("execute_request", content)

    async def _ask(self, kind: str, content: Message) -> str:
        asked = request(kind, self._session, content)
        await self._socket.write_message(json.dumps(asked))
        cell = Cell(asked["header"]["msg_id"])
        while not cell.done:
            message = await self._socket.read_message()
            if message is None:
                raise CheckFailed(
                    "The WebSocket to the kernel was closed"
                    f" ({self._socket.close_code or 'connection lost'})"
                )
            cell.take(json.loads(message))
        return "".join(cell.printed)

    def close(self) -> None:
        self._socket.close()
