"""The project's own files: every version is pinned, and nothing in them knows the machine they come from."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONSTRAINTS = (ROOT / "constraints.txt").read_text().splitlines()

# The patterns are written so that they do not match themselves. A folder counts only where a path begins.
MACHINE_PATH = re.compile(r"(?<![\w.~*}/-])/(?:work|root|home/\w+|Users/\w+)/")
REGISTRY = re.compile(
    r"pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|deb\.debian\.org|proxy\.golang\.org"
    r"|(?:extra-)?index[-_]url|find[-_]links|trusted[-_]host",
    re.IGNORECASE,
)


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins() -> dict[str, str]:
    return {canonical(name): version for name, _, version in (line.partition("==") for line in CONSTRAINTS)}


def direct_dependencies() -> list[str]:
    requirements = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    return [canonical(re.split(r"[^\w.-]", requirement)[0]) for requirement in requirements]


def tracked_texts() -> dict[str, str]:
    git = shutil.which("git")
    if not git or not (ROOT / ".git").exists():
        pytest.skip("no git checkout here: what is tracked cannot be told")
    # What is new and not ignored is on its way to being tracked.
    command = [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    files = {name: ROOT / name for name in names if name and (ROOT / name).is_file()}
    return {name: path.read_text(errors="replace") for name, path in files.items()}


@pytest.mark.parametrize("name", direct_dependencies())
def test_a_direct_dependency_is_pinned(name):
    assert name in pins()


def test_constraints_are_exact_versions_sorted_and_nothing_else():
    assert [line for line in CONSTRAINTS if not re.fullmatch(r"[\w.-]+==\d[\w.]*", line)] == []
    names = [canonical(line.partition("==")[0]) for line in CONSTRAINTS]
    assert names == sorted(set(names))
    assert canonical(PROJECT["name"]) not in names


def test_what_builds_the_package_is_pinned_too():
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]
    assert [line for line in build["requires"] if not re.fullmatch(r"[\w.-]+==\d[\w.]*", line)] == []


def test_the_event_store_stays_below_10():
    """Version 10 of eventsourcing changes the interface that our recorder implements (design, section 6)."""
    assert "eventsourcing>=9.5.6,<9.6" in PROJECT["dependencies"]
    assert pins()["eventsourcing"].startswith("9.5.")


@pytest.mark.parametrize(
    ("pattern", "what"), [(MACHINE_PATH, "a path of somebody's machine"), (REGISTRY, "a package registry")]
)
def test_no_tracked_file_names(pattern, what):
    """Recorded histories are left out: they are quoted as they were found."""
    found = [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in tracked_texts().items()
        if not name.endswith(".jsonl")
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == [], f"{what} is named"


def imported(path: Path) -> set[str]:
    """The top-level packages that a module imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return {name.partition(".")[0] for name in names}


def test_the_domain_imports_the_standard_library_and_pydantic_alone():
    # pydantic_core is where pydantic keeps its custom errors.
    allowed = sys.stdlib_module_names | {"domain", "pydantic", "pydantic_core"}
    strangers = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / "domain").rglob("*.py")
        for name in imported(path) - allowed
    }
    assert strangers == set()


def test_ci_script_can_be_run():
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert "set -euo pipefail" in script.read_text()
