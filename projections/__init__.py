"""What we show: books that a projection rebuilds from the ledger, and the questions they answer on both clocks.

    track.py       one stream's facts and states, growing; which versions of a thing that makes
    engine.py      feeds facts to the books, and collects the rows that change
    <book>/        cycles, teams, members, objectives, key_results, check_ins, initiatives: tables, rows, writer
    projector.py   the live driver: follows the ledger, one active at a time
    batches.py     how it writes what a batch changes, in one call
    rebuild.py     the other driver: the whole ledger into shadow tables, compared, swapped in
    reading.py     the two clocks of a read, and waiting for what was written
    questions.py   the facade that the API and the command line ask

A row is a *version*: what one thing looked like after the event at `position`, from `valid_from` on, as known
from `known_from` until `known_to` (positions). The state at (P, T) is, for each thing, the row with the greatest
(valid_from, position) among those with known_from ≤ P < known_to and valid_from ≤ T.
"""
