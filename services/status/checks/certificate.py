"""The certificate of a public address: does a browser believe it, and how long yet?"""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from urllib.parse import urlsplit

from ..model import Code, Finding
from .base import CheckFailed

DAY = 86400


def judge_certificate(
    seconds: float, warn_days: float, critical_days: float
) -> Finding:
    days = seconds / DAY
    msg = f"its certificate ends in {days:.0f} days"
    code = Code.OK
    if days < warn_days:
        code = Code.CRITICAL if days < critical_days else Code.WARNING
    return Finding(code, msg, {"certificate_days": round(days, 2)})


async def seconds_left(url: str, context: ssl.SSLContext | None) -> float:
    """How long its certificate is good; no browser takes one that is not."""
    parts = urlsplit(url)
    host, port = parts.hostname, parts.port or 443
    context = context or ssl.create_default_context()
    try:
        _, writer = await asyncio.open_connection(host, port, ssl=context)
    except ssl.SSLCertVerificationError as error:
        said = error.verify_message.rstrip(".")
        raise CheckFailed(f"The certificate of {host} is no good: {said}") from None
    except OSError as error:
        raise CheckFailed(f"No TLS with {host}:{port}: {in_words(error)}") from None
    try:
        ends = writer.get_extra_info("peercert")["notAfter"]
    finally:
        writer.close()
    return ssl.cert_time_to_seconds(ends) - time.time()


def in_words(error: OSError) -> str:
    """asyncio says of a refused connection only that a call failed."""
    if isinstance(error, ConnectionError) and error.errno:
        return os.strerror(error.errno)
    return error.strerror or str(error)
