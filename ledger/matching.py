"""If-Match: what the caller saw last of a thing is held against what stands."""

from domain.catalogue import FOLDS
from domain.errors import Stale
from domain.kernel import Kind, Ref
from domain.key_result.check_ins import CHECK_INS
from domain.key_result.state import KEY_RESULT
from ledger.orders import IfMatch
from ledger.sight import Sight


def check_match(match: IfMatch, sight: Sight) -> None:
    """Raises `Stale` unless the thing exists, and nothing was recorded of it since."""
    position = _position_of(match.ref, sight)
    if position == 0 or (match.position is not None and match.position != position):
        raise Stale(f'If-Match names an older state: the ETag is "{position}" now.')


def _position_of(ref: Ref, sight: Sight) -> int:
    """The position of the last event of the thing's own stream; of a check-in, of the last event about it."""
    if ref.kind is not Kind.CHECK_IN:
        return sight(FOLDS[ref.kind], ref.id).position
    holder = sight.holder(CHECK_INS, str(ref.id))
    if holder is None:
        return 0
    facts = sight(KEY_RESULT, holder.id).facts
    return max(fact.position for fact in facts if getattr(fact.event, "check_in", None) == ref.id)
