"""Running a server until a signal stops it."""

import asyncio
import resource
import signal
import socket

import uvicorn

from tendigits.errors import ModelError, ServerError
from tendigits.server.app import create_app
from tendigits.server.http_protocol import limited_protocol
from tendigits.server.monitoring import log, set_up_logs
from tendigits.server.problems import Problem
from tendigits.server.served_model import load_served_model
from tendigits.server.service import Service
from tendigits.server.settings import ServerSettings

SECONDS_TO_FINISH = 30
CONNECTIONS_ON_MACOS = 10_240


def run_server(settings: ServerSettings) -> None:
    """Serve until SIGTERM or Ctrl-C, then finish the requests in progress.

    SIGHUP reloads the model file.

    Raises:
        ModelError: the model file is missing, damaged or not a model file, or its classes are not
            the ten digits.
        ServerError: the database's URL is invalid, or the address cannot be listened on.
    """
    served = load_served_model(settings.model)
    app = create_app(settings, served)
    service: Service = app.state.service
    listening = _listen(settings.host, settings.port)
    set_up_logs(settings.log_format)
    _raise_connection_limit()
    print(f"Model: {served.name}\nCorrections: {service.database.display_url}", flush=True)
    config = uvicorn.Config(
        app,
        http=limited_protocol(settings.header_timeout),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )
    _Server(config, service).run(sockets=[listening])


class _Server(uvicorn.Server):
    """Prints its address when it is ready, and reloads the model on SIGHUP."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service
        self._reloading: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve."""
        await super().startup(sockets)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._reload)
        for each in sockets or []:
            host, port = each.getsockname()[:2]
            host = f"[{host}]" if ":" in host else host
            print(f"Listening on http://{host}:{port}; stop with Ctrl-C", flush=True)

    def _reload(self) -> None:
        async def reload() -> None:
            try:
                await self._service.reload_model()
            except ModelError:
                pass  # it is in the log
            except Problem as problem:
                log.error("SIGHUP was ignored: %s", problem.detail)

        self._reloading = asyncio.create_task(reload())


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ServerError(
            f"Cannot listen on {host}:{port}: {reason}; choose another --host or --port."
        ) from error


def _raise_connection_limit() -> None:
    """Allow as many open connections as the system does; the default is often 1,024."""
    soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    elif soft < CONNECTIONS_ON_MACOS:  # its limit is called infinite, but must not be set to that
        resource.setrlimit(resource.RLIMIT_NOFILE, (CONNECTIONS_ON_MACOS, most))
