import signal
import threading

import pytest

from tendigits.training.interrupt import deferred_interrupt


def test_the_first_ctrl_c_is_noted_and_raises_nothing() -> None:
    with deferred_interrupt() as interrupt:
        assert not interrupt.requested
        signal.raise_signal(signal.SIGINT)
        assert interrupt.requested


def test_the_second_ctrl_c_stops_at_once() -> None:
    with deferred_interrupt():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("presses", [0, 1])
def test_afterwards_ctrl_c_means_what_it_meant_before(presses: int) -> None:
    before = signal.getsignal(signal.SIGINT)
    with deferred_interrupt():
        for _ in range(presses):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_one_training_knows_nothing_of_another_ones_ctrl_c() -> None:
    with deferred_interrupt():
        signal.raise_signal(signal.SIGINT)
    with deferred_interrupt() as later:
        assert not later.requested


def test_other_threads_can_train_too() -> None:
    seen = []

    def work() -> None:
        with deferred_interrupt() as interrupt:
            seen.append(interrupt.requested)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [False]
