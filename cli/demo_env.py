"""Environment for a second terminal, so that `crmkpi verify`, `kpis get`, `send` etc. reach the running demo."""

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cli.flags import CONFIG

NAMES: Final = ("CRMKPI_TOPIC_PREFIX", "CRMKPI_APP_ID", CONFIG)
SECTIONS: Final = ("CRMKPI_KAFKA__", "CRMKPI_REDIS__")


def write_env(folder: Path, env: Mapping[str, str]) -> str:
    """Writes a shell file readable by its owner only. Returns the command that sources it."""
    wanted = {key: text for key, text in env.items() if key in NAMES or key.startswith(SECTIONS)}
    lines = [f"export {key}={shlex.quote(text)}\n" for key, text in sorted(wanted.items())]
    path = folder / "env"
    path.touch(mode=0o600)  # it may contain credentials
    path.write_text("".join([*lines, f'export PATH={shlex.quote(str(Path(sys.executable).parent))}:"$PATH"\n']))
    return f". {path}"
