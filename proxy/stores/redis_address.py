"""Where a Redis is: ``redis://``, ``rediss://`` or ``redis+sentinel://``."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from ..errors import BadSetting

SCHEMES = ("redis", "rediss", "redis+sentinel", "rediss+sentinel")


@dataclass(frozen=True)
class RedisAddress:
    """Hosts, who we are there, and the name of the master if these are sentinels."""

    hosts: list[tuple[str, int]]
    username: str = ""
    password: str = field(default="", repr=False)
    db: int = 0
    tls: bool = False
    sentinel: str = ""
    sentinel_password: str = field(default="", repr=False)

    @classmethod
    def parse(
        cls,
        url: str,
        username: str = "",
        password: str = "",
        sentinel_password: str = "",
    ) -> RedisAddress:
        """``redis+sentinel://host:26379,host:26379/0?master=mymaster`` has several."""
        scheme, separator, rest = url.partition("://")
        if not separator or scheme not in SCHEMES:
            raise BadSetting(
                f"redis_url must begin with one of {', '.join(SCHEMES)}://"
            )
        login, _, places = rest.rpartition("@")
        hosts, _, path = places.partition("/")
        parts = urlsplit(f"//x/{path}")
        query = {k: v[-1] for k, v in parse_qs(parts.query).items()}
        url_user, _, url_password = login.partition(":")
        sentinel = query.get("master", "mymaster") if "sentinel" in scheme else ""
        number = parts.path.strip("/") or "0"
        if not number.isdecimal():
            raise BadSetting(
                f"redis_url names the database {number!r}: must be a number"
            )
        return cls(
            hosts=[_host(h, 26379 if sentinel else 6379) for h in hosts.split(",")],
            username=username or unquote(url_user),
            password=password or unquote(url_password),
            db=int(number),
            tls=scheme.startswith("rediss"),
            sentinel=sentinel,
            sentinel_password=sentinel_password,
        )

    def __str__(self) -> str:
        return ",".join(f"{host}:{port}" for host, port in self.hosts)


def _host(text: str, port: int) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        return parts.hostname or "localhost", parts.port or port
    except ValueError:
        raise BadSetting(f"redis_url names {text!r}, which is no host:port") from None
