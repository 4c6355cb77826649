"""What keeps a plan from being made or changed, in the reader's language: the library says it in English, line by line.

Gaps that begin with ``inner`` hold one of the words below or several with commas; others hold names, codes and numbers.
"""

from __future__ import annotations

from maps.recognised import Recogniser

__all__ = ["CHOICE_TEMPLATES", "TEMPLATES", "say_plan_problem"]

# several of them stand in one line, with semicolons between them
CHOICE_TEMPLATES = (
    "No targets can be chosen: {inner}.",
    "unknown risk sector {given}; use one of {known}",
    "unknown county {given}; use one of {known}",
    "unknown municipality {given}; use one of {known}",
    "unknown layer of sites {given}; use one of {known}",
    "unknown agency with powers on site {given}; use one of {known}",
    "unknown certainty {given}; use one of {known}",
    "unknown reason(s) for an exclusion: {given}; use one of {known}",
    "min_days_since_visit must be a whole number of 0 or more, got {given}",
    ("pinned: there is no site {given}; give the layer, {layers}, and a record's id"),
    ("excluded: there is no site {given}; give the layer, {layers}, and a record's id"),
    "pinned and excluded at once: {given}; decide for one",
)
_WORDS = (
    "draft",
    "ready",
    "approved",
    "under_way",
    "closed",
    "cancelled",
    "draft or ready",
    "on_site",
    "on_call",
    "remote",
    "on_site or on_call",
    "not_reached",
)
TEMPLATES = (
    # crews
    "There is no crew; a plan needs at least one.",
    "{n} crews are called {crew}; give each a name of its own.",
    "A crew has no name; give it one.",
    "The name of a crew {inner_fault}.",
    "Crew {crew}: there is no agency {agency}; known are {known}.",
    "Crew {crew}: {agency} takes part in more than one way ({each_way}); choose one.",
    "Crew {crew}: {agency} may not be {inner_way}; it may be {inner_can}.",
    "Crew {crew}: {agency} may not be {inner_way}; it takes no part.",
    "Crew {crew}: nobody rides along; name at least one agency with people on site.",
    "Crew {crew}: {agency} has {n} people; give at least 1, or leave the agency out.",
    "Crew {crew}: every car needs at least one seat; the cars have {seats}.",
    "Crew {crew}: {n} people and 1 seat; add a car, or leave people out.",
    "Crew {crew}: {n} people and {seats} seats; add a car, or leave people out.",
    "Crew {crew}: the depot has no finite coordinates; give easting and northing in metres, EPSG:3006.",
    "Crew {crew}: lon and lat of the depot are swapped.",
    (
        "Crew {crew}: the depot, easting {easting}, northing {northing}, lies {km} km from the land of Region Nord, "
        "at sea or outside; give the place where the day begins."
    ),
    # what is asked for
    "A plan needs a name.",
    "A plan needs a day.",
    "A plan needs a crew.",
    "The plan's name {inner_fault}.",
    "A plan needs at least one day, and each day once.",
    "A plan's days lie between {first} and {last}, not on {day}.",
    "A plan has at most {most} days, not {n}; make several plans.",
    "A plan has at most {most} crews, not {n}; make several plans.",
    "{crews} crews on {days} days are {n} routes, and a plan has at most {most}; make several plans.",
    "Hours must begin before they end, within a day; they are {start} to {end}.",
    "Routes are planned among 1 to {most} candidates, not {n}; narrow the filter instead.",
    "{site} is fixed to the crew {crew}, which is none of this plan.",
    "{site} is fixed to {day}, which is no day of this plan.",
    # stops
    "{site} stands {n} times; visit a site once.",
    "{site}: there is no crew {crew}.",
    "{site}: {day} is no day of the plan.",
    "The plan has no stop at {site}.",
    "Crew {crew} stands twice on {day}; put its stops together.",
    "There is no crew {crew} in this plan.",
    "{day} is no day of this plan.",
    "There is no site {site}; it may have been removed since. Take it out of the order.",
    # states
    "A plan that is {inner_state} cannot become {inner_other}; it can become {each_state}.",
    "A plan that is {inner_state} cannot become {inner_other}; it ends there.",
    "A plan that is {inner_state} cannot become {given}; it can become {each_state}.",
    "Nobody can change its stops while the plan is {inner_state}; it must be {inner_states}.",
    "Nobody can answer its checklist while the plan is {inner_state}; it must be {inner_states}.",
    "Nobody can justify its stops while the plan is {inner_state}; it must be {inner_states}.",
    "A coded reason is needed and none is given; use {known}.",
    "A coded reason is needed and {given} is none; use {known}.",
    # checklist
    "The checklist has no item {item}; it has {known}.",
    "Unknown languages: {given}; give two-letter codes of interpreter_languages.",
    "{item} asks for no languages; leave them out.",
    "{item} is ready only with the languages that interpreters are booked for; name at least one.",
    # outcomes
    "Outcomes belong to a plan that is approved or under way, and this one is {inner_state}.",
    "on: {day} is before the plan's first day, {first}.",
    "on: {day} is after today, {today}; record what came of a stop once its day has come.",
    "A stop that is {inner_result} has no outcome, no persons met and no agencies; leave them out.",
    "A stop that is {given} has no outcome, no persons met and no agencies; leave them out.",
    "agencies: a visit has at least one agency that was there.",
    "agencies: {agency} stands more than once; put what it did together.",
    "outcome: nothing_found, but there are observations; choose what was found, or leave them out.",
    "outcome: {outcome} needs at least one observation; add what was seen, or say nothing_found.",
    "{agency}: it takes no part in crew {crew}; these do: {known}.",
    "{agency}: there is no such agency, or it has no check to make at this site.",
    "{agency}: {check} is none of the checks that it may make here: {known}.",
    "{where}: {given} is none of {known}.",
    # what is kept
    "Somebody else has changed this plan since it was read; look at it anew, then do it again if it fits.",
    "There is no plan {given}; list the plans to see which there are.",
    "There are {n} plans that are neither closed nor cancelled, as many as there may be; end some.",
    "There are {n} plans, as many as are kept; ask whoever runs the server.",
    "The plan has {n} comments, as many as one may have.",
    "The plan has grown to {n} kB, and at most {most} are kept of one; take out stops, or make a new plan.",
    # on the command line
    "The plan has version {n} by now, not {wanted}; look at it anew.",
    "{option}: {given} has not the form layer/id, such as workplaces/12345678.",
    "{option}: {given} is none of them; norrsyn plan show says which there are.",
    "--hours: {given} has not the form 08:00-17:00.",
    "--lock: {given} has not the form layer/id=crew@YYYY-MM-DD.",
    "--check: {given} has not the form agency=check.",
    "--saw: {given} has not the form agency=indicator:grade[:source[:verification[:band]]].",
    "--form: there is no form {given}; there are {known}.",
    "{path} is there already; choose another name, or add --replace.",
    "{path} must end in .json or .toml.",
    "{path} must hold an object with names, such as name, days and crews.",
    "{path} cannot be read: {error}.",
    "There is no file {path}.",
    "{field}: Field required",
    "{field}: Extra inputs are not permitted",
    "There is no sharing circle {given}; the circles are {known}.",
    "There is no language {given}; use one of {known}.",
    "No surface is published in {folder}; score one with `norrsyn score`.",
    # what may be wrong with a name
    "has {n} characters; use at most {most}",
    "holds characters that cannot be seen or that turn the text around; leave them out",
    "is empty; give at least one letter, digit or sign",
    *_WORDS,
)
_RECOGNISER = Recogniser(TEMPLATES)


def say_plan_problem(lang: str, english: str) -> str | None:
    """One line in a language; None where its words are not known in it."""
    return _RECOGNISER.say(lang, english)
