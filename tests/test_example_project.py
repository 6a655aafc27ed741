"""The example project does what it promises, as separate processes and over real HTTP."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from django_connected_accounts.registry import BUILT_IN

MANAGE = Path(__file__).parents[1] / "example_project" / "manage.py"


@contextmanager
def _demo(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run the demo in a process group of its own, of which nothing survives the test."""
    process = subprocess.Popen(
        [sys.executable, str(MANAGE), "demo", *arguments],
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=30)
        assert not _group_lives(process.pid), "the demo left something running"


def _environment() -> dict[str, str]:
    ours = ("DJANGO_SETTINGS_MODULE", "PYTEST_", "CONNECTED_ACCOUNTS_")
    return {**{k: v for k, v in os.environ.items() if not k.startswith(ours)}, "PYTHONUNBUFFERED": "1"}


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _address(process: subprocess.Popen[str]) -> str:
    """Return the printed address once the demo says that it is open, and what it said before."""
    assert process.stdout
    for line in process.stdout:
        if found := re.search(r"Open +(http://\S+)", line):
            return found[1]
    pytest.fail("the demo ended before it was open")


def _pid(group: int, argument: str) -> int:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (process / "cmdline").read_text().split("\0")
            if argument in arguments and os.getpgid(int(process.name)) == group:
                return int(process.name)
        except OSError:
            continue
    pytest.skip("processes can't be looked at on this system")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["ctrl_c", "sigterm"])
def test_the_demo_welcomes_its_visitor_and_leaves_nothing_running(how: signal.Signals) -> None:
    with _demo("--port", "0", "--sandbox-port", "0") as process:
        address = _address(process)
        assert requests.get(address, timeout=20).status_code == 200
        page = requests.get(f"{address}connected-accounts/", timeout=20)
        assert page.status_code == 200
        assert requests.get(f"{address}favicon.ico", timeout=20).status_code == 204
        assert page.url == f"{address}connected-accounts/", "the visitor should not have to log in"
        if how == signal.SIGINT:
            os.killpg(process.pid, how)  # a terminal sends it to the whole group
        else:
            process.send_signal(how)
        output, _ = process.communicate(timeout=30)
        assert process.returncode == 0, output
        assert "Traceback" not in output


def test_a_port_in_use_is_said_and_another_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with _demo("--port", str(port), "--sandbox-port", "0") as process:
            assert process.stdout
            assert process.stdout.readline().startswith(f"Port {port} is in use; the website takes ")
            assert f":{port}/" not in _address(process)


def test_when_one_process_of_the_demo_dies_all_end_and_its_exit_is_shown() -> None:
    with _demo("--port", "0", "--sandbox-port", "0") as process:
        _address(process)
        os.kill(_pid(process.pid, "connected_accounts_worker"), signal.SIGKILL)
        output, _ = process.communicate(timeout=30)
        assert process.returncode != 0
        assert "The worker ended" in output


def test_the_tour_ends_with_exactly_its_posts_in_public_on_every_platform() -> None:
    started = time.monotonic()
    run = subprocess.run(
        [sys.executable, str(MANAGE), "tour", "--platform", "all"],
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-4000:]
    toured = re.findall(r"^\S.* \((\w+)\)$", run.stdout, re.M)
    assert set(toured) == {*BUILT_IN, "corkle"}
    for section in re.split(r"^\S.* \(\w+\)$", run.stdout, flags=re.M)[1:]:
        published, shown = section.count(" published as "), re.findall(r"^  http://\S+$", section, re.M)
        assert published == len(shown) >= 2, section
    assert time.monotonic() - started < 60
