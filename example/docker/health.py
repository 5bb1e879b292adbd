"""Does the Hub answer, through its proxy, as it does for everybody else?"""

from __future__ import annotations

import sys
from urllib.error import URLError
from urllib.request import urlopen

try:
    urlopen("http://127.0.0.1:8000/hub/health", timeout=8).close()
except URLError as error:
    sys.exit(f"The Hub does not answer: {error.reason}")
