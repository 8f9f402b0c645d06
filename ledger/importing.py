"""Importing a history file: the whole of it or nothing, or, if asked, whatever of it can be taken.

Each line is an order under an idempotency key, `import:SOURCE` and the line's number, with the line's digest.
So a file that is imported again, or a longer one that begins the same, appends only what is new; and a line
that was changed after it was imported is noticed. Lines that were taken before are not even decided again.

    file ──▶ lines not taken yet ──▶ translated ──▶ execute_all ──▶ one transaction
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias, cast

from domain.errors import Conflict, NotReady
from domain.kernel import Kind
from domain.member.decisions import RegisterMember
from ledger.application import Ledger
from ledger.history_file import HistoryFile, Line, LineNotTaken, digest
from ledger.orders import LineRefused
from ledger.reader import Taken
from ledger.sql import load
from ledger.translation import Translated, Translator, scope

_SQL = load("ledger", "importing.sql")
_LOOKED_UP_AT_ONCE = 500
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
    run = _Run(ledger, file, progress, refuse)
    before = ledger.recorder.head().position
    lines = file.lines()
    if refuse is None:
        run.take(run.unseen(lines))
    else:
        while some := list(islice(lines, _TRIED_AT_ONCE)):
            run.take(run.unseen(some))
    run.imported.events = _ask(ledger, "count_of", after=before, origin=f"{scope(file.header.source)}:")
    return run.imported


class _Run:
    """One import on its way."""

    def __init__(self, ledger: Ledger, file: HistoryFile, progress: Progress, refuse: Refuse | None) -> None:
        self._ledger = ledger
        self._progress = progress
        self._refuse = refuse
        self._scope = scope(file.header.source)
        self.imported = Imported(file.header.source)
        self.translator = Translator(file.header.source, ledger.recorder, self._registered(file))
        _not_lost(ledger, file.header.source)

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
            self._progress("Reading", some[-1].number - 1, self.imported.commands)

    def take(self, lines: Iterable[tuple[Line, Fields]]) -> None:
        """Carries the lines out together; where lines may be refused, again without the one that was."""
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
        """Carries out what the lines come to, or nothing. Answers the one that was refused, if one may be."""
        if not todo:
            return None
        orders = [order for translated in todo for order in translated.orders]
        whose = [translated for translated in todo for _ in translated.orders]
        self._progress("Deciding and recording", 0, None)
        try:
            executed = self._ledger.execute_all(orders)
        except LineRefused as refused:
            if isinstance(refused.refusal, NotReady):
                raise refused.refusal from None
            at_fault = whose[refused.index]
            self._refused(at_fault.line, self.translator.refused(at_fault.line, refused.refusal))
            return at_fault
        # The last order of a line is its command's.
        done = {translated.line.number: one for translated, one in zip(whose, executed, strict=True)}
        new = sum(one.changed and not one.replayed for one in done.values())
        self.imported.new += new
        self.imported.already += len(done) - new
        return None

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
