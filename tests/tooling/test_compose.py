"""The container files, checked as far as that goes without a container engine.

The order of start is what matters: a healthy database, then a migration that ran to its end, then the server.
"""

import json
import os
import re
import shutil
import subprocess
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PACKAGES = {"domain", "ledger", "projections", "api", "cli"}

# The contract, section 8.
SETTINGS = {
    "QUARTERDECK_ADMIN_KEY",
    "QUARTERDECK_DATABASE_URL",
    "QUARTERDECK_DATA",
    "QUARTERDECK_HOST",
    "QUARTERDECK_PORT",
    "QUARTERDECK_SCHEMA",
}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.fixture(scope="module")
def dockerfile() -> list[tuple[str, str]]:
    """The Dockerfile's instructions with their arguments, comments dropped and continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    return [(word.upper(), rest.strip()) for word, _, rest in (line.partition(" ") for line in lines) if word]


def arguments(dockerfile: list[tuple[str, str]], instruction: str) -> list[str]:
    return [rest for word, rest in dockerfile if word == instruction]


def test_the_database_is_postgresql_18_and_says_when_it_is_healthy(compose):
    db = compose["services"]["db"]
    assert db["image"] == "postgres:18"
    assert "pg_isready" in db["healthcheck"]["test"]


def test_the_databases_volume_lies_where_the_image_of_18_wants_it(compose):
    volumes = dict(volume.split(":") for volume in compose["services"]["db"]["volumes"])
    assert volumes == {"db": "/var/lib/postgresql"}
    assert "db" in compose["volumes"]


def test_the_migration_waits_for_a_healthy_database(compose):
    migrate = compose["services"]["migrate"]
    assert migrate["command"] == ["migrate"]
    assert migrate["depends_on"]["db"]["condition"] == "service_healthy"
    assert migrate["restart"] == "no"


def test_the_server_waits_for_the_migrations_end(compose):
    api = compose["services"]["api"]
    assert api["command"][0] == "serve"
    assert api["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert any(port.endswith(":8000") for port in api["ports"])


def test_the_server_says_when_it_is_healthy(compose):
    command = compose["services"]["api"]["healthcheck"]["test"]
    assert command[:3] == ["CMD", "python", "-c"]
    assert "/healthz" in command[3]
    compile(command[3], "healthcheck", "exec")


def test_server_and_migration_are_one_image_on_one_database(compose):
    migrate, api = compose["services"]["migrate"], compose["services"]["api"]
    assert (migrate["image"], migrate["build"]) == (api["image"], api["build"])
    url = migrate["environment"]["QUARTERDECK_DATABASE_URL"]
    assert url == api["environment"]["QUARTERDECK_DATABASE_URL"]
    assert "@db:5432/" in url


def test_the_services_are_set_by_the_contracts_names(compose):
    ours = [compose["services"][name]["environment"] for name in ("migrate", "api")]
    assert {name for environment in ours for name in environment} <= SETTINGS


def test_secrets_come_from_outside_and_must_be_given(compose):
    for service in compose["services"].values():
        for name, value in service["environment"].items():
            if re.search("PASSWORD|KEY|URL", name):
                assert re.search(r"\$\{(POSTGRES_PASSWORD|QUARTERDECK_ADMIN_KEY):\?[^}]+\}", value), name


def has_compose(docker: str) -> bool:
    return subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode == 0


def test_compose_itself_reads_the_file():
    docker = shutil.which("docker")
    if docker is None or not has_compose(docker):
        pytest.skip("no `docker compose` here: the file was only read as YAML")
    secrets = {"POSTGRES_PASSWORD": "a-password", "QUARTERDECK_ADMIN_KEY": "a-key"}
    command = [docker, "compose", "--file", str(ROOT / "docker-compose.yml"), "config", "--quiet"]
    done = subprocess.run(command, env=os.environ | secrets, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_image_is_built_in_one_stage_and_run_in_another(dockerfile):
    stages = arguments(dockerfile, "FROM")
    assert [stage.split()[0] for stage in stages] == ["python:3.13-slim"] * 2


def test_the_image_holds_the_pinned_versions_and_no_others(dockerfile):
    installs = [line for line in arguments(dockerfile, "RUN") if "pip install" in line]
    assert installs
    for line in installs:
        assert "-c constraints.txt" in line or "--no-deps" in line


def test_the_image_runs_the_server_as_nobody_special(dockerfile):
    assert arguments(dockerfile, "USER")[-1] not in {"root", "0"}
    assert json.loads(arguments(dockerfile, "ENTRYPOINT")[-1]) == ["quarterdeck"]
    assert json.loads(arguments(dockerfile, "CMD")[-1])[0] == "serve"
    assert arguments(dockerfile, "EXPOSE") == ["8000"]


def test_the_image_says_when_it_is_healthy(dockerfile):
    (healthcheck,) = arguments(dockerfile, "HEALTHCHECK")
    python, flag, code = json.loads(healthcheck[healthcheck.index("CMD") + 3 :])
    assert (python, flag) == ("python", "-c")
    assert "/healthz" in code
    compile(code, "healthcheck", "exec")


def test_the_builder_gets_what_the_image_is_made_of_and_nothing_else():
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    admitted = {line[1:] for line in lines if line.startswith("!")}
    assert "*" in lines
    assert admitted >= PACKAGES | {"pyproject.toml", "constraints.txt", "LICENSE"}
    assert not any(fnmatch(name, "*.env*") or name.startswith(".") for name in admitted)
