"""One check, run: within its time, its errors put into words, cleaned up after."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace

import httpx

from jupyterhub_suite.services.errors import (
    HubError,
    HubRefused,
    HubUnreachable,
    SuiteError,
)

from .checks.base import Check, CheckFailed, Journal, Site
from .model import Code, Finding, Result

# A Hub may take its time to end a server that it is still starting.
CLEAN_UP_TIME = 150
LONGEST_MESSAGE = 500


def always() -> bool:
    return True


async def run_check(
    check: Check,
    site: Site,
    log: logging.Logger,
    is_ours: Callable[[], bool] = always,
) -> Result:
    """Run a check, and say what it found: whatever happens, this is a result.

    A check that is somebody else's by now is left as it is: they clean up.
    """
    journal = Journal()
    started, clock = time.time(), time.monotonic()
    try:
        finding = await asyncio.wait_for(check.probe(site, journal), check.timeout)
    except Exception as error:
        finding = explain(error, check, journal)
        if finding.code is Code.UNKNOWN and not isinstance(error, SuiteError):
            log.exception("The check %s failed in itself", check.name)
    finally:
        seconds = time.monotonic() - clock
        left = await _clean_up(check, site, log) if is_ours() else ""
    if left and finding.code is Code.OK:
        finding = replace(finding, code=Code.WARNING, msg=left)
    return Result(
        check=check.name,
        time=started,
        seconds=seconds,
        code=finding.code,
        msg=finding.msg[:LONGEST_MESSAGE],
        stages=tuple(journal.stages),
        numbers=finding.numbers,
        details=finding.details,
    )


async def _clean_up(check: Check, site: Site, log: logging.Logger) -> str:
    """Remove what the probe left; what could not be removed, in words."""
    try:
        await asyncio.wait_for(check.clean_up(site), CLEAN_UP_TIME)
    except (SuiteError, httpx.HTTPError, asyncio.TimeoutError) as error:
        reason = str(error) or f"not done after {CLEAN_UP_TIME} s"
        log.warning("The check %s could not clean up: %s", check.name, reason)
        return f"Something was left behind, which the next run removes: {reason}"
    return ""


def explain(error: Exception, check: Check, journal: Journal) -> Finding:
    """An error in an operator's words: what failed, in which stage, and what to do."""
    finding = _explain(error, check)
    stage = journal.stages[-1] if journal.stages else None
    where = f"{stage.name}: " if stage and stage.failed else ""
    return replace(
        finding,
        msg=where + finding.msg,
        details=(*finding.details, *journal.notes),
    )


def _explain(error: Exception, check: Check) -> Finding:
    if isinstance(error, CheckFailed):
        return error.finding
    if isinstance(error, asyncio.TimeoutError):
        return Finding(Code.CRITICAL, f"Not done after {check.timeout:g} s")
    if isinstance(error, HubRefused):
        return Finding(Code.UNKNOWN, f"The Hub refused this service's token: {error}")
    if isinstance(error, HubUnreachable):
        return Finding(Code.CRITICAL, f"The Hub does not answer: {error}")
    if isinstance(error, HubError):
        return Finding(Code.CRITICAL, f"The Hub failed: {error}")
    if isinstance(error, httpx.TimeoutException):
        return Finding(Code.CRITICAL, "No answer in time")
    if isinstance(error, httpx.HTTPError):
        return Finding(Code.CRITICAL, f"No answer: {error or type(error).__name__}")
    if isinstance(error, SuiteError):
        return Finding(Code.UNKNOWN, str(error))
    return Finding(Code.UNKNOWN, f"The check itself failed: {type(error).__name__}")
