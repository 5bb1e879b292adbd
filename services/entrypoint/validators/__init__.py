"""Does an entrypoint work? Asked when it is added, at spawn, and now and then.

base        the contract: ten lines make a site's own validator
probes      what to look at, as small shell scripts and what their ends mean (pure)
local       looks on this machine
ssh         looks on the system's hosts
"""

from __future__ import annotations

from .base import BaseValidator, Verdict
from .local import LocalValidator
from .ssh import SSHValidator

__all__ = ["BaseValidator", "LocalValidator", "SSHValidator", "Verdict"]
