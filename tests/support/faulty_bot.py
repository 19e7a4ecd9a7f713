"""A bot in a process of its own that breaks where a test wants it to, with the resident's words in the error.

`python -m tests.support.faulty_bot`: as `serve`; its analyzer fails on 「こわれる」, and one page raises what it gets.
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
    """Another analyzer that cannot read everything."""

    def __init__(self, whole: Analyzer) -> None:
        self._whole = whole
        self.name = whole.name

    def analyse(self, texts: Sequence[str]) -> list[Analysis]:
        """Features, or an error that repeats the text."""
        if any(BREAKS in text for text in texts):
            raise ValueError(texts)
        return self._whole.analyse(texts)

    def words(self, text: str) -> list[Word]:
        """Words, or an error that repeats the text."""
        if BREAKS in text:
            raise ValueError(text)
        return self._whole.words(text)

    def is_name(self, word: str) -> bool:
        """As the other one."""
        return self._whole.is_name(word)


_kept: set["asyncio.Task[None]"] = set()


async def broken(request: Request) -> Response:
    """Raises what it was sent: in a task, in a thread, and in the request itself."""
    words = (await request.body()).decode()

    async def fail() -> None:
        raise ValueError(words)

    def fail_beside() -> None:
        raise LookupError(words)

    _kept.add(asyncio.create_task(fail()))
    await asyncio.sleep(0.05)
    _kept.clear()  # nobody asks for its outcome: asyncio tells of it
    threading.Thread(target=fail_beside).start()
    raise RuntimeError(words)


def main() -> None:
    """Serve."""
    redact_logs()
    settings = read_settings()
    context = open_context(settings)
    shelf = context.content
    analyzer = FaultyAnalyzer(shelf.understander.analyzer)
    shelf.put(replace(shelf.understander, analyzer=analyzer), shelf.revision)
    app = build_server(context, settings, build_worker(context, settings))
    app.router.routes.append(Route("/broken", broken, methods=["POST"]))
    serve_site(app, settings.host, settings.port)


if __name__ == "__main__":
    main()
