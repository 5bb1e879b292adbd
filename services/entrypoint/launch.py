"""What starts a server, and which settings that means for which spawner."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import SettingError

PLACEHOLDER = re.compile(r"\{(\w+)\}")
SPAWNERS = ("local", "batch", "docker", "kubernetes")


@dataclass(frozen=True)
class Launch:
    """What a type makes of what a user typed.

    The wrapper prepares (loads modules, enters an image) and then runs the
    command that follows it. No command means: whatever the Hub starts by default.
    """

    command: tuple[str, ...] = ()
    wrapper: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    image: str = ""
    # What runs in front of the command: on a batch node, what reports its port (and
    # runs nothing but Python); elsewhere nothing, or what the wrapper wants there.
    batch_launcher: str = "batchspawner-singleuser"
    launcher: tuple[str, ...] = ()

    @property
    def cmd(self) -> list[str]:
        return [*self.wrapper, *self.launcher, *self.command]


class CannotStart(Exception):
    """This spawner cannot start such an entrypoint; the message is for the user."""


def spawner_settings(launch: Launch, spawner: str) -> dict[str, Any]:
    """The traits to set on a spawner of that kind."""
    settings: dict[str, Any] = {}
    if launch.image:
        if spawner not in ("docker", "kubernetes"):
            raise CannotStart(
                "It is a container image, and this system does not run containers."
            )
        settings["image"] = launch.image
    if launch.cmd:
        settings |= batch_command(launch) if spawner == "batch" else {"cmd": launch.cmd}
    if launch.environment:
        settings["environment"] = dict(launch.environment)
    return settings


def batch_command(launch: Launch) -> dict[str, Any]:
    """batchspawner joins these with spaces into a shell script, so each is quoted."""
    before, command = [*launch.wrapper, launch.batch_launcher], list(launch.command)
    if not command:
        # A wrapper that finds the command by itself; and `cmd` may not be empty.
        before, command = before[:-1], before[-1:]
    return {
        "batchspawner_singleuser_cmd": shlex.join(before),
        "cmd": [shlex.quote(word) for word in command],
    }


def fill(template: Sequence[str], values: Mapping[str, Any]) -> tuple[str, ...]:
    """Put values into a command, word by word: no value can become two words.

    A word that is nothing but the placeholder of a list becomes its items.
    """
    words: list[str] = []
    for word in template:
        whole = PLACEHOLDER.fullmatch(word)
        if whole and isinstance(values.get(whole[1], ""), (list, tuple)):
            words += [str(item) for item in values[whole[1]]]
        else:
            words.append(
                PLACEHOLDER.sub(lambda found: str(values.get(found[1], "")), word)
            )
    return tuple(words)


def check_template(template: Sequence[str], known: set[str], where: str) -> None:
    """Refuse a placeholder that nothing would ever fill."""
    for word in template:
        for name in PLACEHOLDER.findall(word):
            if name not in known:
                raise SettingError(
                    f"{where}: {{{name}}} is none of {', '.join(sorted(known))}"
                )
