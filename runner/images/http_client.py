"""HTTP requests for image bundles: encrypted, with time limits, and with errors that say what to do."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
import urllib3

import runner
from runner.errors import HostError, UsageError

# To connect, and between two packets of a response.
_TIMEOUT_SECONDS = (10, 30)
_MAX_REDIRECTS = 5
_MAX_SMALL_FILE_BYTES = 1 << 14


class MissingFileError(UsageError):
    """The server has no file at a URL."""


def check_url(url: str) -> None:
    """Check that a URL is one to download from: HTTPS, or HTTP to this host itself.

    Raises:
        UsageError: It is not.

    """
    parts = _split_url(url)
    if not parts.hostname or parts.scheme not in ("https", "http"):
        raise UsageError(f"'{url}' is not a URL to download from.", "Use a URL that begins with https://.")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise UsageError(
            f"{describe_url(url)} is not encrypted: others on the network could change what is downloaded.",
            "Use a URL that begins with https://.",
        )


def describe_url(url: str) -> str:
    """Return a URL for messages, without user name, password and query, which may be secrets."""
    parts = _split_url(url)
    return parts._replace(netloc=parts.netloc.rsplit("@", 1)[-1], query="", fragment="").geturl()


@contextmanager
def open_url(url: str, headers: Mapping[str, str], method: str = "GET") -> Iterator[requests.Response]:
    """Request a file and follow redirects; the response's body is not read yet.

    Args:
        url: The file's URL.
        headers: Additional headers.
        method: 'GET' or 'HEAD'.

    Yields:
        The response, which is not an error, or is the error that a requested range does not exist.

    Raises:
        MissingFileError: The server has no such file.
        UsageError: The URL or a redirect is not encrypted.
        HostError: The server cannot be reached, or answers with an error.

    """
    # As the file is on the server: some servers would compress it again.
    all_headers = {"User-Agent": f"labs/{runner.__version__}", "Accept-Encoding": "identity", **headers}
    with requests.Session() as session:
        response = _request(session, method, url, all_headers)
        with response:
            _check_status(response, url)
            yield response


def fetch_small_file(url: str) -> bytes:
    """Return the content of a file of a few lines.

    Raises:
        MissingFileError: The server has no such file.
        UsageError: The URL or a redirect is not encrypted, or the file is long.
        HostError: The server cannot be reached, or answers with an error.

    """
    with open_url(url, {}) as response:
        try:
            content: bytes = response.raw.read(_MAX_SMALL_FILE_BYTES + 1, decode_content=True)
        except urllib3.exceptions.HTTPError as error:
            raise _create_connection_error(url, error) from error
    if len(content) > _MAX_SMALL_FILE_BYTES:
        raise UsageError(f"{describe_url(url)} is too long for a checksum or a signature.", "Check the URL.")
    return content


def fetch_size(url: str) -> int:
    """Return a file's size in bytes, or 0 if the server does not say it.

    Raises:
        MissingFileError: The server has no such file.
        UsageError: The URL or a redirect is not encrypted.
        HostError: The server cannot be reached, or answers with an error.

    """
    with open_url(url, {}, "HEAD") as response:
        return parse_number(response.headers.get("Content-Length", ""))


def parse_number(text: str) -> int:
    """Return the number in a header, or 0 if it is not a number."""
    return int(text) if text.isascii() and text.isdigit() else 0


def describe_failure(error: Exception) -> str:
    """Return in a few words why a request failed."""
    text = str(error)
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return "the server did not answer in time"
    if "Name or service not known" in text or "NameResolutionError" in text or "name resolution" in text:
        return "the server's name cannot be resolved"
    if "Connection refused" in text:
        return "the server refused the connection"
    if isinstance(error, requests.ConnectionError | urllib3.exceptions.ProtocolError):
        return "the connection was closed"
    return text


def _split_url(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise UsageError(f"'{url}' is not a valid URL: {error}.", "Check the URL.") from error
    return parts


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _request(session: requests.Session, method: str, url: str, headers: Mapping[str, str]) -> requests.Response:
    location = url
    for _ in range(_MAX_REDIRECTS):
        check_url(location)
        try:
            response = session.request(
                method,
                location,
                headers=dict(headers),
                stream=True,
                timeout=_TIMEOUT_SECONDS,
                allow_redirects=False,
                # HTTP is only for this host itself; a proxy would be another host, without encryption.
                proxies={"http": ""},
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise _create_connection_error(location, error) from error
        if not response.is_redirect:
            return response
        response.close()
        target = urljoin(location, response.headers["Location"])
        if urlsplit(location).scheme == "https" and urlsplit(target).scheme != "https":
            raise UsageError(
                f"{describe_url(location)} redirects to {describe_url(target)}, which is not encrypted.",
                "Ask the publisher for a URL whose redirects are encrypted.",
            )
        location = target
    raise UsageError(f"{describe_url(url)} redirects more than {_MAX_REDIRECTS} times.", "Check the URL.")


def _check_status(response: requests.Response, url: str) -> None:
    status = response.status_code
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        raise MissingFileError(f"There is no file at {describe_url(url)} ({status}).", "Check the URL.")
    if status not in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE):
        raise HostError(
            f"The server answered {status} {response.reason} for {describe_url(url)}.",
            "Check the URL, or retry later.",
        )


def _create_connection_error(url: str, error: Exception) -> HostError:
    subject = f"Cannot download {describe_url(url)}"
    if isinstance(error, requests.exceptions.SSLError):
        return HostError(
            f"{subject}: the server's certificate is not valid ({error}).",
            "If your network has its own certificate authority, set REQUESTS_CA_BUNDLE to its certificate file.",
        )
    return HostError(
        f"{subject}: {describe_failure(error)}.",
        "Check the network, then run the same command again; a started download is resumed.",
    )
