"""From a token to whose the request is."""

from api.credentials import Identity
from api.oidc.claims import role_of, subject_of
from api.oidc.fetching import key_set_of
from api.oidc.keys import KeySet
from api.oidc.settings import OidcSettings
from api.oidc.subjects import Subjects
from api.oidc.tokens import verified
from domain.errors import Forbidden
from ledger.application import Ledger
from ledger.database import Database
from projections.reading import Books


class SignIn:
    """The provider's tokens as credentials of one ledger. `keys`: the provider's, fetched when they are needed."""

    def __init__(
        self, settings: OidcSettings, database: Database, ledger: Ledger, books: Books, keys: KeySet | None = None
    ) -> None:
        self._settings = settings
        self._keys = keys or KeySet(key_set_of(settings))
        self._subjects = Subjects(settings, database, ledger, books)

    def identify(self, token: str) -> Identity:
        """Whose the request with that token is.

        Raises `BadToken` (401), `Forbidden` if the token is good and its holder may not come in, and
        `ProviderAway` (503) if its signature cannot be checked yet.
        """
        claims = verified(token, self._keys, self._settings)
        subject, role = subject_of(claims, self._settings), role_of(claims, self._settings)
        if role is None:
            raise Forbidden("The credential is good, but the identity provider gives it no role that is known here.")
        member, role = self._subjects.member(subject, role)
        return Identity(member, role, member)
