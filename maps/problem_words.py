"""What an answer says of a failure, in the reader's language: the library and the API say it in English.

Recognised by its `TEMPLATES`, as the words of imports are. What only a program can cause is not among them: it stays
English, and the answer says so.
"""

from __future__ import annotations

from maps.plan_problem_words import CHOICE_TEMPLATES, say_plan_problem
from maps.recognised import Recogniser

__all__ = ["TEMPLATES", "TITLES", "say_problem"]

# as `maps.recognised.Recogniser` reads them
TEMPLATES = (
    "The form cannot be read.",
    "A form here takes at most {n} bytes.",
    "A request here takes at most {n} bytes; ask for less at a time.",
    "There is no such import under way; /api/imports lists those that are done.",
    "Other imports are under way; try again when one of them is done.",
    "The server is about to end; try again when it is back.",
    "Uploads are turned off (NORRSYN_ALLOW_UPLOADS=0); use norrsyn import on the server.",
    (
        "Files of more than {n} MiB together are not taken; split them, or use norrsyn import on this machine"
        " (the operator sets NORRSYN_UPLOAD_MB)."
    ),
    "The form cannot be read ({error}); send it again.",
    "The form has more than {n} fields; put them into a mapping file.",
    "A header in the form is too long.",
    "At most {n} files are taken at once; import the rest by themselves.",
    "The mapping file is larger than {n} MiB.",
    "The form ended too early; send it again.",
    "There is no file; send one or several in the field {field}.",
    "The fields beside the files are too long; put them into a mapping file.",
    "weight: at least one component must have more than 0 points, got {given}.",
    (
        "easting {easting}, northing {northing} lies off the grid (easting {x_min}–{x_max}, northing "
        "{y_min}–{y_max}); choose a place in Region Nord."
    ),
    "easting {easting}, northing {northing} lies outside Sweden; choose a place in Region Nord.",
    "{given} is not a cell id of this grid; an id here looks like {example}.",
    "lon and lat are swapped: lon={lat}, lat={lon} would be in Sweden.",
    (
        "Share link {id} cannot be read: its row was changed by something else than Norrsyn. It opens nothing. Tell "
        "whoever runs Norrsyn; `norrsyn audit verify` names all such links."
    ),
    "There is no such record in {layer} any more; reload the page.",
    "There is no record {given} in {layer} any more; reload the page.",
    "There is no surface {given} any more; reload the page for the current one.",
    "There are no layers to score yet; run `norrsyn demo` or `norrsyn import`.",
    "No surface has been scored yet; run `norrsyn score`.",
    "You have asked for another surface since; this one was not scored.",
    "{n} surfaces are being scored or wait to be; try again in a few seconds, or ask for a date that is shown already.",
    "How sure the scores are is being computed, which takes some seconds; ask again then.",
    "Many questions that take long to answer wait already; try again in a few seconds.",
    "Many drawings of how sure scores are wait already; try again in a few seconds.",
    (
        "How sure the scores are was not drawn to the end: its process was ended ({signal}), perhaps because memory "
        "ran out; ask again."
    ),
    (
        "How sure the scores are could not be drawn: its process failed ({what}); ask again, and see the log if it "
        "stays so."
    ),
    "How sure the scores are is drawn no more: the program ends; ask again when it is back.",
    "Your user belongs to no sharing circle that this server knows; ask your administrator.",
    "Imports and their reports tell of records that your circle may not see.",
    "Only planners and analysts may change weights; leave `weight` out for those of the published surface.",
    "The area has {n} vertices; at most {most} are taken, so draw it more simply.",
    (
        "The area reaches from {west}° to {east}° E and from {south}° to {north}° N; keep within "
        "{west_most}–{east_most}° E and {south_most}–{north_most}° N, around Region Nord."
    ),
    (
        "The area cannot be used: {inner} at {lat}° N, {lon}° E ({place}). Draw it anew, so that its line "
        "meets itself only at its end."
    ),
    "The area cannot be used: {inner}. Draw it anew, so that its line meets itself only at its end.",
    "its line touches or crosses itself",
    "a hole lies outside the area",
    "a hole lies in another hole",
    "a part lies inside another part",
    "holes cut the area in two",
    "a ring is there twice",
    "a ring has no area",
    "it is no proper polygon",
    "The area holds no land of Region Nord: it lies at sea or outside the four counties; draw it over land.",
    "The area lies outside Region Nord; draw it in one of the four counties.",
    (
        "Two surfaces compare on one grid only; these have cells of {mine} and {other}, or another corner. "
        "Score both with the same cell size."
    ),
    "Cell {cell} lies outside Region Nord; choose a cell on land in the four counties.",
    "Cell {cell} lies outside the region; choose a cell on the map.",
    "The scoring date {day} is not between {first} and {last}.",
    "{given} is not a date; write YYYY-MM-DD, for instance 2026-07-15.",
    "Cell {cell} is not among the {k} highest; it is number {rank}.",
    "Cell {cell} has nothing to visit or lies outside what was drawn; choose a ranked cell.",
    "Layers have changed since this was scored ({layers}); score again.",
    "There is no establishment {given}; see the layer establishments.",
    "There is no {given} in the layer {layer}.",
    "The phase of {given} would end on {last}, before {first}.",
    "The view cannot be saved: {inner}.",
    "the name {inner}",
    "The note {inner}.",
    "has {n} characters; use at most {most}",
    "holds characters that cannot be seen or that turn the text around; leave them out",
    "is empty; give at least one letter, digit or sign",
    "the address has {n} characters; a view has at most {most}",
    "The address has {n} characters; a view has far fewer.",
    "There is no such view of yours any more; it may have been deleted in another tab.",
    "You already have a view of that name; choose another name, or change or delete that view.",
    "You have {n} saved views, which is as many as are kept; delete one first.",
    "The view was changed meanwhile, in another tab; look at both.",
    "There is no such entry on your shortlist any more; it may have been removed in another tab.",
    "Your shortlist has {n} entries, which is as many as it holds; remove one first.",
    "The note was changed meanwhile, in another tab; look at both.",
    "Give a year, or the first and the last day of a period.",
    "Give a year from {first} to {last}, not {given}.",
    "Give days in the years {first} to {last}, not {given} to {given_last}.",
    "A period must not end before it begins; this one is from {first} to {last}.",
    "There is no chart {given}; there are {charts}.",
    "There is no such file to share; there are {forms}, for those who may see every record.",
    (
        "Only whole calendar years are shared, not {first} to {last}: of two periods that overlap, the difference "
        "would tell of single days."
    ),
    (
        "Only years that have ended are shared, and {year} has not: of files of two days, the difference would tell of "
        "what came between them. Share {year_again} from {day} on, or an earlier year now."
    ),
    "The server's log says what happened; the operator can read it there.",
    "None of the roles of whoever is signed in may do this; an admin gives roles.",
    "Nobody is signed in, or the session has ended. Sign in at /sign-in and ask again.",
    *CHOICE_TEMPLATES,
    "There is no plan {given}; list the plans to see which there are.",
    "There is no form {given}; there are {forms}.",
    "Files of plans name sites that your circle may not see.",
    "The plan has {n} stops, and a brief takes at most {most}; choose another form, or make several plans.",
    "The plan has {n} days of crews, and a brief takes at most {most}; choose another form, or make several plans.",
    (
        "Briefs as PDF cannot be made on this server: a library is missing ({error}). On Debian 12: apt-get install "
        "{packages}, then start the server again. All other forms work."
    ),
)
# what the kinds of problems are called
TITLES = (
    "The input cannot be used",
    "The coordinates are in another reference system",
    "The data do not fit the layer",
    "A geometry cannot be used",
    "The arrays do not fit together",
    "A parameter cannot be used",
    "There is too little memory for this",
    "There is no such thing",
    "The server is busy",
    "The work ended before it was done",
    "This is not allowed here",
    "A newer request took the place of this one",
    "Too much was sent",
    "A library is missing on the server",
    "The installation is not right",
    "The data folder cannot be used",
    "A record cannot be read",
    "Something went wrong",
    "It was changed meanwhile",
    "Sign in first",
    "Not for this role",
)
_RECOGNISER = Recogniser((*TEMPLATES, *TITLES), gap="[^;]+?")


def say_problem(lang: str, english: str) -> str | None:
    """The words of a problem in a language, line by line; None where one of them is not known in it."""
    if lang == "en":
        return english
    lines = [_RECOGNISER.say(lang, line) or say_plan_problem(lang, line) for line in english.split("\n")]
    return None if None in lines else "\n".join(filter(None, lines))
