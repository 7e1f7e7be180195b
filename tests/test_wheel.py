"""The built wheel works without development dependencies: what a setting installs is what was tested."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ["dinnerbell", "dinnerbell_dns", "dinnerbell_proxy", "dinnerbell_reports"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from the tree."""
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "build", "--wheel", "--outdir", str(out), str(ROOT)], check=True, capture_output=True)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory) -> Path:
    """A new environment with the wheel and what it requires, and nothing else."""
    home = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    subprocess.run([str(home / "bin/pip"), "install", "--quiet", "--disable-pip-version-check", str(wheel)], check=True)
    return home / "bin/python"


def test_the_wheel_holds_every_package_and_its_data(wheel):
    """hatch drops a missing package without a word."""
    names = zipfile.ZipFile(wheel).namelist()
    for package in PACKAGES:
        assert f"{package}/__init__.py" in names
    assert "dinnerbell/services/essential.yaml" in names
    assert "dinnerbell/enforce/safe-search.yaml" in names
    assert "dinnerbell/demo/rules.yaml" in names
    assert not any(name.startswith("tests/") for name in names)


def test_each_package_is_imported_from_the_wheel(python, tmp_path):
    """All of them, with only what the wheel requires."""
    script = "; ".join(f"import {package}; assert 'site-packages' in {package}.__file__" for package in PACKAGES)
    subprocess.run([str(python), "-c", script], check=True, cwd=tmp_path)


def test_the_installed_command_checks_the_shipped_rules(python, tmp_path):
    """The sample works where only the wheel is."""
    done = subprocess.run(
        [str(python.parent / "dinnerbell"), "--rules", str(ROOT / "rules.yaml"), "check"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Pippins Preschool" in done.stdout


def test_the_installed_demo_writes_a_report(python, tmp_path):
    """The whole way, from real queries to the page, with the wheel alone."""
    done = subprocess.run(
        [str(python.parent / "dinnerbell"), "--data", "data", "demo", "--weeks", "1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    pages = list((tmp_path / "data/demo").glob("*.html"))
    assert len(pages) == 1
    assert "Acorn Lane Nursery" in pages[0].read_text()
