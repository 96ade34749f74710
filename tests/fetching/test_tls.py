"""Services whose certificate comes from an authority of their own."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.fetching.errors import FetchError
from tests.fetching.conftest import Agency, Desk, Reply

TABLE = Reply(b"year;arrivals\n2005;177230\n", headers={"Content-Type": "text/csv"})


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this machine, signed by itself, and its key in one PEM file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl here to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    made = subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        + ["-subj", "/CN=agency.example", "-addext", "subjectAltName=IP:127.0.0.1"]
        + ["-keyout", str(folder / "key.pem"), "-out", str(folder / "authority.pem")],
        capture_output=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr.decode()
    return folder / "authority.pem"


@pytest.fixture
def encrypted(certificate: Path) -> Iterator[Agency]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    server = Agency("https", context)
    yield server
    server.close()


def test_an_unknown_authority_is_not_trusted(encrypted: Agency, desk: Desk) -> None:
    with pytest.raises(FetchError) as caught:
        desk.file(encrypted.answers("/a.csv", TABLE))
    assert "after 1 attempt: the server's certificate is not trusted (self" in str(caught.value)
    assert "FRONTIER_CA_BUNDLE" in str(caught.value)
    assert encrypted.asked == []


@pytest.mark.parametrize(
    ("variable", "entries"),
    [("FRONTIER_CA_BUNDLE", {}), ("ROSSTAT_CA_BUNDLE", {"ca_bundle_env": "ROSSTAT_CA_BUNDLE"})],
    ids=["for all", "for one source"],
)
def test_its_certificate_in_a_bundle_is(
    encrypted: Agency,
    desk: Desk,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    entries: dict[str, str],
) -> None:
    monkeypatch.setenv(variable, str(certificate))
    assert desk.file(encrypted.answers("/a.csv", TABLE), **entries).file.read_bytes() == TABLE.body


def test_a_bundle_for_one_source_is_for_that_one_only(
    encrypted: Agency, desk: Desk, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROSSTAT_CA_BUNDLE", str(certificate))
    with pytest.raises(FetchError, match="is not trusted"):
        desk.file(encrypted.answers("/a.csv", TABLE))


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_bundle_that_is_none_is_named(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    bundle = tmp_path / "bundle.pem"
    if content is not None:
        bundle.write_text(content)
    monkeypatch.setenv("FRONTIER_CA_BUNDLE", str(bundle))
    with pytest.raises(FetchError, match=r"bundle\.pem, named by the environment variable FRONTIER_CA_BUNDLE"):
        desk.file("https://127.0.0.1:1/a.csv")


def test_encryption_is_not_given_up_on_the_way(
    encrypted: Agency, agency: Agency, desk: Desk, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRONTIER_CA_BUNDLE", str(certificate))
    plain = agency.answers("/a.csv", TABLE)
    with pytest.raises(FetchError, match="which is not encrypted"):
        desk.file(encrypted.answers("/a", Reply(b"", 301, {"Location": plain})))
    assert agency.asked == []
