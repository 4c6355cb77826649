"""What the claims of an identity provider mean here: which roles somebody has, and which agency's they are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

__all__ = ["AgencyRule", "Rule", "find_agency", "find_roles", "parse_agency", "parse_rules"]

_CLAIM = "claim:"


@dataclass(frozen=True)
class Rule:
    """Who has this value in that claim gets this role (or agency)."""

    claim: str
    value: str
    gives: str


@dataclass(frozen=True)
class AgencyRule:
    """Where somebody's agency is read: ``fixed``, or the code in the claim ``claim``, or the first of ``rules``."""

    fixed: str = ""
    claim: str = ""
    rules: tuple[Rule, ...] = ()


def parse_rules(text: str, known: Collection[str]) -> tuple[Rule, ...]:
    """Rules such as ``groups:norrsyn-planner=planner;groups:norrsyn-admin=admin``.

    A claim ends at the first ``:``, what it gives begins after the last ``=``; signs within are written as in an
    address (``%3A`` for ``:``, ``%3B`` for ``;``, ``%25`` for ``%``). A claim within a claim is written with a dot
    (``realm_access.roles``).

    Raises
    ------
    ValueError
        All parts that are no rules, or give what is not among ``known``.
    """
    rules, wrong = [], []
    for part in (each.strip() for each in text.split(";")):
        claim, _, rest = part.partition(":")
        value, _, gives = rest.rpartition("=")
        rule = Rule(unquote(claim.strip()), unquote(value.strip()), gives.strip())
        if rule.claim and rule.value and rule.gives in known:
            rules.append(rule)
        elif part:
            wrong.append(part)
    if wrong or not rules:
        message = (
            f"write claim:value={'|'.join(known)}, several parted by ';' (cannot be used: {'; '.join(wrong) or 'none'})"
        )
        raise ValueError(message)
    return tuple(rules)


def parse_agency(text: str, known: Collection[str]) -> AgencyRule:
    """An agency's code, ``claim:NAME`` for the claim that holds one, or rules as for `parse_rules`.

    Raises
    ------
    ValueError
    """
    text = text.strip()
    if text in known:
        return AgencyRule(fixed=text)
    if "=" in text:
        return AgencyRule(rules=parse_rules(text, known))
    if text.startswith(_CLAIM) and (claim := unquote(text.removeprefix(_CLAIM).strip())):
        return AgencyRule(claim=claim)
    message = f"write one of {', '.join(known)}, or claim:NAME where a claim says which, or claim:value=agency"
    raise ValueError(message)


def find_roles(claims: Mapping[str, Any], rules: Collection[Rule]) -> frozenset[str]:
    """Roles that the claims give; empty where they give none."""
    return frozenset(rule.gives for rule in rules if rule.value in _read(claims, rule.claim))


def find_agency(claims: Mapping[str, Any], rule: AgencyRule, known: Collection[str]) -> str | None:
    """The agency that the claims name; None where they name none that there is."""
    if rule.fixed:
        return rule.fixed
    if rule.claim:
        return next((value for value in _read(claims, rule.claim) if value in known), None)
    return next((each.gives for each in rule.rules if each.value in _read(claims, each.claim)), None)


def _read(claims: Mapping[str, Any], name: str) -> list[str]:
    """Texts of a claim: one, or a list of them; nothing else counts."""
    found: Any = claims.get(name)
    if found is None:
        found = claims
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    values = found if isinstance(found, list) else [found]
    return [value for value in values if isinstance(value, str)]
