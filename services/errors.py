"""Everything that can go wrong in a service, as one tree.

SuiteError
├── SettingError        the operator set something wrong, or not at all
├── HubError            the Hub's API did not do what was asked
│   ├── HubUnreachable      no answer: refused, timed out, broken off
│   ├── HubRefused          401 or 403: the token is wrong or lacks a scope
│   ├── HubMissing          404
│   ├── HubConflict         409
│   ├── HubFailed           5xx, after all retries
│   └── HubAnswerInvalid    an answer that is not what the API promises
└── PublicError         safe to show to the person who asked

Only a PublicError's message reaches a user. All others stay in the log.
"""

from __future__ import annotations

from typing import Any


class SuiteError(Exception):
    """Anything that this package raises on purpose."""


class SettingError(SuiteError):
    """A setting is missing or wrong; the message says which and what to do."""


class HubError(SuiteError):
    """The Hub's API did not do what was asked."""

    status = 502


class HubUnreachable(HubError):
    status = 503


class HubRefused(HubError):
    pass


class HubMissing(HubError):
    status = 404


class HubConflict(HubError):
    status = 409


class HubFailed(HubError):
    status = 503


class HubAnswerInvalid(HubError):
    pass


class PublicError(SuiteError):
    """What a user may read: an HTTP status, a message, and where the fault is.

    Details become members of the JSON error, next to status and message.
    """

    def __init__(self, status: int, message: str, **details: Any) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.details = details
