"""Who may come in: users, their sessions, failed sign-ins and one-time links.

On SQLite they live in a file of their own beside the layers', so that signing in never waits for an import; on
PostgreSQL they are tables of the same database (docs/adr/0022-sign-in.md). Moments are seconds since 1970 in UTC, given
by the caller.
"""
