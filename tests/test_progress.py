import os
import pty
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from conftest import command
from tendigits.progress import Terminal, reporting

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


def test_lines_are_printed_unchanged(capsys: pytest.CaptureFixture[str]) -> None:
    text = "[bold]no mark-up[/] :smile: 1,234 'x' /a/path " + "long " * 100 + "\nanother"
    Terminal().say(text)
    assert capsys.readouterr().out == text + "\n"


def test_steps_are_not_shown_without_a_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    terminal = Terminal()
    for step in range(1, 4):
        terminal.step("Epoch 1/1", step, 3)
    assert capsys.readouterr() == ("", "")


def test_terminal_shows_a_progress_bar_that_lines_replace(
    small_mnist_folder: Path, tmp_path: Path
) -> None:
    code, shown = on_a_terminal(
        *("train", "--data", small_mnist_folder, "--out", tmp_path / "run"),
        *("--epochs", "2", "--threads", "1"),
    )
    assert code == 0
    assert re.search(r"Epoch 1/2 .*━.*18/18", shown)
    assert cursor_is_shown_at_the_end(shown)
    kept = lines_left_on_the_screen(shown)
    assert [line for line in kept if "━" in line] == []
    assert [line[:9] for line in kept if line.startswith("Epoch")] == ["Epoch 1/2", "Epoch 2/2"]
    assert kept[-1] == f"Model card: {tmp_path}/run/MODEL_CARD.md"


def test_ctrl_c_restores_the_terminal(small_mnist_folder: Path, tmp_path: Path) -> None:
    code, shown = on_a_terminal(
        *("train", "--data", small_mnist_folder, "--out", tmp_path / "run"),
        *("--epochs", "200", "--threads", "1"),
        stop_at="Epoch 3/200",
    )
    assert code == 130
    assert cursor_is_shown_at_the_end(shown)
    kept = lines_left_on_the_screen(shown)
    assert kept[-1].startswith("tendigits: Stopped")
    assert kept[-1].endswith(f"--resume {tmp_path}/run")
    assert [line for line in kept if "━" in line] == []


@pytest.mark.parametrize(("quiet", "printed"), [(True, ""), (False, "a line\n")])
def test_quiet_reporter_prints_nothing(
    quiet: bool, printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with reporting(quiet=quiet) as reporter:
        reporter.step("Epoch 1/7", 1, 540)
        reporter.say("a line")
    assert capsys.readouterr() == (printed, "")


def test_rich_is_not_imported_before_something_is_shown() -> None:
    script = "import sys, tendigits.progress; print([n for n in sys.modules if n == 'rich'])"
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"


def on_a_terminal(*words: str | Path, stop_at: str | None = None) -> tuple[int, str]:
    """Run `tendigits` on a pseudo-terminal; return its exit code and its output.

    Args:
        words: what to run.
        stop_at: press Ctrl-C once this is shown.
    """
    ours, its_own = pty.openpty()
    wide = {**os.environ, "TERM": "xterm", "COLUMNS": "200", "LINES": "50"}
    with subprocess.Popen(
        command(*words),
        stdin=its_own,
        stdout=its_own,
        stderr=its_own,
        env=wide,
        preexec_fn=_default_ctrl_c,  # noqa: PLW1509 - the tests start no threads
    ) as process:
        os.close(its_own)
        shown = b""
        with suppress(OSError):  # on Linux, the end of the output
            while chunk := os.read(ours, 1 << 16):
                shown += chunk
                if stop_at is not None and stop_at.encode() in shown:
                    process.send_signal(signal.SIGINT)
                    stop_at = None
        os.close(ours)
    return process.returncode, shown.decode()


def _default_ctrl_c() -> None:
    """Restore the default of SIGINT, which is ignored in processes started by `nohup`."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def cursor_is_shown_at_the_end(shown: str) -> bool:
    return shown.rfind(SHOW_CURSOR) > shown.rfind(HIDE_CURSOR)


def lines_left_on_the_screen(shown: str) -> list[str]:
    """Return the lines that remain after all cursor movements and erasures."""
    lines, row, column = [""], 0, 0
    for code, text in re.findall(r"(\x1b\[[?0-9;]*[A-Za-z]|\r|\n)|([^\x1b\r\n]+)", shown):
        if text:
            lines[row] = lines[row][:column].ljust(column) + text + lines[row][column + len(text) :]
            column += len(text)
        elif code == "\r":
            column = 0
        elif code == "\n":
            row += 1
            lines += [""] * (row == len(lines))
        elif code == "\x1b[1A":
            row -= 1
        elif code == "\x1b[2K":
            lines[row] = ""
    return [line for line in lines if line]
