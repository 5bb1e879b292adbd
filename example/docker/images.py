"""An image service as small as can be: what there is in /opt/images, as JSON.

GET /users/NAME/systems/SYSTEM    {"images": [{"name": "example/science"}]}
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

IMAGES = Path("/opt/images")


def images() -> list[dict[str, str]]:
    """Folders that have programs, two levels below: example/science."""
    found = IMAGES.glob("*/*/bin")
    return [{"name": f"{bin.parent.relative_to(IMAGES)}"} for bin in sorted(found)]


class Images(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"images": images()}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


if __name__ == "__main__":
    # The Hub ends its services with SIGINT.
    with suppress(KeyboardInterrupt):
        ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Images).serve_forever()
