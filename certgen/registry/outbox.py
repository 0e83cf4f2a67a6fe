"""The outbox: which messages are to be sent, and what became of each that was."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

from msgspec import Struct

State = Literal["reserved", "sending", "sent", "refused", "unknown", "bounced"]
STATES: tuple[State, ...] = get_args(State)


class Entry(Struct, frozen=True, kw_only=True):
    """One message. ``round``: 0, and one more for each time that somebody was mailed again; ``at``: when it came to be
    in that state (UTC); ``not_before``: when it is to be tried next; ``address`` and ``words`` (the server's answer)
    are None once the person was erased."""

    serial: int
    purpose: str
    round: int = 0
    state: State
    message_id: str
    tries: int = 0
    at: datetime
    not_before: datetime | None = None
    address: str | None
    words: str | None = None
