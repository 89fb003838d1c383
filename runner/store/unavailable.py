"""What the database's own trouble is, and what an operator can do about it."""

from __future__ import annotations

from typing import NoReturn

from sqlalchemy import exc
from sqlalchemy.engine import URL

from runner.errors import DatabaseUnavailable

MAYBE_TROUBLE = (exc.DBAPIError, exc.TimeoutError)
"""What SQLAlchemy raises when the database is in trouble, or when a statement of ours is wrong."""
_BUGS = (exc.IntegrityError, exc.DataError, exc.ProgrammingError, exc.NotSupportedError)
"""What the database says about a statement of ours, and not about itself."""
_REMEDIES = (
    ("locked", "another process holds the database's write lock: end its transaction"),
    ("full", "make space where the database is"),
    ("no space", "make space where the database is"),
    ("readonly", "make the database file and its folder writable"),
    ("read-only", "let the database be written to again"),
    ("no such table", "`runner db upgrade` brings the tables up to date"),
    ("does not exist", "`runner db upgrade` brings the tables up to date"),
    ("malformed", "restore the newest backup: docs/operations.md says how"),
)


def _is_ours(error: exc.SQLAlchemyError) -> bool:
    """Whether a statement of ours is at fault, and not the database."""
    return isinstance(error, _BUGS) and not getattr(error, "connection_invalidated", False)


def tell(error: exc.SQLAlchemyError, url: URL) -> NoReturn:
    """Raise the database's trouble in words, and what is our own fault as it is."""
    if _is_ours(error):
        raise error
    raise _unavailable(error, url) from error


def _unavailable(error: exc.SQLAlchemyError, url: URL) -> DatabaseUnavailable:
    cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    found = (remedy for sign, remedy in _REMEDIES if sign in cause.lower())
    remedy = next(found, "check that the database runs, is writable and has space")
    return DatabaseUnavailable(f"{url.render_as_string(hide_password=True)}: {cause}", help=remedy)
