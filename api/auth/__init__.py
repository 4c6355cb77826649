"""Who may come in, and where to: sign-in, sessions, and the table of what each role may do."""

from api.auth.signed_in import TheUser
from geo.store.people.users import ROLES, User

__all__ = ["ROLES", "TheUser", "User"]
