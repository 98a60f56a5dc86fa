import pytest

from tendigits.progress import Terminal
from tendigits.training import Reporter, Silent

REPORTERS: list[tuple[Reporter, str]] = [(Silent(), ""), (Terminal(), "a line\n")]


@pytest.mark.parametrize(("reporter", "printed"), REPORTERS)
def test_only_what_stays_is_printed_and_by_the_terminal_alone(
    reporter: Reporter, printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    reporter.step("Epoch 1/7", 1, 540)
    reporter.say("a line")
    assert capsys.readouterr() == (printed, "")
