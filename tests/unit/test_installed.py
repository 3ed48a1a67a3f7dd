"""What a wheel holds: every package of the product, and the files beside their modules."""

import tomllib
from fnmatch import fnmatch
from glob import glob
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = ("monitoring/", "page/")  # of what runs elsewhere, and of what is made of them: the bundle of the page
TOOLS = {"bench", "docgen", "recount", "tests"}  # not installed
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]


def test_every_package_is_installed() -> None:
    """But for the tools."""
    there = {path.parent.name for path in ROOT.glob("*/__init__.py")} - TOOLS
    patterns = SETUPTOOLS["packages"]["find"]["include"]
    assert {name for name in there if not any(fnmatch(name, one) for one in patterns)} == set()
    assert {name for name in TOOLS if any(fnmatch(name, one) for one in patterns)} == set()


def test_the_image_is_built_of_every_package() -> None:
    """A folder that Docker ignores would be missing there, and nowhere else."""
    taken = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    there = {path.parent.name for path in ROOT.glob("*/__init__.py")} - TOOLS
    assert there <= taken


def test_files_beside_modules_are_installed() -> None:
    """Scripts, texts and the whole page."""
    data = SETUPTOOLS["package-data"]
    for package in {path.parent.name for path in ROOT.glob("*/__init__.py")} - TOOLS:
        folder = ROOT / package
        patterns = [*data["*"], *data.get(package, [])]
        taken = {name for one in patterns for name in glob(one, root_dir=folder, recursive=True)}
        for sub in folder.rglob("*/"):
            if (sub / "__init__.py").exists():
                module = ".".join((package, *sub.relative_to(folder).parts))
                own = (name for one in (*data["*"], *data.get(module, [])) for name in glob(one, root_dir=sub))
                taken |= {(sub / name).relative_to(folder).as_posix() for name in own}
        files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        beside = {name for name in files if not name.endswith((".py", ".pyc"))}
        assert {name for name in beside - taken if not name.startswith(SOURCES)} == set(), package
