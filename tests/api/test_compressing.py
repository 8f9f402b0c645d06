"""Compression: what is compressed, for whom, and that nothing else changes by it."""

import zlib
from collections.abc import Iterator

import anyio
import pytest

from api.compressing import Compressing, takes_gzip
from tests.api.test_access import CYCLE, OBJECTIVE
from tests.support.http import Answer, Api

PLAIN = {"Accept-Encoding": "identity"}
READS = (
    ("/events", "application/json"), ("/audit", "text/csv"), (f"{CYCLE}/replay", "application/x-ndjson"),
    (f"{CYCLE}/chart.svg", "image/svg+xml"),
)  # fmt: skip


def coding(answer: Answer) -> str | None:
    return answer.headers.get("Content-Encoding")


@pytest.mark.parametrize(("path", "form"), READS)
def test_long_answers_are_compressed_and_say_the_same(unchanged: Api, path: str, form: str):
    packed = unchanged.get(path, {"Accept": form, "Accept-Encoding": "gzip"})
    plain = unchanged.get(path, {"Accept": form} | PLAIN)
    assert (coding(packed), coding(plain)) == ("gzip", None)
    assert packed.raw == plain.raw  # the client unpacks it
    assert packed.etag == plain.etag and packed.etag.startswith("W/")
    for answer in (packed, plain):
        assert "Accept-Encoding" in answer.headers["Vary"]


def test_the_length_is_that_of_what_is_sent(unchanged: Api):
    packed, plain = unchanged.get("/events", {"Accept-Encoding": "gzip"}), unchanged.get("/events", PLAIN)
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 2


def test_short_answers_are_not(unchanged: Api):
    answer = unchanged.get("/ledger/checkpoint")
    assert (coding(answer), "Accept-Encoding" in answer.headers["Vary"]) == (None, True)


def test_neither_is_what_has_a_strong_tag_which_if_match_needs(at_work: Api):
    long = at_work.patch(OBJECTIVE, description="long " * 500)
    read = at_work.get(OBJECTIVE)
    for answer in (long, read):
        assert (coding(answer), answer.etag[0], answer.headers.get("Vary")) == (None, '"', None)


def test_neither_is_the_answer_that_tells_a_secret(at_work: Api):
    made = at_work.post("/keys", role="reader", label="x" * 100)
    assert (made.status, coding(made), made.headers.get("Vary")) == (201, None, None)


@pytest.mark.parametrize(
    ("accepts", "takes"),
    [("", False), ("gzip", True), ("br, GZIP;q=0.5", True), ("*", True), ("gzip;q=0, *", False), ("deflate", False),
     ("gzip;q=0.000", False), ("*;q=0", False)],
)  # fmt: skip
def test_who_takes_it_says_so(accepts: str, takes: bool):
    assert takes_gzip(accepts) == takes


def sent(parts: list[bytes], content_type: bytes = b"application/x-ndjson") -> Iterator[dict]:
    """The messages that leave for an answer of these parts."""
    messages: list[dict] = []

    async def app(scope, receive, send):
        head = [(b"etag", b'W/"1"'), (b"content-type", content_type)]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def receive():
        return {}

    async def send(message):
        messages.append(message)

    scope = {"type": "http", "headers": [(b"accept-encoding", b"gzip")]}
    anyio.run(Compressing(app), scope, receive, send)
    yield from messages


def test_each_part_of_a_stream_can_be_read_when_it_is_sent():
    """Not only when a buffer is full: whoever follows a replay sees its first line at once."""
    lines = [b'{"n": 1}\n', b'{"n": 2}\n', b"x" * 200_000]
    start, *bodies = sent(lines)
    assert (b"content-encoding", b"gzip") in start["headers"]
    gunzip = zlib.decompressobj(wbits=31)
    assert [gunzip.decompress(body["body"]) for body in bodies] == [*lines, b""]
    assert gunzip.eof


def test_a_picture_of_another_kind_passes_as_it_is():
    _, *bodies = sent([b"x" * 5_000], b"image/png")
    assert b"".join(body["body"] for body in bodies) == b"x" * 5_000
