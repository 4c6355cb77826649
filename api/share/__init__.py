"""What is shared with recipients without an account: who opens a link, and what their browser may then see.

Every route below ``/share`` asks `find_share` on each request: nothing of it is kept in memory, so that a link that is
revoked shows nothing from the next request on, on every worker.
"""

from api.share.sessions import Share, find_share, require_share

__all__ = ["Share", "find_share", "require_share"]
