"""One worker of the product's runtime around the counting engine: ``python -m tests.integration.counting_worker``.

Settings come from the environment as always; COUNTING_WORKER holds worker options to change, as JSON. With
COUNTING_WAITS it is loaded and waits for a line on stdin before it does anything.
"""

import asyncio
import json
import os
import sys
from dataclasses import replace

from models.settings import load_settings
from streams.bootstrap import options_from, work
from tests.integration.counting_engine import CountingEngine


def main() -> None:
    if os.environ.get("COUNTING_WAITS"):
        sys.stdin.readline()
    settings = load_settings()
    options = replace(options_from(settings), **json.loads(os.environ.get("COUNTING_WORKER", "{}")))
    asyncio.run(work(settings, options, CountingEngine, settings.redis.url))


if __name__ == "__main__":
    main()
