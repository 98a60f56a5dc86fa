"""The network and settings of the MNIST example of Keras, timed by epoch.

Source: https://keras.io/examples/vision/mnist_convnet/. It is trained on the same 54,000 images as
`tendigits train fast` and validated on the same 6,000. Prints one JSON object per epoch.
"""

import json
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
from keras import layers

from tendigits.data import load_dataset, stratified_split

EPOCHS = 15
BATCH_SIZE = 128
SEED = 0


class Clock(keras.callbacks.Callback):  # type: ignore[misc]
    """Sums up the seconds of the training steps, without the validation."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0
        self._started = 0.0

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:  # noqa: ARG002
        self._started = time.perf_counter()

    def on_test_begin(self, logs: object = None) -> None:  # noqa: ARG002
        self.seconds += time.perf_counter() - self._started

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:  # noqa: ARG002
        figures = {"seconds": self.seconds, "val_accuracy": logs["val_accuracy"]}
        print(json.dumps(figures), flush=True)


def main() -> None:
    keras.utils.set_random_seed(SEED)
    train = load_dataset("mnist").train
    split = stratified_split(train.labels, 0.1, SEED)
    images = train.images[..., None].astype("float32") / 255
    labels = keras.utils.to_categorical(train.labels, 10)
    model = keras.Sequential(
        [
            keras.Input(shape=(28, 28, 1)),
            layers.Conv2D(32, kernel_size=(3, 3), activation="relu"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Conv2D(64, kernel_size=(3, 3), activation="relu"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    model.fit(
        images[split.train],
        labels[split.train],
        batch_size=BATCH_SIZE,
        epochs=EPOCHS,
        validation_data=(images[split.validation], labels[split.validation]),
        callbacks=[Clock()],
        verbose=0,
    )


if __name__ == "__main__":
    main()
