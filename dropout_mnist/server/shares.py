"""Links to runs: whoever has the token of some runs can follow them."""

import secrets
from collections.abc import Sequence

# Random bytes of a token: 2**128 tokens cannot be tried out.
BYTES = 16


class Shares:
    """Tokens that cannot be guessed, and the ids of the runs that each opens."""

    def __init__(self) -> None:
        self._ids: dict[str, tuple[int, ...]] = {}

    def token(self, run_ids: Sequence[int]) -> str:
        """Return the token of these runs, always the same one."""
        ids = tuple(run_ids)
        known = next((token for token, shared in self._ids.items() if shared == ids), None)
        if known is None:
            known = secrets.token_urlsafe(BYTES)
            self._ids[known] = ids
        return known

    def opened_by(self, token: str) -> tuple[int, ...]:
        """Return the ids of the runs that a token opens, none if it is unknown."""
        return self._ids.get(token, ())

    def __contains__(self, run_id: int) -> bool:
        return any(run_id in ids for ids in self._ids.values())

    def discard(self, run_id: int) -> None:
        """Forget a run, and the tokens that open only forgotten ones."""
        remaining = {token: tuple(other for other in ids if other != run_id) for token, ids in self._ids.items()}
        self._ids = {token: ids for token, ids in remaining.items() if ids}
