"""Tests of reading the user's Docker configuration file, whatever it contains."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import pytest

from runner.drivers.docker import client_config
from runner.nodes import docker_client
from tests.support import helpers

WRONG_SHAPES = {
    "[]": "contains a list instead of an object",
    '"text"': "contains a string instead of an object",
    "5": "contains a number instead of an object",
    "null": "contains null instead of an object",
    "true": "contains a boolean instead of an object",
    "{": "is not valid JSON",
    "": "is not valid JSON",
    "\udcff\udcfe{}": "is not valid JSON",
    '{"currentContext": 5}': "'currentContext' is a number instead of a string",
    '{"currentContext": ["x"]}': "'currentContext' is a list instead of a string",
    '{"auths": [1], "credsStore": {}}': "'auths' is a list instead of an object and 'credsStore' is an object",
    '{"credHelpers": "x"}': "'credHelpers' is a string instead of an object",
}
# No part of these is used, or what is used of them has the right shape.
HARMLESS_SHAPES = (
    "{}",
    '{"proxies": []}',
    '{"proxies": {"default": 5}}',
    '{"HttpHeaders": []}',
    '{"detachKeys": 5}',
    '{"auths": null, "currentContext": null}',
    '{"currentContext": ""}',
    '{"auths": {"https://index.docker.io/v1/": 5}}',
    '{"auths": {"https://index.docker.io/v1/": {"auth": "not base64"}}}',
    '{"auths": {"https://index.docker.io/v1/": {"auth": 5}}}',
    '{"credsStore": "not-installed"}',
    '{"credHelpers": {"https://index.docker.io/v1/": 5}}',
    '{"credHelpers": {"docker.io": "not-installed"}}',
)
ALL_SHAPES = (*WRONG_SHAPES, *HARMLESS_SHAPES)


@pytest.fixture
def config_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path of the configuration file, which does not exist yet."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return tmp_path / "config.json"


@pytest.mark.parametrize(("content", "problem"), WRONG_SHAPES.items(), ids=range(len(WRONG_SHAPES)))
def test_wrong_shape(content: str, problem: str, config_file: Path) -> None:
    """A file of another shape counts as empty, and the problem names the file and what is wrong with it."""
    config_file.write_bytes(content.encode("utf-8", "surrogateescape"))
    loaded = client_config.load_client_config()
    assert ("default", {}) == (loaded.context, loaded.credentials)
    assert str(config_file) in loaded.problem
    assert problem in loaded.problem
    assert {} == client_config.find_registry_credentials("nginx")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("content", HARMLESS_SHAPES)
def test_harmless_shape(content: str, config_file: Path) -> None:
    """Values that labs does not use are no problem, and images are pulled without credentials that cannot be read."""
    config_file.write_text(content)
    loaded = client_config.load_client_config()
    assert ("default", "") == (loaded.context, loaded.problem)
    assert {} == client_config.find_registry_credentials("nginx")


@pytest.mark.parametrize("content", ALL_SHAPES, ids=range(len(ALL_SHAPES)))
def test_client(content: str, config_file: Path) -> None:
    """A client of the SDK can be created, whatever the file contains."""
    config_file.write_bytes(content.encode("utf-8", "surrogateescape"))
    assert docker_client.IsolatedDockerClient(base_url="tcp://127.0.0.1:9", version="1.44").api.base_url


def test_deep_file(config_file: Path) -> None:
    """A file that is nested too deeply counts as empty."""
    config_file.write_text("[" * 200_000)
    assert f"{config_file} is not valid JSON" in client_config.load_client_config().problem


def test_unreadable_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that this user may not read counts as empty, and the problem names it."""
    is_root = os.geteuid() == 0
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        monkeypatch.setenv("DOCKER_CONFIG", folder)
        config_file = Path(folder, "config.json")
        config_file.write_text("{}")
        config_file.chmod(0)
        if is_root:
            os.seteuid(65534)
        try:
            loaded = client_config.load_client_config()
        finally:
            if is_root:
                os.seteuid(0)
    assert f"{config_file} cannot be read: Permission denied" == loaded.problem


def test_folder(config_file: Path) -> None:
    """A folder in place of the file counts as empty."""
    config_file.mkdir()
    assert f"{config_file} cannot be read: Is a directory" == client_config.load_client_config().problem


def test_no_file(config_file: Path) -> None:
    """Without a file, the default context is active, and there is no problem."""
    assert not config_file.exists()
    assert client_config.ClientConfig() == client_config.load_client_config()


def test_credentials(config_file: Path) -> None:
    """The user's credentials for Docker Hub are used to pull from it, and only from it."""
    config_file.write_text(json.dumps({"auths": {"https://index.docker.io/v1/": {"auth": "YWRhOnNlY3JldA=="}}}))
    credentials = client_config.find_registry_credentials("nginx")
    assert ("ada", "secret") == (credentials["username"], credentials["password"])
    assert {} == client_config.find_registry_credentials("registry.example/nginx")


def test_credential_helper(config_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed credential helper is asked for the credentials; if it fails, images are pulled without them."""
    program = config_file.parent / "docker-credential-safe"
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    config_file.write_text('{"credsStore": "safe"}')
    program.write_text("""#!/bin/sh\necho '{"ServerURL": "docker.io", "Username": "ada", "Secret": "secret"}'\n""")
    program.chmod(0o755)
    assert "ada" == client_config.find_registry_credentials("nginx")["Username"]
    program.write_text("#!/bin/sh\necho locked; exit 1\n")
    assert {} == client_config.find_registry_credentials("nginx")
