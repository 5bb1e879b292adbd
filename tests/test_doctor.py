"""`jupyterhub-suite doctor`: each fault is found, named, and comes with advice."""

from __future__ import annotations

import json
import socket
import sqlite3
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from traitlets.config import Config

from jupyterhub_suite import registry
from jupyterhub_suite.doctor import main
from jupyterhub_suite.doctor.checks import (
    Finding,
    check_hub,
    check_hub_database,
    check_ports,
    check_service_databases,
    check_tls,
    check_traefik,
    check_versions,
)
from jupyterhub_suite.doctor.subject import Subject
from jupyterhub_suite.ports import free_port
from jupyterhub_suite.services.registration import SETTINGS_VARIABLE
from tests.harness.fixtures import StartHub, both_hubs
from tests.services.notes import Notes

HELLO = {"name": "hello", "url": "http://127.0.0.1:{port}"}


def subject(token: str = "", **hub: Any) -> Subject:
    return Subject(Config({"JupyterHub": hub}), token)


def levels(findings: Any) -> dict[str, str]:
    return {finding.subject: finding.level for finding in findings}


def only(findings: Any) -> Finding:
    [finding] = findings
    assert finding.level == "OK" or finding.advice
    return finding


@pytest.fixture(autouse=True)
def hello(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(registry.SERVICES, "hello", "tests.test_configure")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JUPYTERHUB_API_TOKEN", raising=False)


def test_an_old_jupyterhub_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(levels(check_versions(subject())).values()) == {"OK"}
    monkeypatch.setattr("jupyterhub.__version__", "4.1.6")
    assert levels(check_versions(subject()))["JupyterHub"] == "FAIL"


def test_traefik_is_looked_for_only_where_it_is_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy = registry.PROXIES["file"]
    assert not list(check_traefik(subject()))
    assert only(check_traefik(subject(proxy_class=proxy))).level == "OK"
    monkeypatch.setattr("shutil.which", lambda *a, **k: None)
    missing = only(check_traefik(subject(proxy_class=proxy)))
    assert (missing.level, "jupyterhub-suite[traefik]" in missing.advice) == (
        "FAIL",
        True,
    )


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("echo Version: 3.5.0", "WARN"),
        ("echo Version: 2.11.0", "FAIL"),
        ("echo Version: dev", "OK"),
        ("exit 1", "FAIL"),
    ],
)
def test_an_old_or_broken_traefik_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, level: str
) -> None:
    fake = tmp_path / "traefik"
    fake.write_text(f"#!/bin/sh\n{text}\n")
    fake.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda *a, **k: str(fake))
    found = check_traefik(subject(proxy_class=registry.PROXIES["file"]))
    assert {finding.level for finding in found} == {level}


def test_a_port_that_somebody_else_has_is_a_failure() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        found = only(check_ports(subject(port=taken, hub_port=free_port())))
        assert (found.level, str(taken) in found.subject) == ("FAIL", True)
    free = subject(bind_url=f"http://:{free_port()}", hub_port=free_port())
    assert only(check_ports(free)).level == "OK"


def certificate(folder: Path, days: float) -> dict[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hub")])
    now = datetime.now(timezone.utc)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=90))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    files = {"ssl_key": str(folder / "key.pem"), "ssl_cert": str(folder / "cert.pem")}
    Path(files["ssl_cert"]).write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    Path(files["ssl_key"]).write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


@pytest.mark.parametrize(("days", "level"), [(60, "OK"), (5, "WARN"), (-1, "FAIL")])
def test_a_certificate_that_ends_is_told_in_time(
    tmp_path: Path, days: float, level: str
) -> None:
    assert only(check_tls(subject(**certificate(tmp_path, days)))).level == level


def test_a_certificate_without_its_key_is_a_failure(tmp_path: Path) -> None:
    files = certificate(tmp_path, 60)
    assert not list(check_tls(subject()))
    del files["ssl_key"]
    assert only(check_tls(subject(**files))).level == "FAIL"


def test_a_database_of_an_older_hub_is_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "hub.sqlite"
    url = f"sqlite:///{path}"
    assert only(check_hub_database(subject(db_url=url))).level == "OK"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE alembic_version (version_num TEXT)")
        database.execute("INSERT INTO alembic_version VALUES ('19c0846f6344')")
    pending = only(check_hub_database(subject(db_url=url)))
    assert (pending.level, "upgrade-db" in pending.advice) == ("FAIL", True)
    broken = subject(db_url="postgresql://u:hidden@127.0.0.1:1/x")
    found = only(check_hub_database(broken))
    assert found.level == "FAIL"
    assert "hidden" not in str(found)


def test_migrations_of_a_service_that_are_pending_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry.SERVICES, "notes", "tests.services.notes")
    path = tmp_path / "notes.sqlite"
    settings = json.dumps({"database_url": f"sqlite:///{path}"})
    service = {"name": "notes", "environment": {SETTINGS_VARIABLE: settings}}
    asked = subject(services=[service, HELLO])
    assert only(check_service_databases(asked)).level == "OK"
    sqlite3.connect(path).close()
    found = only(check_service_databases(asked))
    assert (found.level, "notes upgrade-db" in found.advice) == ("WARN", True)
    assert Notes.main([f"--Notes.database_url=sqlite:///{path}", "upgrade-db"]) == 0
    assert only(check_service_databases(asked)).level == "OK"
    path.write_text("not a database")
    assert only(check_service_databases(asked)).level == "FAIL"


def test_a_hub_that_does_not_run_is_a_failure() -> None:
    found = only(check_hub(subject(hub_port=free_port())))
    assert (found.level, found.advice) == ("FAIL", "start the Hub, or give --api-url")


@both_hubs
async def test_a_running_hub_is_asked_for_the_tokens_scopes(
    start_hub: StartHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = await start_hub(
        settings={
            "JupyterHub": {
                "services": [{"name": "hello", "api_token": "a-token-of-hello"}],
                "load_roles": [
                    {
                        "name": "hello-role",
                        "scopes": ["read:hub"],
                        "services": ["hello"],
                    }
                ],
            }
        }
    )

    async def look(token: str) -> dict[str, str]:
        asked = Subject(
            Config({"JupyterHub": {"services": [HELLO]}}), token, hub.api_url
        )
        return levels(await anyio.to_thread.run_sync(lambda: list(check_hub(asked))))

    where = f"Hub API {hub.api_url}"
    assert await look("") == {where: "OK", "token": "WARN"}
    assert await look("wrong") == {where: "OK", "token": "FAIL"}
    assert (await look("a-token-of-hello"))["scopes for hello"] == "FAIL"
    assert (await look(hub.token))["scopes for hello"] == "OK"


def test_it_prints_lines_or_json_and_fails_on_a_failure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("jupyterhub_config.py").write_text(
        f"c.JupyterHub.port = {free_port()}\nc.JupyterHub.hub_port = {free_port()}"
    )
    assert main([]) == 1
    assert "-> start the Hub" in capsys.readouterr().out
    assert main(["--json"]) == 1
    assert json.loads(capsys.readouterr().out)[0]["level"] == "OK"


@pytest.mark.parametrize(
    ("text", "part"), [("x = (", "SyntaxError"), ("1 / 0", "ZeroDivisionError")]
)
def test_a_configuration_that_does_not_load_is_named(
    capsys: pytest.CaptureFixture[str], text: str, part: str
) -> None:
    Path("jupyterhub_config.py").write_text(text)
    assert main([]) == 2
    assert part in capsys.readouterr().err
    assert main(["-f", "absent.py"]) == 2
