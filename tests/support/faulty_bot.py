"""A bot process that fails on demand, with the resident's words in the error message.

`python -m tests.support.faulty_bot` works like `serve`, but its analyzer fails on 「こわれる」, and `POST /broken`
raises errors with the request body.
"""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.bootstrap import build_server, build_worker, open_context
from bot.domain.understanding.analyzer import Analysis, Analyzer, Word
from bot.redacted_logging import redact_logs
from bot.settings import read_settings
from bot.web.serving import serve_site

BREAKS = "こわれる"


class FaultyAnalyzer:
    """Wraps an analyzer; raises on texts that contain `BREAKS`."""

    def __init__(self, wrapped: Analyzer) -> None:
        self._wrapped = wrapped
        self.name = wrapped.name

    def analyse(self, texts: Sequence[str]) -> list[Analysis]:
        """Raises an error that contains the text."""
        if any(BREAKS in text for text in texts):
            raise ValueError(texts)
        return self._wrapped.analyse(texts)

    def words(self, text: str) -> list[Word]:
        """Raises an error that contains the text."""
        if BREAKS in text:
            raise ValueError(text)
        return self._wrapped.words(text)

    def is_name(self, word: str) -> bool:
        return self._wrapped.is_name(word)


_tasks: set["asyncio.Task[None]"] = set()


async def broken(request: Request) -> Response:
    """Raise errors with the request body: in a task, in a thread, and in the request itself."""
    words = (await request.body()).decode()

    async def fail() -> None:
        raise ValueError(words)

    def fail_in_thread() -> None:
        raise LookupError(words)

    _tasks.add(asyncio.create_task(fail()))
    await asyncio.sleep(0.05)
    _tasks.clear()  # nobody awaits the task, so asyncio logs its error
    threading.Thread(target=fail_in_thread).start()
    raise RuntimeError(words)


def main() -> None:
    redact_logs()
    settings = read_settings()
    context = open_context(settings)
    content = context.content
    analyzer = FaultyAnalyzer(content.understander.analyzer)
    content.activate(replace(content.understander, analyzer=analyzer), content.revision)
    app = build_server(context, settings, build_worker(context, settings))
    app.router.routes.append(Route("/broken", broken, methods=["POST"]))
    serve_site(app, settings.host, settings.port)


if __name__ == "__main__":
    main()
