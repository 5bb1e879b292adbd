"""What users of the example can choose from, made when the image is built.

/opt/environments   the quick start's: an environment, and a start-up script
/opt/images         what the stand-in for Shifter enters: a prefix each
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "quickstart"))
import environments

OPT = Path("/opt")

environments.make(OPT)
for image in ("example/plain", "example/science"):
    environments.make_analysis(OPT / "images" / image)
