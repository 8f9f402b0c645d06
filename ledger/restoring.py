"""The way back in for an exported ledger: events, positions and times as they were.

The file is gone through twice: first to see that all of it can be taken, every text against its commitment
included, then to take it in. What the ledger keeps beside the events is made again from them. A restore that
was interrupted goes on where it stopped, and a longer export of the same ledger continues a shorter one, as
long as nothing was appended here in between.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

import psycopg

from domain.errors import Refusal
from domain.kernel import Kind, Person, Ref
from domain.member.events import MemberErased
from ledger.append import Append, Appended, Claiming
from ledger.errors import RestoreRefused
from ledger.exported import Exported, Surroundings, external_claims, read_event, read_person
from ledger.history_file import HistoryFile, Line, LineNotTaken, at_fault
from ledger.importing import Progress
from ledger.recorder import LedgerRecorder

_CHUNK = 1_000


@dataclass(slots=True)
class Restored:
    """What came of a file. `already`: events that this ledger had been restored with before."""

    events: int = 0
    already: int = 0
    people: int = 0


def restore(recorder: LedgerRecorder, file: HistoryFile, people: HistoryFile | None, progress: Progress) -> Restored:
    """Restores a ledger from its export, and the people from theirs.

    Raises `LineNotTaken` before anything is kept, or `RestoreRefused` if this ledger is not that one's
    beginning.
    """
    persons = _people(people) if people is not None else {}
    head = recorder.head().position
    checked = _Check(head)
    for line, exported in _events(recorder, file):
        checked.take(line, exported)
        if checked.events % _CHUNK == 0:
            progress("Checking", checked.events, None)
    common = min(head, checked.events)
    if common and recorder.stored_after(common - 1, 1)[0].event_id != checked.last_common:
        raise RestoreRefused("This ledger is not empty, and what is in it is not in the file.")

    events, beside = (exported for _, exported in _events(recorder, file)), Surroundings()
    for old in islice(events, head):
        beside.append_of([old])
    while some := list(islice(events, _CHUNK)):
        progress("Restoring", _take(recorder, beside.append_of(some)), checked.events)
    return Restored(checked.events - common, common, _restore_people(recorder, persons))


class _Check:
    """What the first pass holds a file against. `last_common`: the id at the head, or at an earlier end."""

    def __init__(self, head: int) -> None:
        self.events = 0
        self.last_common: UUID | None = None
        self._head = head
        self._recorded_at: datetime | None = None
        self._versions: dict[Ref, int] = {}

    def take(self, line: Line, exported: Exported) -> None:
        """Raises `LineNotTaken` unless the event follows on those before it."""
        fact = exported.fact
        version = self._versions.get(fact.stream, 0) + 1
        wrong = None
        if fact.position != self.events + 1:
            wrong = at_fault("/position", f"must be {self.events + 1}: positions have no gaps")
        elif fact.version != version:
            wrong = at_fault("/version", f"must be {version}: the versions of a stream have no gaps")
        elif self._recorded_at is not None and fact.recorded_at <= self._recorded_at:
            wrong = at_fault("/recorded_at", "must be later than the event's before")
        elif max(fact.effective_at, fact.reported_at or fact.effective_at) > fact.recorded_at:
            wrong = at_fault("/effective_at", "must not be later than recorded_at")
        if wrong is not None:
            raise LineNotTaken(line.number, wrong)
        self.events, self._recorded_at, self._versions[fact.stream] = fact.position, fact.recorded_at, version
        if fact.position <= self._head:
            self.last_common = fact.id


def _events(recorder: LedgerRecorder, file: HistoryFile) -> Iterator[tuple[Line, Exported]]:
    for line in file.lines():
        fields = line.fields()
        try:
            yield line, read_event(recorder.mapper, fields)
        except Refusal as refusal:
            raise LineNotTaken(line.number, refusal) from None


def _people(file: HistoryFile) -> Mapping[UUID, Person]:
    persons = {}
    for line in file.lines():
        fields = line.fields()
        try:
            member, person = read_person(fields)
        except Refusal as refusal:
            raise LineNotTaken(line.number, refusal) from None
        persons[member] = person
    return persons


def _restore_people(recorder: LedgerRecorder, persons: Mapping[UUID, Person]) -> int:
    """Writes the names and addresses of those who are in the ledger; whoever was erased stays so."""
    count, members = 0, iter(persons)
    while some := [Ref(Kind.MEMBER, member) for member in islice(members, _CHUNK)]:
        appends = []
        for ref, facts in recorder.read_streams(some).items():
            if facts and not any(isinstance(fact.event, MemberErased) for fact in facts):
                person = persons[ref.id]
                claims = [Claiming(0, claim, ref) for claim in external_claims(Kind.MEMBER, person)]
                guards = {ref: len(facts)}  # an erasure that comes in between
                appends.append(Append(people={ref.id: person}, claims=claims, guards=guards))
        outcomes = recorder.append(appends, all_or_nothing=True) if appends else []
        if refused := [outcome for outcome in outcomes if not isinstance(outcome, Appended)]:
            raise RestoreRefused(f"The people cannot be restored: {refused[0]}.")
        count += len(appends)
    return count


def _take(recorder: LedgerRecorder, append: Append) -> int:
    try:
        return recorder.restore(append)
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        # What no export has but a changed one may: an id twice, a text with a character that cannot be
        # stored.
        raise RestoreRefused(f"The file is no export of a ledger: {error.diag.message_primary}.") from error
