"""The command that serves the map: serve."""

from __future__ import annotations

import gc
import os
import socket
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.options import HomeOption, read_settings
from api.cli.output import Command, note, print_words, working
from api.cli.users import make_address

if TYPE_CHECKING:
    from fastapi import FastAPI

    from api.settings import Settings

__all__ = ["COMMANDS"]

# A proxy on this machine takes TLS for whoever asks from elsewhere.
_HOST = "127.0.0.1"
_BACKLOG = 256
# how long answers that are under way may take when the server ends
_END_WITHIN_S = 10


def serve_map(
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            min=0,
            max=65535,
            help="Port; 0 for any free one. Default: NORRSYN_PORT, else 8000.",
            show_default=False,
        ),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Serve the map; see the command's help."""
    _use_one_blas_thread()
    settings = read_settings(home)
    if port is not None:
        settings = settings.model_copy(update={"port": port})
    listening = _listen(settings.port)
    try:
        from api.app import create_app  # noqa: PLC0415
        from api.settings import find_unknown_variables  # noqa: PLC0415

        for name in find_unknown_variables():
            note(f"{name} is set, but there is no such setting; see docs/settings.md.", style="yellow")
        app = create_app(settings)
        with working("Reading the data folder"):
            # here, so that a folder that cannot be read is told as an error of this command
            app.state.service.start()
            # what is read now stays: walking over it each time would hold up an answer for a fifth of a second
            gc.collect()
            gc.freeze()
        if app.state.service.snapshot().published is None:
            note("No surface is scored yet: run norrsyn score; the page will say so too.", style="yellow")
        token = app.state.accounts.make_first_link()
        _run(app, listening, settings, token)
    finally:
        listening.close()


def _use_one_blas_thread() -> None:
    """Keep the linear algebra library from starting threads of its own; it reads these when numpy is imported.

    Requests are answered by several threads already, and a tile's matrices are small: with two threads each on two busy
    cores, a tile took 45 ms instead of 1.8 ms.
    """
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def _listen(port: int) -> socket.socket:
    """A listening socket of this machine only.

    Raises
    ------
    ConfigError
        The port is taken, or may not be used.
    """
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it on, an answer on a connection that
    # is kept open waits 40 ms for the reader's acknowledgement of the one before
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # a port that was just given up can be taken again at once; one that is in use cannot
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((_HOST, port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        from geo.errors import ConfigError  # noqa: PLC0415

        message = (
            f"Port {port} cannot be used ({error.strerror}): another program may be serving there, perhaps Norrsyn "
            "itself; stop it, or choose another with --port."
        )
        raise ConfigError(message) from error
    return listening


def _run(app: FastAPI, listening: socket.socket, settings: Settings, token: str | None) -> None:
    import uvicorn  # noqa: PLC0415

    port = listening.getsockname()[1]
    url = f"http://{_HOST}:{port}"

    class Server(uvicorn.Server):
        """Says where it is once it answers."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            """Start, then print the address."""
            await super().startup(sockets)
            print_words(f"Norrsyn serves the map on {url}  (Ctrl-C stops)")
            if token is not None:
                print_words("Nobody can sign in yet. Open this link to choose a name and a password; it works once:")
                print_words(make_address(settings, token, port))

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            """Let the streams of imports and those who wait for a drawing end first."""
            app.state.service.stop()
            await super().shutdown(sockets)

    options: dict[str, Any] = {
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "timeout_graceful_shutdown": _END_WITHIN_S,
    }
    try:
        Server(uvicorn.Config(app, **options)).run(sockets=[listening])
    except KeyboardInterrupt:
        note("Stopped.")


COMMANDS = (
    Command(
        "serve",
        serve_map,
        "Serve the map on this machine.",
        "Serve the map and the API on this machine, and print the address to open. Whoever is to see anything signs "
        "in; as long as there is nobody who can, a link is printed by which the first user chooses a name and a "
        "password.\n\n"
        "New layers and newly published surfaces are noticed while it runs.",
        ("norrsyn serve", "norrsyn serve --port 8080 --home ./another-folder"),
    ),
)
