"""Errors sorted by what the caller must do.

    KvartalError
    ├── ConfigError      a person must fix a file; the process exits with code 2
    ├── EndpointError    a line to devices
    │   ├── Retryable    lost or silent: open a new connection after a pause
    │   └── Permanent    refused: a person must act before another try makes sense
    └── DomainError      understood and not allowed; its text is fit for a user

A text names the thing, what was wanted and what was found.
"""

from core.text import Text, filled


class KvartalError(Exception):
    """Root of everything that this project raises on purpose."""


class ConfigError(KvartalError):
    """Say what is wrong in a file: its name, the key, what was wanted, what was found."""


class EndpointError(KvartalError):
    """Tell that a line to devices does not work."""


class Retryable(EndpointError):
    """Tell that the line is lost or silent; the supervisor opens a new one after a pause."""


class Permanent(EndpointError):
    """Tell that the other side refused; the supervisor waits long and a person must act."""


class DomainError(KvartalError):
    """Refuse what the rules do not allow. `code` is stable; the text is for people.

    details: the single points, in words by language; one of a form also names its `field`.
    """

    def __init__(self, code: str, message: str, details: tuple[dict[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.details = details


class NotVisible(DomainError):
    """Answer for what does not exist and for what the actor may not see alike."""

    def __init__(self, kind: str, identifier: object) -> None:
        super().__init__("not_found", f"{kind} {identifier} does not exist or is not yours to see")


def refused(code: str, words: Text, **values: Text | str) -> DomainError:
    """Give the refusal in every language."""
    said = filled(words, **values)
    return DomainError(code, said["en"], details=(said,))
