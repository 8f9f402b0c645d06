"""Importing a history file: the whole of it or nothing, or, if asked, whatever of it can be taken.

Each line is an order under an idempotency key, `import:SOURCE` and the line's number, with the line's digest.
So a file that is imported again, or a longer one that begins the same, appends only what is new; and a line
that was changed after it was imported is noticed. Lines that were taken before are not even decided again.

    file ──▶ lines not taken yet ──▶ translated ──▶ decided, a hundred at a time ──▶ one transaction  (ledger.bulk)

A file may be larger than memory: of it, and of what it comes to, only a part is ever held, and besides that the names
of the members that it registers itself.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias, cast

from domain.errors import Conflict, NotReady
from domain.kernel import Kind
from domain.member.decisions import RegisterMember
from ledger.application import Ledger
from ledger.bulk import Bulk, InTheFuture
from ledger.history_file import HistoryFile, Line, LineNotTaken, at_fault, digest
from ledger.orders import LineRefused
from ledger.reader import Reader, Taken
from ledger.sql import load
from ledger.translation import Translated, Translator, scope

_SQL = load("ledger", "importing.sql")
_LOOKED_UP_AT_ONCE = 500
_DECIDED_AT_ONCE = 100
"""Lines. An append of more costs more for each: its names are compared with one another."""
_BYTES_AT_ONCE = 2_000_000
_ATTEMPTS = 5
_TRIED_AT_ONCE = 100
"""Lines. A refused one makes those that were tried with it begin anew."""

Fields: TypeAlias = dict[str, Any]
Progress: TypeAlias = Callable[[str, int, int | None], None]
"""Told what is being done, how many lines of it are done, and of how many (`None`: nobody knows)."""
Refuse: TypeAlias = Callable[[Line, LineNotTaken], None]


@dataclass(slots=True)
class Imported:
    """What came of a file: lines, and events. `already`: imported before, or asking for what already is."""

    source: str
    commands: int = 0
    new: int = 0
    already: int = 0
    refused: int = 0
    events: int = 0


def import_history(ledger: Ledger, file: HistoryFile, progress: Progress, refuse: Refuse | None = None) -> Imported:
    """Imports a file all or nothing: raises `LineNotTaken` for the first line that cannot be taken.

    With `refuse`, which is told of each such line, everything else of the file is imported.
    """
    _not_lost(ledger, file.header.source)
    before = ledger.recorder.head().position
    imported = _what_can_be(ledger, file, progress, refuse) if refuse else _whole(ledger, file, progress)
    imported.events = _ask(ledger, "count_of", after=before, origin=f"{scope(file.header.source)}:")
    return imported


def _whole(ledger: Ledger, file: HistoryFile, progress: Progress) -> Imported:
    """All of it or nothing, decided without keeping anybody waiting, and anew if somebody came in between."""
    for _ in range(_ATTEMPTS):
        with Bulk(ledger) as bulk:
            run = _Run(ledger, bulk.reader, file, progress, None)
            for some in _parted(run.unseen(file.lines())):
                run.decide(bulk, some)
            try:
                if bulk.record(lambda done, of: progress("Recording", done, of)):
                    return run.imported
            except InTheFuture as late:
                raise LineNotTaken(int(late.key), at_fault("/at", "lies in the future by the ledger's clock")) from None
    raise NotReady("Too many others are changing what the file is about; try again.", slug="contended")


def _what_can_be(ledger: Ledger, file: HistoryFile, progress: Progress, refuse: Refuse) -> Imported:
    run, lines = _Run(ledger, ledger.recorder, file, progress, refuse), file.lines()
    while some := list(islice(lines, _TRIED_AT_ONCE)):
        run.take(list(run.unseen(some)))
    return run.imported


def _parted(lines: Iterable[tuple[Line, Fields]]) -> Iterator[list[tuple[Line, Fields]]]:
    """So many that they, and what they come to, fit into memory."""
    some: list[tuple[Line, Fields]] = []
    size = 0
    for line, fields in lines:
        some.append((line, fields))
        size += len(line.raw)
        if len(some) == _DECIDED_AT_ONCE or size > _BYTES_AT_ONCE:
            yield some
            some, size = [], 0
    if some:
        yield some


class _Run:
    """One import on its way. `reader`: knows what was recorded, and what earlier lines came to."""

    def __init__(
        self, ledger: Ledger, reader: Reader, file: HistoryFile, progress: Progress, refuse: Refuse | None
    ) -> None:
        self._ledger = ledger
        self._progress = progress
        self._refuse = refuse
        self._scope = scope(file.header.source)
        self.imported = Imported(file.header.source)
        self.translator = Translator(file.header.source, reader, self._registered(file))

    def unseen(self, lines: Iterable[Line]) -> Iterator[tuple[Line, Fields]]:
        """Those lines that were not imported before, parsed."""
        lines = iter(lines)
        while some := list(islice(lines, _LOOKED_UP_AT_ONCE)):
            keys = [str(line.number) for line in some]
            taken = {row.key: row for row in self._ledger.recorder.taken(self._scope, keys)}
            for line in some:
                try:
                    fields = line.fields()
                    if not self._seen(line, fields, taken.get(str(line.number))):
                        yield line, fields
                except LineNotTaken as why:
                    self._refused(line, why)
            self._progress("Deciding", some[-1].number - 1, self.imported.commands)

    def decide(self, bulk: Bulk, lines: Sequence[tuple[Line, Fields]]) -> None:
        """Decides the lines after those before. Raises `LineNotTaken`."""
        todo, why = self._translated(lines)
        whose = [translated for translated in todo for _ in translated.orders]
        try:
            changes = bulk.decide([order for translated in todo for order in translated.orders])
        except LineRefused as refused:
            raise self._told(whose[refused.index].line, refused) from None
        if why is not None:
            raise why
        done = {translated.line.number: changed for translated, changed in zip(whose, changes, strict=True)}
        self._count(list(done.values()))

    def _translated(self, lines: Iterable[tuple[Line, Fields]]) -> tuple[list[Translated], LineNotTaken | None]:
        """The lines up to the first that means nothing, and why that does not."""
        todo: list[Translated] = []
        for line, fields in lines:
            try:
                translated = self.translator.translate(line, fields)
            except LineNotTaken as why:
                return todo, why
            self.translator.keep(translated)
            todo.append(translated)
        return todo, None

    def take(self, lines: Sequence[tuple[Line, Fields]]) -> None:
        """Carries out of some lines what can be: what is refused is left out, and the others begin anew."""
        todo: list[tuple[Translated, Fields]] = []
        for line, fields in lines:
            try:
                translated = self.translator.translate(line, fields)
            except LineNotTaken as why:
                self._refused(line, why)
                continue
            self.translator.keep(translated)
            todo.append((translated, fields))
        refused = self._execute([translated for translated, _ in todo])
        if refused is not None:
            for translated, _ in todo:
                self.translator.forget(translated)
            self.take([(translated.line, fields) for translated, fields in todo if translated is not refused])

    def _execute(self, todo: Sequence[Translated]) -> Translated | None:
        """Carries out what the lines come to, or nothing. Answers the one that was refused."""
        if not todo:
            return None
        orders = [order for translated in todo for order in translated.orders]
        whose = [translated for translated in todo for _ in translated.orders]
        try:
            executed = self._ledger.execute_all(orders)
        except LineRefused as refused:
            guilty = whose[refused.index]
            self._refused(guilty.line, self._told(guilty.line, refused))
            return guilty
        # The last order of a line is its command's.
        done = {translated.line.number: one for translated, one in zip(whose, executed, strict=True)}
        self._count([one.changed and not one.replayed for one in done.values()])
        return None

    def _told(self, line: Line, refused: LineRefused) -> LineNotTaken:
        """Why a line was refused. Raises `NotReady` if that says nothing about the line."""
        if isinstance(refused.refusal, NotReady):
            raise refused.refusal from None
        return self.translator.refused(line, refused.refusal)

    def _count(self, changed: Sequence[bool]) -> None:
        self.imported.new += sum(changed)
        self.imported.already += len(changed) - sum(changed)

    def _seen(self, line: Line, fields: Fields, before: Taken | None) -> bool:
        """Whether the line was imported before. Raises `LineNotTaken` if it has changed since."""
        if before is None:
            return False
        # What a member was registered with is forgotten when the member is erased, its hash included.
        if before.request_hash not in (digest(fields), b""):
            changed = Conflict("differs from the line that was imported under this number", slug="line_changed")
            raise LineNotTaken(line.number, changed)
        self.translator.remember(fields)
        self.imported.already += 1
        return True

    def _refused(self, line: Line, why: LineNotTaken) -> None:
        if self._refuse is None:
            raise why
        self.imported.refused += 1
        self._refuse(line, why)

    def _registered(self, file: HistoryFile) -> Iterator[str]:
        """The members that the file registers itself, sooner or later; counts the lines on the way."""
        for line in file.lines():
            self.imported.commands += 1
            try:
                fields = line.fields()
            except LineNotTaken:
                continue  # told when it is its turn
            if fields.get("command") == RegisterMember.NAME and isinstance(fields.get("id"), str):
                yield fields["id"]


def _not_lost(ledger: Ledger, source: str) -> None:
    """An export does not say which line of which file an event came from, so after a restore nobody knows any
    more what of a file was imported: importing it again would do everything twice that can be done twice.
    """
    claims = [f"external_id:{kind.value}:{source}" for kind in Kind]
    if _ask(ledger, "lines_lost", claims=claims, lines=scope(source)):
        raise Conflict(
            f"This ledger was restored from an export that holds what {source!r} said; which lines of "
            "the file those were is not known any more.",
            slug="restored",
        )


def _ask(ledger: Ledger, query: str, **parameters: Any) -> Any:
    with ledger.recorder.database.connection() as connection:
        return cast("Any", connection.execute(_SQL[query], parameters).fetchone())[0]
