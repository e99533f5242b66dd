"""Promises about the repository itself that no other tool holds."""

import json
import re
import subprocess
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("core", "adapters", "edge", "gateway", "simulators")
FLOORS = {  # versions below these have holes or defects that we were bitten by
    "starlette": (1, 3, 1),
    "python-multipart": (0, 0, 27),
    "pymodbus": (3, 16, 1),
}
# In two parts, so that this file is not found itself.
OF_A_MACHINE = re.compile(r"(?<![\w.~/…}-])/(?:wo" + r"rk|ro" + r"ot)/")


def tracked() -> list[Path]:
    """Give the files that git knows and that are there."""
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    files = [ROOT / name for name in names.split("\0") if name]
    return [file for file in files if file.is_file()]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_other_distribution_ships_a_package_of_our_name(package: str) -> None:
    assert set(packages_distributions().get(package, ())) <= {"kvartal"}


def test_the_tests_are_no_packages() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []


@pytest.mark.parametrize("name", FLOORS)
def test_a_dependency_stays_above_its_floor(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    found = [
        match[1]
        for line in (*project["dependencies"], *(line for extra in extras for line in extra))
        if (match := re.fullmatch(rf"{name}(?:\[\w+\])?>=([\d.]+)", line))
    ]
    assert found
    assert all(tuple(map(int, floor.split("."))) >= FLOORS[name] for floor in found)


def test_no_file_names_a_path_of_one_machine() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in tracked()
        for number, line in enumerate(file.read_text("utf-8", "replace").splitlines(), 1)
        if OF_A_MACHINE.search(line)
    ]
    assert found == []


def test_the_lock_of_the_pages_names_no_registry() -> None:
    lock = json.loads((ROOT / "gateway/web/package-lock.json").read_text(encoding="utf-8"))
    assert [name for name, entry in lock["packages"].items() if "resolved" in entry] == []
