import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from tendigits.classifiers.model_file import open_session
from tendigits.classifiers.other_onnx import SCALES, find_input_form, onnx_logits
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
    """Return an ONNX file that names the class whose mean image is nearest, in someone's form."""
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
        "someone's",
        [helper.make_tensor_value_info("x", kind, [batch, *shape])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [batch, outputs])],
        [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(bias, "b")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())


def accuracy(mnist: Dataset, data: bytes) -> tuple[float, tuple[str, ...], NDArray[np.float32]]:
    session = open_session(data, "someones.onnx")
    form = find_input_form(session, mnist.train, "someones.onnx")
    logits = onnx_logits(session, form)(mnist.test.images[:1500])
    right = (logits.argmax(axis=1) == mnist.test.labels[:1500]).mean()
    return float(right), form.assumptions, logits


@pytest.mark.parametrize("shape", [(784,), (1, 28, 28), (28, 28, 1), (28, 28)], ids=str)
def test_every_layout_is_understood(mnist: Dataset, shape: tuple[int, ...]) -> None:
    right, assumptions, _ = accuracy(mnist, nearest_mean(mnist, shape))
    assert right > 0.75
    assert str(shape)[1:-1].strip(",") in assumptions[0]


@pytest.mark.parametrize("scale", SCALES)
def test_every_way_to_scale_is_found(mnist: Dataset, scale: str) -> None:
    right, assumptions, _ = accuracy(mnist, nearest_mean(mnist, scale=SCALES[scale]))
    assert right > 0.75
    assert scale in assumptions[0]


@pytest.mark.parametrize("kind", [TensorProto.UINT8, TensorProto.FLOAT16, TensorProto.DOUBLE])
def test_other_types_of_pixels_are_given(mnist: Dataset, kind: int) -> None:
    scale = (255.0, 0.0)
    assert accuracy(mnist, nearest_mean(mnist, scale=scale, kind=kind))[0] > 0.75


def test_a_fixed_batch_is_filled_up(mnist: Dataset) -> None:
    fixed, free = nearest_mean(mnist, batch=64), nearest_mean(mnist)
    np.testing.assert_allclose(accuracy(mnist, fixed)[2], accuracy(mnist, free)[2], atol=1e-3)


def test_probabilities_are_told_from_logits(mnist: Dataset) -> None:
    _, said, logits = accuracy(mnist, nearest_mean(mnist, softmax=True))
    assert "probabilities" in said[1]
    np.testing.assert_allclose(np.exp(logits).sum(axis=1), 1, atol=1e-3)
    assert "logits" in accuracy(mnist, nearest_mean(mnist))[1][1]


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({"shape": (32, 32)}, ["32", "28, 28"]),
        ({"shape": (3, 28, 28)}, ["3", "(n, 784)"]),
        ({"outputs": 9}, ["scores", "ten"]),
        ({"scale": (-5.0, 7.0)}, ["training digits", "0 to 9"]),
    ],
    ids=["too large", "coloured", "nine classes", "upside down"],
)
def test_what_is_no_classifier_of_digits_is_rejected_in_one_line(
    mnist: Dataset, data: dict[str, object], named: list[str]
) -> None:
    session = open_session(nearest_mean(mnist, **data), "someones.onnx")  # type: ignore[arg-type]
    with pytest.raises(ModelError, match=r"^someones\.onnx") as rejection:
        find_input_form(session, mnist.train, "someones.onnx")
    assert "\n" not in str(rejection.value)
    assert [name for name in named if name not in str(rejection.value)] == []
