"""From errors to HTTP: the status table, and problem details (RFC 9457) as the one form of every failure.

Domain code raises from `geo.errors` and knows nothing of this. A type that is not in the table takes the row of its
nearest ancestor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from api.redacting import hide_tokens
from geo.errors import (
    ChangedError,
    ConfigError,
    CRSError,
    EndedError,
    GeometryError,
    InputError,
    MemoryLimitError,
    MissingLibraryError,
    NorrsynError,
    NotFoundError,
    ParameterError,
    SchemaError,
    ShapeError,
    StoreError,
    UnreadableError,
)
from geo.risk.words import Sentence
from maps.i18n import LANGUAGES, say, translate
from maps.problem_words import say_problem

__all__ = [
    "PROBLEM_TYPE",
    "STATUS_TABLE",
    "BusyError",
    "FieldsError",
    "ForbiddenError",
    "Problem",
    "ProblemKind",
    "SaidError",
    "SupersededError",
    "TooLargeError",
    "find_kind",
    "find_language",
    "problem_document",
    "problem_response",
    "respond_to_change",
]

PROBLEM_TYPE = "application/problem+json"


class BusyError(NorrsynError):
    """More is asked for at once than the server will take on."""


class FieldsError(ParameterError):
    """What cannot be used in a body that somebody has filled in, by field.

    Attributes
    ----------
    failures : tuple of (field, what is wrong); the field is empty where it is none alone
    """

    def __init__(self, failures: Iterable[tuple[str, str]]) -> None:
        self.failures = tuple(failures)
        super().__init__("\n".join(words for _, words in self.failures))


class ForbiddenError(NorrsynError):
    """The operator has not allowed this."""


class SaidError(ParameterError):
    """What cannot be done, in sentences that are put into the reader's language.

    Attributes
    ----------
    sentences : tuple of Sentence, a line each
    """

    def __init__(self, sentences: Iterable[Sentence]) -> None:
        self.sentences = tuple(sentences)
        super().__init__("\n".join(map(str, self.sentences)))


class SupersededError(NorrsynError):
    """Whoever asked has asked for something newer in its place."""


class TooLargeError(NorrsynError):
    """More is sent than the server takes."""


@dataclass(frozen=True)
class ProblemKind:
    """A row of the status table.

    Attributes
    ----------
    status : int, HTTP status
    name : str, last part of the problem's type
    title : str, the same for every problem of the kind
    is_told : bool, whether the message is for the client; else the log alone has it
    """

    status: int
    name: str
    title: str
    is_told: bool = True


STATUS_TABLE: Mapping[type[NorrsynError], ProblemKind] = {
    InputError: ProblemKind(422, "input", "The input cannot be used"),
    CRSError: ProblemKind(422, "crs", "The coordinates are in another reference system"),
    SchemaError: ProblemKind(422, "schema", "The data do not fit the layer"),
    GeometryError: ProblemKind(422, "geometry", "A geometry cannot be used"),
    ShapeError: ProblemKind(422, "shape", "The arrays do not fit together"),
    ParameterError: ProblemKind(422, "parameter", "A parameter cannot be used"),
    MemoryLimitError: ProblemKind(503, "memory", "There is too little memory for this"),
    NotFoundError: ProblemKind(404, "not-found", "There is no such thing"),
    ChangedError: ProblemKind(409, "changed", "It was changed meanwhile"),
    EndedError: ProblemKind(503, "ended", "The work ended before it was done"),
    BusyError: ProblemKind(503, "busy", "The server is busy"),
    ForbiddenError: ProblemKind(403, "forbidden", "This is not allowed here"),
    SupersededError: ProblemKind(409, "superseded", "A newer request took the place of this one"),
    TooLargeError: ProblemKind(413, "too-large", "Too much was sent"),
    MissingLibraryError: ProblemKind(501, "missing-library", "A library is missing on the server"),
    ConfigError: ProblemKind(500, "configuration", "The installation is not right", is_told=False),
    StoreError: ProblemKind(503, "store", "The data folder cannot be used", is_told=False),
    UnreadableError: ProblemKind(500, "unreadable", "A record cannot be read"),
    NorrsynError: ProblemKind(500, "unexpected", "Something went wrong", is_told=False),
}
_UNEXPECTED = STATUS_TABLE[NorrsynError]
# Of what was sent, an answer repeats so many characters at most.
_MOST_REPEATED = 200
_SEE_LOG = "The server's log says what happened; the operator can read it there."


class ParameterProblem(BaseModel):
    """One parameter that cannot be used."""

    parameter: str = Field(description="Name of the parameter")
    where: str = Field(description="Where it stands: query, path, header or body")
    detail: str = Field(description="What is wrong and what to do")


class Problem(BaseModel):
    """Problem details, RFC 9457."""

    model_config = ConfigDict(json_schema_extra={"description": "Problem details, RFC 9457."})

    type: str = Field(description="Kind of problem, stable: ``urn:norrsyn:problem:<kind>``")
    title: str = Field(description="The kind in words")
    status: int = Field(description="HTTP status")
    detail: str = Field(description="What is wrong here and what to do")
    instance: str | None = Field(default=None, description="Path of the request")
    errors: list[ParameterProblem] | None = Field(default=None, description="Every parameter that cannot be used")
    current: dict[str, Any] | None = Field(
        default=None, description="Where it was changed meanwhile (409): what is stored now, as it is answered else"
    )


def find_kind(error: BaseException) -> ProblemKind:
    """Row of the status table for an error: its own, or its nearest ancestor's."""
    rows: Mapping[type, ProblemKind] = STATUS_TABLE
    return next((rows[ancestor] for ancestor in type(error).__mro__ if ancestor in rows), _UNEXPECTED)


def find_language(request: Request) -> str:
    """The language that a failure is told in: the request's, else the first that its sender reads, else English."""
    asked = request.query_params.get("lang")
    if asked in LANGUAGES:
        return asked
    wanted = (
        part.partition(";")[0].strip().lower()[:2] for part in request.headers.get("accept-language", "").split(",")
    )
    return next((lang for lang in wanted if lang in LANGUAGES), "en")


def problem_document(error: BaseException, instance: str | None = None) -> dict[str, Any]:
    """Problem details of an error as a JSON object, in English; internals stay out of it."""
    kind = find_kind(error)
    detail = str(error) if kind.is_told and str(error) else _SEE_LOG
    return _document(kind, detail, instance)


def problem_response(
    status: int,
    name: str,
    title: str,
    detail: str,
    *,
    instance: str | None = None,
    errors: Sequence[Mapping[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
    lang: str = "en",
) -> JSONResponse:
    """A problem as a response, in a language as far as its words are known in it."""
    content = _document(ProblemKind(status, name, title), detail, instance)
    if errors is not None:
        content["errors"] = list(errors)
    return _respond(content, status, headers or {}, lang)


def _respond(
    content: dict[str, Any], status: int, headers: Mapping[str, str], lang: str, said: str | None = None
) -> JSONResponse:
    """A problem's document as a response, with its detail said, or to be said; ``Content-Language`` is that of it."""
    said = say_problem(lang, content["detail"]) if said is None else said
    if said is not None:
        content |= {"title": say_problem(lang, content["title"]) or content["title"], "detail": said}
    told = {"Content-Language": "en" if said is None else lang, "Vary": "Accept-Language"}
    return JSONResponse(content, status, headers=told | dict(headers), media_type=PROBLEM_TYPE)


def respond_to_error(request: Request, error: BaseException) -> JSONResponse:
    """Response for an error of ours, or for one that nobody foresaw."""
    kind = find_kind(error)
    headers = {"Retry-After": "5"} if kind.status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    content, lang = problem_document(error, path_of(request)), find_language(request)
    if isinstance(error, FieldsError):
        content["errors"] = [
            {"parameter": field, "where": "body", "detail": say_problem(lang, words) or words}
            for field, words in error.failures
        ]
    if isinstance(error, SaidError):
        said = "\n".join(say(lang, sentence) for sentence in error.sentences)
        return _respond(content, kind.status, headers, lang, said)
    return _respond(content, kind.status, headers, lang)


def respond_to_change(request: Request, error: ChangedError, current: BaseModel) -> JSONResponse:
    """Response for a change that came too late, with what is stored now."""
    content = problem_document(error, path_of(request)) | {"current": current.model_dump(mode="json", by_alias=True)}
    return _respond(content, find_kind(error).status, {}, find_language(request))


def respond_to_validation(request: Request, error: RequestValidationError) -> JSONResponse:
    """Response that lists every parameter that failed, and what each one must be."""
    lang = find_language(request)
    errors = [_describe(lang, failure) for failure in error.errors()]
    listed = "; ".join(f"{one['parameter']}: {one['detail']}" for one in errors)
    return problem_response(
        422,
        "parameter",
        STATUS_TABLE[ParameterError].title,
        f"{listed}.",
        instance=path_of(request),
        errors=errors,
        lang=lang,
    )


def respond_to_status(request: Request, status: int, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Response for what the router itself refuses: no such address, or another method than GET."""
    words = {
        400: ("body", "The body cannot be read", "It is no JSON that can be read: UTF-8, and not nested deeply."),
        404: ("not-found", "There is no such address", "Nothing is served here; /openapi.json lists what is."),
        405: (
            "method",
            "The method is not allowed",
            "This address does not take it; the header Allow says what it takes.",
        ),
    }
    phrase = HTTPStatus(status).phrase
    name, title, detail = words.get(status, (phrase.lower().replace(" ", "-"), phrase, f"{phrase}."))
    return problem_response(
        status, name, title, detail, instance=path_of(request), headers=headers, lang=find_language(request)
    )


def path_of(request: Request) -> str:
    """Path of a request as a URI reference, without what must not be repeated."""
    return quote(hide_tokens(request.url.path))


def _document(kind: ProblemKind, detail: str, instance: str | None) -> dict[str, Any]:
    content: dict[str, Any] = {
        "type": f"urn:norrsyn:problem:{kind.name}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
    }
    if instance is not None:
        content["instance"] = instance
    return content


def _describe(lang: str, failure: Mapping[str, Any]) -> dict[str, str]:
    where, *names = (str(part) for part in failure["loc"])
    text = str(failure["msg"]).removeprefix("Value error, ").rstrip(".")
    if failure["type"] == "json_invalid":
        # its place is a number of characters, not a parameter
        reason = str(failure.get("ctx", {}).get("error", "")).rstrip(".")
        return {"parameter": where, "where": where, "detail": f"is no JSON at character {''.join(names)} ({reason})"}
    if failure["type"] == "missing":
        text = "is missing; give it"
    else:
        sent = repr(jsonable_encoder(failure["input"], custom_encoder={bytes: repr}))
        sent = sent if len(sent) <= _MOST_REPEATED else f"{sent[:_MOST_REPEATED]}…"
        if failure["type"] in {"int_type", "int_parsing", "int_from_float"}:
            text = translate(lang, "is no whole number: {given}", given=sent)
        elif failure["type"] == "string_too_long":
            text = translate(
                lang, "is longer than {most} characters: {given}", most=failure["ctx"]["max_length"], given=sent
            )
        else:
            text = f"{text[0].lower()}{text[1:]}, got {sent}"
    return {"parameter": ".".join(names) or where, "where": where, "detail": text}
