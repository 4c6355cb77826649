"""What somebody may do with share links, by role and circle; and doing it, for pages and programs alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from starlette.requests import Request

from api.auth import User
from api.auth.addresses import find_origin
from api.auth.permissions import find_rule, is_allowed
from api.errors import ForbiddenError
from api.service import Service, Snapshot
from api.share.asking import AskedShare, FaultsError, check_asked, choose_expiry, find_day_fault
from geo.disclosure.release.rows import Release
from geo.errors import NotFoundError
from geo.layers.circles import VISIBLE
from geo.store.people.management import By
from geo.store.people.shares.life import (
    Issued,
    approve_share,
    create_share,
    extend_share,
    issue_share,
    revoke_recipient,
    revoke_share,
)
from geo.store.people.shares.links import ShareLink, find_share_link, read_share_list
from geo.store.releases import load_release
from maps.i18n import pick_language
from maps.pages.accounts import Fault
from maps.pages.links import LinkRights

__all__ = ["LinkKeeper"]


class LinkKeeper:
    """Share links, as whoever asks may see and change them.

    Coordinators see the links of circles that their own may see. Administrators and auditors see every link, what it
    is for and how often it was opened, and nothing of what it shows; administrators revoke every one. To approve, issue
    or extend a link is to share what it shows: that takes a circle that may see it.

    Parameters
    ----------
    request : Request
    user : User
    """

    def __init__(self, request: Request, user: User) -> None:
        self._request = request
        self._service: Service = request.app.state.service
        self._home = self._service.settings.home
        self.user = user
        self.now = float(request.app.state.accounts.clock())
        sees_all = not user.roles.isdisjoint({"admin", "auditor"})
        self.own_circles = VISIBLE.get(user.circle, frozenset())
        self.circles = frozenset(VISIBLE) if sees_all else self.own_circles

    @property
    def by(self) -> By:
        """Who does it, and when."""
        return By(self.user.user_id, self.now)

    def list(self) -> tuple[list[ShareLink], list[str]]:
        """Links that the user may see, newest first, and ids of those that somebody has changed by hand."""
        return read_share_list(self._home, now=self.now, circles=self.circles)

    def find(self, link_id: str) -> ShareLink:
        """One link."""
        return find_share_link(self._home, link_id, now=self.now, circles=self.circles)

    def find_rights(self, link: ShareLink | None = None) -> LinkRights:
        """What the user may do, with a link or with links at all."""
        makes, keeps = self._may("POST", "/links/new"), self._may("POST", "/links/{link_id}")
        if link is None:
            return LinkRights(may_make=makes, may_revoke=keeps)
        is_own = link.created.user_id == self.user.user_id
        is_open = not link.is_over
        shares = link.circle in self.own_circles
        extends = keeps and (makes or link.needs_approval) and not (is_own and link.needs_approval)
        return LinkRights(
            may_make=makes,
            may_approve=shares and keeps and link.state == "awaiting" and not is_own,
            may_issue=shares and makes and link.state == "ready",
            may_extend=shares and extends and is_open,
            may_revoke=keeps and not link.is_over,
        )

    def create(self, asked: AskedShare, snapshot: Snapshot, *, replaces: bool) -> Issued:
        """Make a link.

        Raises
        ------
        BusyError, FaultsError, RecipientTakenError, StoreError
        """
        new, password = check_asked(self._service, snapshot, self.user, asked, now=self.now)
        if password:
            new = replace(new, password_hash=self._request.app.state.share_passwords.hash(password))
        return create_share(self._home, new, self.by, among=self.circles, replaces=replaces)

    def approve(self, link_id: str, *, has_looked: bool) -> ShareLink:
        """Approve a link of somebody else's, whose rows one says that one has looked at.

        Raises
        ------
        ChangedError, FaultsError, NotFoundError, StoreError
        """
        if self.find(link_id).created.user_id == self.user.user_id:
            raise FaultsError([Fault("", "own")])
        if not has_looked:
            raise FaultsError([Fault("has_looked", "missing")])
        return approve_share(self._home, link_id, self.by, among=self.own_circles)

    def issue(self, link_id: str) -> Issued:
        """Make a link's address, which is told this once.

        Raises
        ------
        ChangedError, NotFoundError, StoreError
        """
        return issue_share(self._home, link_id, self.by, among=self.own_circles)

    def extend(self, link_id: str, expires_on: str) -> ShareLink:
        """Let a link last to the end of another day.

        Raises
        ------
        ChangedError, FaultsError, ForbiddenError, NotFoundError, StoreError
        """
        link = self.find(link_id)
        if link.needs_approval and link.created.user_id == self.user.user_id:
            raise FaultsError([Fault("", "own-extension")])
        if not (link.is_over or self.find_rights(link).may_extend):
            message = "A link is extended by coordinators whose circle may see what it shows."
            raise ForbiddenError(message)
        release = self.find_release(link)
        last = None if release is None else release.expires_at.timestamp()
        if faults := find_day_fault(expires_on, self.now, last):
            raise FaultsError(faults)
        expires_at = choose_expiry(expires_on, self.now, self.now + 1e9 if last is None else last)
        if not link.is_over and expires_at <= link.expires_at:
            raise FaultsError([Fault("expires_on", "not-later")])
        return extend_share(
            self._home, link_id, self.by, expires_at=expires_at, was_until=link.expires_at, among=self.own_circles
        )

    def revoke(self, link_id: str) -> tuple[ShareLink, bool]:
        """End a link at once; also whether it was this that did.

        Raises
        ------
        NotFoundError, StoreError
        """
        return revoke_share(self._home, link_id, self.by, among=self.circles)

    def revoke_recipient(self, recipient: str) -> Sequence[ShareLink]:
        """End all links of a recipient at once.

        Raises
        ------
        StoreError
        """
        return revoke_recipient(self._home, recipient, self.by, among=self.circles)

    def find_release(self, link: ShareLink) -> Release | None:
        """The release of a link; None where it is gone."""
        try:
            return load_release(self._home, link.scope.release_id, now=datetime.fromtimestamp(self.now, UTC))
        except NotFoundError:
            return None

    def make_address(self, issued: Issued) -> str:
        """Where a link's recipient opens it, in their language."""
        query = "" if issued.link.lang == pick_language(None) else f"?lang={issued.link.lang}"
        return f"{find_origin(self._request)}/s/{issued.token}{query}"

    def _may(self, method: str, path: str) -> bool:
        rule = find_rule(method, path)
        return rule is not None and is_allowed(self.user.roles, rule)
