"""What migration db.0066_add_iv needs of the Ganeti passwords: their key, an old python-crypto.

Nothing here knows AES: after its salt a password begins with a digest of key and salt instead.
"""

import base64
import hashlib

from .statements import query

# With this python-crypto it fails; 2.1 is known to work (OBSERVED C 12).
TOO_NEW = "2.6.1"


class CorruptedPassword(Exception):
    """A password does not open with the key of the settings."""

    __module__ = "builtins"  # Python 2 prints none


def look(context, connection):
    """Open every old password, as the migration does; raise what it raises."""
    rows = query(
        connection, "SELECT password_hash FROM db_backend WHERE password_hash <> '' ORDER BY id"
    ).fetchall()
    for (stored,) in rows:
        if len(stored.split(":")) == 2:
            _open(context, stored)


def _open(context, stored):
    if context.at_least("python-crypto", TOO_NEW):
        raise ValueError("IV must be 16 bytes long")
    key = context.settings["SECRET_ENCRYPTION_KEY"]
    salt, _, encrypted = stored.partition(":")[2].partition("$")
    proof = hashlib.md5((key + salt).encode()).digest()
    if base64.b64decode(encrypted)[: len(proof)] != proof:
        raise CorruptedPassword("Can not decrypt password. Check the key")
