"""What can be wrong with the place that a ledger is kept in: errors for its operator, not for API callers.

    LedgerError
    ├── NotMigrated          the schema, or a part of it, is not there yet: run `quarterdeck migrate`
    ├── SchemaTooNew         a newer program has migrated it
    ├── MigrationChanged     a migration that was run reads differently now
    ├── MigrationRefused     the login may not make the role or the schemas
    ├── RestoreRefused       only an empty ledger can be restored, gaplessly
    ├── UnknownEvent         an event that this program has no class for
    ├── TreeBroken           the events, the tree over them and what was signed do not fit together
    ├── SigningKeyElsewhere  the key that checkpoints are signed with is in another data folder
    └── DataFolderUnusable   the embedded PostgreSQL cannot live in the data folder

That the database is away is no such error but `domain.errors.NotReady`: it passes.
"""


class LedgerError(Exception):
    """The base of them all; its text is a sentence for the operator."""


class NotMigrated(LedgerError):
    """The schema, or a part of it, is not there yet."""


class SchemaTooNew(LedgerError):
    """A newer program has migrated the schema; this one does not know what it may rely on."""


class MigrationChanged(LedgerError):
    """A migration that was run is not the one that this program carries under that number."""


class MigrationRefused(LedgerError):
    """The login lacks a privilege that migrating needs."""


class RestoreRefused(LedgerError):
    """The ledger is not empty, or the events do not follow one another."""


class UnknownEvent(LedgerError):
    """A stored event of a type or version that this program does not know."""


class TreeBroken(LedgerError):
    """The events, the tree over them and the checkpoints that were signed do not fit together."""


class SigningKeyElsewhere(LedgerError):
    """The key that checkpoints are signed with is in another data folder, such as a server's."""


class DataFolderUnusable(LedgerError):
    """The embedded PostgreSQL cannot live in the data folder."""
