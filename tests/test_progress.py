import os
import pty
import re
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from conftest import command
from tendigits.progress import Terminal

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


def test_lines_are_printed_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    text = "[bold]no mark-up[/] :smile: 1,234 'x' /a/path " + "long " * 100 + "\nanother"
    Terminal().say(text)
    assert capsys.readouterr().out == text + "\n"


def test_steps_are_not_shown_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    terminal = Terminal()
    for step in range(1, 4):
        terminal.step("Epoch 1/1", step, 3)
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_a_bar_runs_and_gives_way_to_lines(
    small_mnist_folder: Path, tmp_path: Path
) -> None:
    code, shown = on_a_terminal(
        *("train", "--data", small_mnist_folder, "--out", tmp_path / "run"),
        *("--epochs", "2", "--threads", "1"),
    )
    assert code == 0
    assert re.search(r"Epoch 1/2 .*━.*18/18", shown)
    assert cursor_is_shown_at_the_end(shown)
    kept = as_left_on_the_screen(shown)
    assert [line for line in kept if "━" in line] == []
    assert [line[:9] for line in kept if line.startswith("Epoch")] == ["Epoch 1/2", "Epoch 2/2"]
    assert kept[-1] == f"Model card: {tmp_path}/run/MODEL_CARD.md"


def test_ctrl_c_leaves_the_terminal_as_it_was(small_mnist_folder: Path, tmp_path: Path) -> None:
    code, shown = on_a_terminal(
        *("train", "--data", small_mnist_folder, "--out", tmp_path / "run"),
        *("--epochs", "200", "--threads", "1"),
        stop_at="Epoch 3/200",
    )
    assert code == 130
    assert cursor_is_shown_at_the_end(shown)
    kept = as_left_on_the_screen(shown)
    assert kept[-1].startswith("tendigits: Stopped")
    assert kept[-1].endswith(f"--resume {tmp_path}/run")
    assert [line for line in kept if "━" in line] == []


def on_a_terminal(*words: str | Path, stop_at: str | None = None) -> tuple[int, str]:
    """Run `tendigits` on a pseudo-terminal; return its exit code and all that it shows.

    Args:
        words: what to run.
        stop_at: press Ctrl-C once this is shown.
    """
    ours, theirs = pty.openpty()
    wide = {**os.environ, "TERM": "xterm", "COLUMNS": "200", "LINES": "50"}
    with subprocess.Popen(
        command(*words), stdin=theirs, stdout=theirs, stderr=theirs, env=wide
    ) as process:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # Linux's way to say that nothing more comes
            while chunk := os.read(ours, 1 << 16):
                shown += chunk
                if stop_at is not None and stop_at.encode() in shown:
                    process.send_signal(signal.SIGINT)
                    stop_at = None
        os.close(ours)
    return process.returncode, shown.decode()


def cursor_is_shown_at_the_end(shown: str) -> bool:
    return shown.rfind(SHOW_CURSOR) > shown.rfind(HIDE_CURSOR)


def as_left_on_the_screen(shown: str) -> list[str]:
    """Return the lines that stay when cursor movements, colours and erasures have been obeyed."""
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
