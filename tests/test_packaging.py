"""What a user gets from the wheel is what stands in the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.harness.hub import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PACKAGE = "jupyterhub_suite"
# The name under which sites know the entrypoint service.
ALIAS = "jupyterhub_entrypoint"
SOURCE = ROOT / "src" / PACKAGE
NOT_THE_PROJECT = shutil.ignore_patterns(
    ".git",
    ".venv*",
    ".*cache*",
    ".demo*",
    "node_modules",
    "build",
    "dist",
    "*.egg-info",
)

pytestmark = pytest.mark.xdist_group("packaging")


def files_of_the_package() -> set[str]:
    """Every file that stands in a folder of the package, links followed."""
    found = set()
    for package in (PACKAGE, ALIAS):
        for folder, _, names in os.walk(ROOT / "src" / package, followlinks=True):
            if "__pycache__" not in folder:
                inside = Path(folder).relative_to(SOURCE.parent)
                found |= {str(inside / name) for name in names}
    return found


@pytest.fixture(scope="module")
def settings() -> Any:
    """What pyproject.toml says to setuptools."""
    text = (ROOT / "pyproject.toml").read_text()
    return tomllib.loads(text)["tool"]["setuptools"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an sdist, and the wheel that was made from it."""
    folder = tmp_path_factory.mktemp("build")
    shutil.copytree(ROOT, folder / "tree", symlinks=True, ignore=NOT_THE_PROJECT)
    done = subprocess.run(
        [sys.executable, "-m", "build", "--outdir", folder, folder / "tree"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (path,) = built.glob("*.whl")
    return path


def test_the_packages_listed_are_those_that_stand_there(settings: Any) -> None:
    standing = {
        str(Path(file).parent).replace("/", ".")
        for file in files_of_the_package()
        if file.endswith("/__init__.py")
    }
    with_data_only = set(settings["packages"]) - standing
    assert standing <= set(settings["packages"])
    assert all(
        any(file.startswith(name.replace(".", "/")) for file in files_of_the_package())
        for name in with_data_only
    )
    assert settings["packages"] == sorted(settings["packages"])


def test_every_link_is_a_top_level_folder_that_the_build_maps(settings: Any) -> None:
    links = {path.name: path for path in SOURCE.iterdir() if path.is_symlink()}
    assert links
    for name, link in links.items():
        assert link.readlink() == Path("../..", name)
        assert (ROOT / name).is_dir()
    mapped = {f"{PACKAGE}.{name}": name for name in links}
    own = {package: f"src/{package}" for package in (PACKAGE, ALIAS)}
    assert settings["package-dir"] == {**own, **mapped}


def test_every_file_is_in_the_wheel_and_no_other(wheel: Path) -> None:
    inside = {
        name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name
    }
    assert inside == files_of_the_package()


def test_the_sdist_holds_what_its_wheel_needs(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "LICENSE", "README.md"} <= names


def test_every_module_of_the_wheel_imports(wheel: Path, tmp_path: Path) -> None:
    # Without its dependencies: those are in this environment already.
    zipfile.ZipFile(wheel).extractall(tmp_path)
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "import_all.py"],
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    count = sum(file.endswith(".py") for file in files_of_the_package())
    assert 0 < int(done.stdout.split()[0]) <= count
