"""Every way to be refused over HTTP, in one table: what a problem's `type` means, its status, what to do
about it.

An answer of `application/problem+json` (RFC 9457) has the `type` `/problems/SLUG`; `GET /problems/SLUG`
shows the entry. A test holds the table against every slug that the code raises, so a new one cannot be
forgotten.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import orjson
from starlette.responses import Response

from domain.errors import Fault

MEDIA_TYPE = "application/problem+json"
MOST_FAULTS = 50
"""A payload may be wrong in as many places as it has bytes; nobody reads more than this."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One entry of the table."""

    status: int
    title: str
    meaning: str


PROBLEMS: Mapping[str, Problem] = {
    "malformed": Problem(
        400,
        "The request cannot be read",
        "The body is not JSON as RFC 8259 has it, or no CSV as RFC 4180 has it, or a header is not in its form.",
    ),
    "unauthenticated": Problem(
        401,
        "No credential, or none that is good",
        "Send a key as `Authorization: Bearer qd_…`, or as the password of HTTP Basic. Keys may be revoked, "
        "and may expire. Where there is an identity provider, its tokens are credentials too, as Bearer; `detail` "
        "says what is wrong with one.",
    ),
    "forbidden": Problem(
        403,
        "The credential may not do this",
        "The key or token is good, but its role, or whom it is for, may not do this.",
    ),
    "not_found": Problem(
        404,
        "There is no such thing",
        "The address, or an id in the request, names what does not exist, or what did not exist yet at "
        "`as_of` and `valid_at`.",
    ),
    "method_not_allowed": Problem(
        405, "The address does not take this method", "The header `Allow` names the methods that it takes."
    ),
    "too_slow": Problem(408, "The body came too slowly", "A body must be here within 30 seconds. Send it again."),
    "conflict": Problem(409, "A rule says no", "The request is well formed, but what stands does not allow it."),
    "alignment_loop": Problem(409, "The alignment would form a loop", "An objective cannot support itself in the end."),
    "benchmark_loop": Problem(
        409, "The benchmarks would form a loop", "A KPI cannot in the end be compared with itself."
    ),
    "cycle_closed": Problem(
        409, "The cycle is closed", "Goals of a closed cycle do not change; reopen it, with a reason."
    ),
    "cycle_not_closed": Problem(409, "The cycle is not closed", "Only a closed cycle can be reopened."),
    "cycle_not_open": Problem(409, "The cycle is not open", "Only an open cycle can be closed."),
    "disbanded": Problem(409, "The team was disbanded", "A disbanded team takes no change and no goals."),
    "dropped": Problem(409, "It was dropped", "What is dropped takes no change but its restoring."),
    "erased": Problem(409, "The member was erased", "An erased member joins no team and owns no goal."),
    "external_id_taken": Problem(
        409, "The external id is taken", "Another thing of this kind carries that `external_id` already."
    ),
    "has_check_ins": Problem(
        409,
        "There are check-ins already",
        "What was checked in on stays in its cycle: carry it forward instead.",
    ),
    "id_taken": Problem(
        409,
        "The id is taken",
        "Something else was created under that `id`; the same body again would have been fine.",
    ),
    "redaction_reason": Problem(
        409,
        "The reason of a redaction stays",
        "It stands wherever the text stood that it took, for all who ask why that is gone.",
    ),
    "kpi_linked": Problem(
        409,
        "A KPI drives the key result",
        "While a KPI is linked, what it measures is the value: check in in words, measure the KPI, or unlink it.",
    ),
    "kpi_loop": Problem(409, "The KPIs would form a loop", "A KPI cannot be part of itself."),
    "label_taken": Problem(
        409, "The label is taken", "Another cycle, with another kind or other dates, has that label."
    ),
    "not_linkable": Problem(
        409,
        "No KPI can drive this measure",
        "The measure of a linked key result must be of the type `metric` or `threshold`.",
    ),
    "retired": Problem(409, "The KPI was retired", "A retired KPI takes no change but its restoring."),
    "retracted": Problem(409, "The check-in was retracted", "A retracted check-in cannot be corrected."),
    "same_cycle": Problem(409, "It is in that cycle already", "Carry an objective forward into another cycle."),
    "target_does_not_suit": Problem(
        409,
        "A target does not suit the direction",
        "A KPI to maintain has ranges for targets, any other numbers; set a KPI's direction before its targets.",
    ),
    "team_loop": Problem(409, "The teams would form a loop", "A team cannot be inside itself."),
    "units_differ": Problem(
        409, "The units differ", "A KPI drives only a key result that is measured in the same unit, or in none."
    ),
    "stale": Problem(
        412, "It has changed meanwhile", "`If-Match` names an older state: read it again, and decide again."
    ),
    "too_large": Problem(413, "The body is too large", "A body has at most 5 MB."),
    "address_too_long": Problem(
        414, "The address is too long", "An address has at most 8,000 bytes, its query included."
    ),
    "unsupported_media_type": Problem(
        415,
        "The body is of another type",
        "Send `Content-Type: application/json`, in UTF-8 and not compressed; for PATCH also "
        "`application/merge-patch+json`, and for measurements `text/csv`.",
    ),
    "invalid": Problem(
        422,
        "The payload breaks its schema",
        "`errors` names each place at fault by a JSON pointer into the body; `/query/…`, `/path/…` and "
        "`/header/…` are parameters.",
    ),
    "effective_in_future": Problem(
        422, "It would take effect in the future", "`effective_at` must not be later than now."
    ),
    "effective_too_early": Problem(
        422,
        "It would take effect too early",
        "`effective_at` lies before what it acts on existed, or before a change that it must follow.",
    ),
    "idempotency_key_reused": Problem(
        422,
        "The idempotency key was used otherwise",
        "The same `Idempotency-Key` came with another request before.",
    ),
    "as_of_beyond_head": Problem(
        422, "The ledger is not that long", "`as_of` names a position that nothing was recorded at yet."
    ),
    "as_of_in_future": Problem(
        422, "It lies in the future", "`as_of` must not be later than now: what will be recorded is unknown."
    ),
    "from_after_to": Problem(
        422,
        "It ends before it begins",
        "`from` lies after `to`, or `from_valid` after `to_valid`; unsaid, each is now.",
    ),
    "reason_required": Problem(
        422,
        "A reason is required",
        "Once its cycle has started, a goal's measure, weight and commitment change with a `reason` only.",
    ),
    "cycle_not_started": Problem(
        422, "The cycle has not started", "Its first day is yet to come, at the clocks that were asked."
    ),
    "too_many_points": Problem(
        422,
        "There would be too many points",
        "The series would be longer than any that is answered: take a longer step.",
    ),
    "unknown_policy": Problem(
        422, "There is no such scoring policy", "`scoring` (of what-if, `policy`) must name a policy, as `linear-v1`."
    ),
    "too_many_failures": Problem(
        429,
        "Too many bad credentials",
        "Too many requests from your address, or with this key, had a credential that is not good. Good ones are "
        "never limited; `Retry-After` says when a bad one is looked at again.",
    ),
    "headers_too_large": Problem(431, "The headers are too large", "The headers have at most 32,000 bytes in all."),
    "internal": Problem(
        500,
        "Something is broken here",
        "Not your fault. The server's log has the details, under the request id that `instance` names.",
    ),
    "not_ready": Problem(
        503,
        "Not ready",
        "The database is away, or the books are behind. Try again in a moment; a write with its "
        "`Idempotency-Key`, since it may have been taken although its answer was lost.",
    ),
    "provider_away": Problem(
        503,
        "The identity provider is away",
        "Its keys could not be had since the server started, so none of its tokens can be checked. Keys (`qd_…`) can.",
    ),
    "books_behind": Problem(
        503,
        "The books are behind",
        "What was asked for is recorded, but cannot be read yet. Try again in a moment.",
    ),
    "seal_pending": Problem(
        503,
        "The close waits for its seal",
        "The close is recorded, and its seal follows by itself as soon as the books and the database allow. Ask again "
        "with the same `Idempotency-Key`: the answer comes with the seal.",
    ),
    "books_newer": Problem(
        503,
        "The books are of a newer program",
        "Another version of Quarterdeck has made the books of this ledger, and this one must not touch them. "
        "Run the newer one.",
    ),
    "busy": Problem(
        503,
        "Too many writes are waiting",
        "Nothing was recorded of this one. Try again in a moment, or write less at once.",
    ),
    "contended": Problem(
        503, "Too many want the same", "Too many others are changing the same things. Try again in a moment."
    ),
}


def problem(
    slug: str,
    detail: str,
    *,
    faults: Sequence[Fault] = (),
    status: int | None = None,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """The answer that says it.

    `status` is for a slug that the table lacks, which no test should let through.
    """
    entry = PROBLEMS.get(slug) or Problem(status or 500, slug.replace("_", " ").capitalize(), "")
    body: dict[str, Any] = {"type": f"/problems/{slug}", "title": entry.title, "status": entry.status} | more
    body["detail"] = _encodable(detail)
    if faults:
        body["errors"] = [
            {"pointer": _encodable(fault.pointer), "detail": _encodable(fault.reason)} for fault in faults[:MOST_FAULTS]
        ]
    return Response(orjson.dumps(body), entry.status, headers=headers, media_type=MEDIA_TYPE)


def _encodable(text: str) -> str:
    """A refusal may quote the payload, which may have half a surrogate pair in it."""
    return text.encode(errors="replace").decode()


def page(slug: str) -> str | None:
    """The entry as a page; `None` if there is no such problem."""
    entry = PROBLEMS.get(slug)
    if entry is None:
        return None
    meaning = "".join(
        f"<code>{escape(part)}</code>" if index % 2 else escape(part)
        for index, part in enumerate(entry.meaning.split("`"))
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(entry.title)}</title>'
        f"<h1>{escape(entry.title)}</h1><p>{meaning}</p>"
        f"<p>Status {entry.status}, <code>/problems/{slug}</code></p>\n"
    )
