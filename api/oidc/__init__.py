"""Signing in through an identity provider: OpenID Connect's code flow, and who gets which role by it."""
