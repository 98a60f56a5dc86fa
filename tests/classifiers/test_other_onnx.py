import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from tendigits.classifiers.model_file import open_session, pretrained_models
from tendigits.classifiers.other_onnx import SCALES, count_weights, find_input_form, onnx_logits
from tendigits.data import Dataset
from tendigits.errors import ModelError


def nearest_mean(
    mnist: Dataset,
    shape: tuple[int, ...] = (784,),
    scale: tuple[float, float] = (1.0, 0.0),
    batch: int | str = "n",
    softmax: bool = False,
    outputs: int = 10,
    kind: int = TensorProto.FLOAT,
) -> bytes:
    """Return an ONNX file that predicts the class with the nearest mean image.

    Args:
        mnist: the means are those of its training images.
        shape: of one image.
        scale: factor and offset of the grey levels that it expects.
        batch: the batch size; a name for any.
        softmax: whether it returns probabilities instead of logits.
        outputs: the number of classes.
        kind: the type of the input.
    """
    train = mnist.train
    means = np.stack(
        [train.images[:5000][train.labels[:5000] == d].mean(axis=0) / 255 for d in range(10)]
    ).reshape(10, 784)[:outputs]
    times, plus = scale
    # |x - m|^2 without |x|^2, for x = (input - plus) / times
    weights = np.resize((20 * means / times).T, (int(np.prod(shape)), outputs)).astype(np.float32)
    bias = (-10 * (means**2).sum(axis=1) - 20 * plus / times * means.sum(axis=1)).astype(np.float32)
    nodes = [
        helper.make_node("Cast", ["x"], ["cast"], to=TensorProto.FLOAT),
        helper.make_node("Flatten", ["cast"], ["flat"], axis=1),
        helper.make_node("Gemm", ["flat", "w", "b"], ["scores" if not softmax else "logits"]),
    ]
    if softmax:
        nodes.append(helper.make_node("Softmax", ["logits"], ["scores"], axis=1))
    graph = helper.make_graph(
        nodes,
        "nearest mean",
        [helper.make_tensor_value_info("x", kind, [batch, *shape])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [batch, outputs])],
        [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(bias, "b")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())


def accuracy(mnist: Dataset, data: bytes) -> tuple[float, tuple[str, ...], NDArray[np.float32]]:
    """Return accuracy, assumptions and logits for 1,500 test images."""
    session = open_session(data, "other.onnx")
    form = find_input_form(session, mnist.train, "other.onnx")
    logits = onnx_logits(session, form)(mnist.test.images[:1500])
    correct = (logits.argmax(axis=1) == mnist.test.labels[:1500]).mean()
    return float(correct), form.assumptions, logits


@pytest.mark.parametrize("shape", [(784,), (1, 28, 28), (28, 28, 1), (28, 28)], ids=str)
def test_every_input_shape_is_supported(mnist: Dataset, shape: tuple[int, ...]) -> None:
    correct, assumptions, _ = accuracy(mnist, nearest_mean(mnist, shape))
    assert correct > 0.75
    assert str(shape)[1:-1].strip(",") in assumptions[0]


@pytest.mark.parametrize("scale", SCALES)
def test_scaling_is_found(mnist: Dataset, scale: str) -> None:
    correct, assumptions, _ = accuracy(mnist, nearest_mean(mnist, scale=SCALES[scale]))
    assert correct > 0.75
    assert scale in assumptions[0]


@pytest.mark.parametrize("kind", [TensorProto.UINT8, TensorProto.FLOAT16, TensorProto.DOUBLE])
def test_every_input_type_is_supported(mnist: Dataset, kind: int) -> None:
    correct, assumptions, _ = accuracy(mnist, nearest_mean(mnist, scale=(255.0, 0.0), kind=kind))
    assert correct > 0.75
    tried = 1 if kind == TensorProto.UINT8 else len(SCALES)
    assert assumptions[0].endswith(f"scalings tried: {tried}).")


def test_fixed_batch_size_gives_the_same_logits(mnist: Dataset) -> None:
    fixed, free = nearest_mean(mnist, batch=64), nearest_mean(mnist)
    np.testing.assert_allclose(accuracy(mnist, fixed)[2], accuracy(mnist, free)[2], atol=1e-3)


def test_probabilities_become_logits(mnist: Dataset) -> None:
    _, assumptions, logits = accuracy(mnist, nearest_mean(mnist, softmax=True))
    assert "taken as probabilities" in assumptions[1]
    np.testing.assert_allclose(np.exp(logits).sum(axis=1), 1, atol=1e-3)
    assert "taken as logits" in accuracy(mnist, nearest_mean(mnist))[1][1]


@pytest.mark.parametrize("batch", ["n", 64])
def test_empty_input_gives_empty_logits(mnist: Dataset, batch: int | str) -> None:
    session = open_session(nearest_mean(mnist, batch=batch), "other.onnx")
    form = find_input_form(session, mnist.train, "other.onnx")
    logits = onnx_logits(session, form)(np.empty((0, 28, 28), np.uint8))
    assert logits.shape == (0, 10)
    assert logits.dtype == np.float32


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({"shape": (32, 32)}, ["32", "28, 28"]),
        ({"shape": (3, 28, 28)}, ["3", "(n, 784)"]),
        ({"outputs": 9}, ["scores", "ten"]),
        ({"scale": (-5.0, 7.0)}, ["training images", "0 to 9"]),
    ],
    ids=["too large", "colour", "nine classes", "unknown scaling"],
)
def test_other_networks_are_rejected_in_one_line(
    mnist: Dataset, data: dict[str, object], named: list[str]
) -> None:
    session = open_session(nearest_mean(mnist, **data), "other.onnx")  # type: ignore[arg-type]
    with pytest.raises(ModelError, match=r"^other\.onnx") as rejection:
        find_input_form(session, mnist.train, "other.onnx")
    assert "\n" not in str(rejection.value)
    assert [name for name in named if name not in str(rejection.value)] == []


@pytest.mark.parametrize("rows", [1, -1], ids=["fixed in a reshape", "two images in a row"])
def test_networks_that_cannot_take_several_images_are_rejected(mnist: Dataset, rows: int) -> None:
    columns = 784 if rows == 1 else 1568
    nodes = [
        helper.make_node("Reshape", ["x", "shape"], ["rows"]),
        helper.make_node("Gemm", ["rows", "w"], ["scores"]),
    ]
    graph = helper.make_graph(
        nodes,
        "reshaped",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 784])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 10])],
        [
            numpy_helper.from_array(np.array([rows, columns]), "shape"),
            numpy_helper.from_array(np.ones((columns, 10), np.float32), "w"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    session = open_session(model.SerializeToString(), "other.onnx")
    with pytest.raises(ModelError, match="cannot be run on 1,000 images; export it again"):
        find_input_form(session, mnist.train, "other.onnx")


def test_floating_point_weights_are_counted() -> None:
    assert count_weights(onnx.load(pretrained_models()["mlp"])) == 401_110
