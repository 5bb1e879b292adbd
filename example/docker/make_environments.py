"""What users of the example can choose from, made when the image is built.

/opt/environments   the quick start's: an environment, and a start-up script
/opt/images         what the stand-in for Shifter enters: a prefix each
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "quickstart"))
import environments

OPT = Path("/opt")
# JupyterLab asks whether to fetch news; the example needs no network.
NO_NEWS = {
    "@jupyterlab/apputils-extension:notification": {
        "checkForUpdates": False,
        "fetchNews": "false",
    }
}

environments.make(OPT)
for image in ("example/plain", "example/science"):
    environments.make_analysis(OPT / "images" / image)

lab = Path(sys.prefix, "share", "jupyter", "lab", "settings", "overrides.json")
lab.parent.mkdir(exist_ok=True)
lab.write_text(json.dumps(NO_NEWS))
