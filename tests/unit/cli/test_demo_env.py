"""What a second terminal is given to ask a running demo."""

import os
import subprocess
from pathlib import Path

from cli.demo_env import write_env
from cli.workers import worker_environment
from models.settings import RedisSettings, Settings


def test_a_shell_that_reads_it_asks_the_demo(tmp_path: Path) -> None:
    """Its servers, its topics and its tenants' settings, whatever was set there before; nobody else may read it."""
    redis = RedisSettings(url="redis://127.0.0.1:7/0", username="we", password="it's $secret")
    place = Settings(redis=redis, topic_prefix="demo-1.", app_id="demo-1")
    command = write_env(tmp_path, worker_environment(place, tmp_path / "crmkpi.toml"))
    names = ("REDIS__URL", "REDIS__PASSWORD", "TOPIC_PREFIX", "APP_ID", "CONFIG")
    asked = f"echo {' '.join(f'$CRMKPI_{name}' for name in names)}; command -v crmkpi"
    env = {"PATH": os.environ["PATH"], "CRMKPI_REDIS__URL": "redis://elsewhere:1/0"}
    found = subprocess.run(["sh", "-c", f"{command} && {asked}"], capture_output=True, text=True, check=True, env=env)
    shown, program = found.stdout.splitlines()
    assert shown == f"redis://127.0.0.1:7/0 it's $secret demo-1. demo-1 {tmp_path}/crmkpi.toml"
    assert program.endswith("/crmkpi")
    assert (tmp_path / "env").stat().st_mode & 0o077 == 0
