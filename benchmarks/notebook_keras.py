"""The notebook "Deep Neural Network for MNIST Classification", unchanged and timed.

Only the data set is loaded from the files of tendigits instead of by TensorFlow Datasets. The rest
is that of the notebook: cast and scale in `map`, shuffle with a buffer of 10,000, validation images
taken from the shuffled data (so that they leak into training), batches of 100, Adam, 7 epochs of
`fit`. Prints one JSON object.
"""

import json
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf

from tendigits.data import LabelledImages, load_dataset

BUFFER_SIZE = 10_000
BATCH_SIZE = 100
EPOCHS = 7


def main() -> None:
    mnist = load_dataset("mnist")
    scaled_train = as_tensors(mnist.train).map(scale).shuffle(BUFFER_SIZE)
    held_out = tf.cast(0.1 * len(mnist.train), tf.int64)
    validation = scaled_train.take(held_out).batch(held_out)
    training = scaled_train.skip(held_out).batch(BATCH_SIZE)
    test = as_tensors(mnist.test).map(scale).batch(len(mnist.test))
    model = tf.keras.Sequential(
        [
            tf.keras.layers.Input((28, 28, 1)),
            tf.keras.layers.Flatten(),
            tf.keras.layers.Dense(350, activation="relu"),
            tf.keras.layers.Dense(350, activation="relu"),
            tf.keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    started = time.perf_counter()
    images, labels = next(iter(validation))
    history = model.fit(training, epochs=EPOCHS, validation_data=(images, labels), verbose=0)
    seconds = time.perf_counter() - started
    _, accuracy = model.evaluate(test, verbose=0)
    print(
        json.dumps(
            {
                "training_seconds": seconds,
                "test_accuracy": accuracy,
                "val_accuracy": history.history["val_accuracy"][-1],
            }
        )
    )


def as_tensors(part: LabelledImages) -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices((part.images[..., None], part.labels))


def scale(image: tf.Tensor, label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    return tf.cast(image, tf.float32) / 255.0, label


if __name__ == "__main__":
    main()
