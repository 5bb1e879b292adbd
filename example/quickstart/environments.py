"""What the demo's users can choose to start in: made below a folder, once.

environments/analysis       an environment of its own, as conda would make one
environments/announce.sh    a start-up script that says so in the server's log
"""

from __future__ import annotations

import sys
import sysconfig
import venv
from pathlib import Path

ANNOUNCE = """\
#!/bin/sh
# A start-up script prepares, and then runs what it is handed.
export DEMO_ENVIRONMENT="prepared by an administrator"
echo "announce.sh: $DEMO_ENVIRONMENT"
exec "$@"
"""


def make(folder: Path) -> Path:
    """The folder with all of it; what is there already stays."""
    environments = folder / "environments"
    analysis = environments / "analysis"
    if not (analysis / "share" / "jupyter").exists():
        make_analysis(analysis)
    write_script(environments / "announce.sh", ANNOUNCE)
    return environments


def make_analysis(folder: Path) -> None:
    """An own prefix that borrows the packages of the one that runs the demo."""
    venv.EnvBuilder(clear=True, symlinks=True).create(folder)
    python = folder / "bin" / "python"
    packages = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    borrowed = folder / "lib" / version / "site-packages" / "demo.pth"
    borrowed.write_text("\n".join(sorted(packages)))
    # JupyterLab itself, and that it is to be loaded.
    for name in ("etc", "share"):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "jupyter").symlink_to(Path(sys.prefix, name, "jupyter"))
    program = f"#!{python}\nfrom jupyterhub.singleuser import main\nmain()\n"
    write_script(folder / "bin" / "jupyter-labhub", program)


def write_script(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)
