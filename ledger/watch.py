"""What somebody who watches a ledger is told: what was appended, and what is being done.

The ledger and the books know no library that counts or traces. They tell the `Watch` of their `Database`, which does
nothing unless the server puts another in its place (`api.observing`). It is called on the way of every command, so what
it does has to be cheap, and it must not raise.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.append import Outcome

_NOTHING = nullcontext()


class Watch:
    """Looks away."""

    def appended(self, outcomes: Sequence["Outcome"], seconds: float) -> None:
        """A group of commands went to the database together, and this became of each; `seconds` for all of them."""

    def span(self, name: str, **about: int | str) -> AbstractContextManager[None]:  # noqa: ARG002
        """Around a piece of work. `about`: numbers and names of kinds, never a text, a name or a secret."""
        return _NOTHING


UNWATCHED = Watch()
