"""What is measured on the validation images: accuracy, temperature, rejection threshold."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Validation:
    """What a trained network is worth on the images held out.

    Attributes:
        examples: how many they are.
        accuracy: the share of right answers, from 0 to 1.
        loss: mean cross-entropy in nats.
        temperature: what the logits are to be divided by so that the loss is least, on these
            images. Made outliers are no part of it: what is rejected in the world is something else.
        calibrated_loss: the loss on the images then.
        threshold: digits that are less probable than this are to be rejected; it costs 1 in 500
            of the images held out.
        ood_rejected: the share of the unseen outliers that this rejects; None for a network
            that has not learnt to reject.
    """

    examples: int
    accuracy: float
    loss: float
    temperature: float
    calibrated_loss: float
    threshold: float
    ood_rejected: float | None
