"""convstep.Network: made of layers or read from files, called, saved, copied, and refused."""

import copy
import pathlib
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np
import onnx
import pytest
from models import light_network
from onnx import TensorProto, helper, numpy_helper
from pictures import photographs
from PIL import Image

import convstep
from convstep import Network, layers

SMALL = [
    layers.Conv(8, 3, padding="same", activation="relu"),
    layers.MaxPool(2),
    layers.Conv(12, (3, 1), stride=(1, 2), padding=((1, 1), (0, 0)), groups=4, bias=False),
    layers.Activate("leaky_relu", slope=0.2),
    layers.AvgPool(3, stride=1, padding=1, count_include_pad=True),
    layers.Flatten(),
    layers.Linear(16, activation="tanh"),
    layers.Linear(5),
    layers.Softmax(),
]


def small(dtype: str = "float32", seed: int = 1) -> Network:
    return Network(SMALL, (12, 10, 3), dtype=dtype, seed=seed)


def images(n: int = 4, dtype: str = "float32") -> np.ndarray:
    return np.random.default_rng(1).normal(size=(n, 12, 10, 3)).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_it_computes_what_the_functions_compute(dtype):
    network, x = small(dtype), images(dtype=dtype)
    w = network.weights
    y = convstep.conv2d(x, w["conv1.weights"], w["conv1.bias"], padding="same", activation="relu")
    y = convstep.max_pool2d(y, 2)
    y = convstep.conv2d(y, w["conv2.weights"], stride=(1, 2), padding=((1, 1), (0, 0)), groups=4, activation="leaky_relu",
                        slope=0.2)
    y = convstep.avg_pool2d(y, 3, stride=1, padding=1, count_include_pad=True)
    y = convstep.linear(y.reshape(len(y), -1), w["linear1.weights"], w["linear1.bias"], activation="tanh")
    y = convstep.linear(y, w["linear2.weights"], w["linear2.bias"]).astype(np.float64)
    y = np.exp(y - y.max(axis=1, keepdims=True))
    given = network(x)
    assert given.dtype == dtype
    np.testing.assert_allclose(given, y / y.sum(axis=1, keepdims=True), rtol=1e-5 if dtype == "float32" else 1e-13)


def test_bits_depend_on_nothing_else():
    network, x = small(), images(8)
    expected = network(x)
    for other in (network(x, threads=1), network(x, threads=3), network(x.astype(np.float64)), network(x.tolist()),
                  np.concatenate([network(x[k : k + 1]) for k in range(8)]), network(x[:, ::-1][:, ::-1]),
                  network({"input": x}), network(x, memory=network.memory_bytes(x) - 1)):
        assert other.tobytes() == expected.tobytes()
    assert network(x.transpose(0, 3, 1, 2), layout="NCHW").tobytes() == expected.tobytes()


def test_weights_begin_with_the_seed():
    assert small(seed=1)(images()).tobytes() == small(seed=1)(images()).tobytes()
    assert small(seed=1)(images()).tobytes() != small(seed=2)(images()).tobytes()


def test_output_goes_where_it_is_told():
    network, x = small(), images()
    out = np.empty((4, 5), np.float32)
    assert network(x, out=out) is out
    assert out.tobytes() == network(x).tobytes()
    backbone = Network(SMALL[:2], (12, 10, 3))
    channels_first = np.empty((4, 8, 6, 5), np.float32)
    assert backbone(x.transpose(0, 3, 1, 2), out=channels_first, layout="NCHW") is channels_first
    np.testing.assert_array_equal(channels_first.transpose(0, 2, 3, 1), backbone(x))


def test_files_and_copies_keep_every_bit(tmp_path: pathlib.Path):
    network, x = small(), images()
    network.save(tmp_path / "network.npz")
    for other in (Network.load(tmp_path / "network.npz"), pickle.loads(pickle.dumps(network)), copy.copy(network),
                  copy.deepcopy(network), network.astype("float64").astype("float32")):
        assert other(x).tobytes() == network(x).tobytes()
    assert repr(pickle.loads(pickle.dumps(network))) == repr(network)
    with np.load(tmp_path / "network.npz") as arrays:
        np.testing.assert_array_equal(arrays["conv1.weights"], network.weights["conv1.weights"])
    saved = Network.load(tmp_path / "network.npz")
    assert repr(saved) == repr(network) and saved.describe() == network.describe()
    double = Network.load(tmp_path / "network.npz", dtype="float64")
    np.testing.assert_allclose(double(x), network(x), rtol=1e-4)
    assert double(x).dtype == np.float64


def test_it_says_what_it_is():
    network = small()
    assert repr(network).startswith("Network(input (N, 12, 10, 3), float32, ")
    assert network.inputs == {"input": (None, None, None, 3)} and network.outputs == ["output"]
    assert network.parameters == sum(array.size for array in network.weights.values())
    assert "(1, 12, 10, 8)" in network.describe() and "(7, 12, 10, 8)" in network.describe((7, 12, 10, 3))
    assert " ms " in network.profile(images(2), runs=1, threads=1)
    assert "fuse" in network.describe_passes()
    assert network.memory_bytes((1, 12, 10, 3)) < network.memory_bytes((8, 12, 10, 3))


def model_of(nodes, inputs, outputs, constants=()):
    graph = helper.make_graph(nodes, "graph", inputs, outputs, [numpy_helper.from_array(a, n) for n, a in constants])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def value(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def loaded() -> Network:
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "model.onnx")
        onnx.save(model_of([helper.make_node("Relu", ["x"], ["y"])], [value("x", [1, 3, 12, 10])], [value("y", None)]), file)
        return Network.load(file)


def run_model(tmp_path: pathlib.Path, nodes, inputs, output, *arrays):
    onnx.save(model_of(nodes, inputs, [output]), tmp_path / "model.onnx")
    return Network.load(tmp_path / "model.onnx")(*arrays, layout="NCHW")


@pytest.mark.parametrize("shape", [(3, 0), (0, 3), (3, 0, 2), (2, 0, 4, 5), (2, 3, 0, 5)])
def test_outputs_may_be_empty(tmp_path: pathlib.Path, shape):
    y = run_model(tmp_path, [helper.make_node("Neg", ["x"], ["y"])], [value("x", shape)], value("y", None),
                  np.zeros(shape, np.float32))
    assert y.shape == shape


def test_truth_values_are_taken(tmp_path: pathlib.Path):
    inputs = [value("c", [3], TensorProto.BOOL), value("x", [3])]
    y = run_model(tmp_path, [helper.make_node("Where", ["c", "x", "c2"], ["y"]), helper.make_node("Neg", ["x"], ["c2"])],
                  inputs, value("y", None), np.array([True, False, True]), np.ones(3, np.float32))
    assert y.tolist() == [1, -1, 1]


def test_a_model_without_inputs(tmp_path: pathlib.Path):
    onnx.save(model_of([helper.make_node("Identity", ["x"], ["y"])], [], [value("y", [3])],
                       [("x", np.arange(3, dtype=np.float32))]), tmp_path / "model.onnx")
    assert Network.load(tmp_path / "model.onnx")().tolist() == [0, 1, 2]


def test_constants_as_large_as_memory_are_computed_by_runs_alone(tmp_path: pathlib.Path):
    nodes = [helper.make_node("ConstantOfShape", ["shape"], ["ones"]), helper.make_node("ReduceMean", ["ones"], ["mean"]),
             helper.make_node("Add", ["x", "mean"], ["y"])]
    for length, held in ((1000, 0), (3 * 10**6, 12 * 10**6)):
        constants = [("shape", np.array([length]))]
        onnx.save(model_of(nodes, [value("x", [1])], [value("y", None)], constants), tmp_path / "model.onnx")
        network = Network.load(tmp_path / "model.onnx")
        assert held <= network.memory_bytes() <= held + 256
        assert network(np.ones(1, np.float32)).tolist() == [1]


def test_models_of_several_inputs_and_outputs(tmp_path: pathlib.Path):
    nodes = [helper.make_node("Add", ["a", "b"], ["sum"]), helper.make_node("ArgMax", ["sum"], ["where"], axis=1),
             helper.make_node("Gather", ["table", "k"], ["row"])]
    model = model_of(nodes, [value("a", ["n", 3]), value("b", ["n", 3]), value("k", ["m"], TensorProto.INT64)],
                     [value("sum", None), value("where", None, TensorProto.INT64), value("row", None)],
                     [("table", np.arange(8, dtype=np.float32).reshape(4, 2))])
    onnx.save(model, tmp_path / "model.onnx")
    network = Network.load(tmp_path / "model.onnx")
    a, b = np.float32([[1, 5, 2]]), np.float32([[1, 1, 9]])
    total, where, row = network(a, b, [3, 0])
    assert total.tolist() == [[2, 6, 11]] and where.tolist() == [[2]] and row.tolist() == [[6, 7], [0, 1]]
    assert where.dtype == np.int64
    assert network({"k": [1], "b": b, "a": a})[2].tolist() == [[2, 3]]
    with pytest.raises(ValueError, match="^inputs: got a, b, expected a, b, k$"):
        network({"a": a, "b": b})
    with pytest.raises(ValueError, match="^inputs: got 1, expected 3: a, b, k$"):
        network(a)
    with pytest.raises(TypeError, match="^k: got an array of float64, expected integers"):
        network(a, b, [0.5])
    with pytest.raises(ValueError, match="^out: got 1 arrays, expected 3$"):
        network(a, b, [0], out=(None,))
    out = np.empty((1, 3), np.float32)
    assert network(a, b, [0], out=(out, None, None))[0] is out


@pytest.mark.parametrize("make, error, message", [
    (lambda: Network([], (8, 8)), ValueError, "input_shape: got (8, 8), expected (H, W, C), without the number of images"),
    (lambda: Network([layers.Flatten], (8, 8, 1)), TypeError, "(write layers.Flatten())"),
    (lambda: Network(["conv"], (8, 8, 1)), TypeError, "layers: got 'conv', expected layers of convstep.layers"),
    (lambda: Network([], 8), TypeError, "input_shape: got 8, expected a tuple of integers"),
    (lambda: Network([layers.Conv(0, 3)], (8, 8, 1)), ValueError, "filters: got 0, expected 1 or more"),
    (lambda: Network([layers.Conv(8, 3, groups=3)], (8, 8, 4)), ValueError, "groups: got 3, expected a number that divides"),
    (lambda: Network([layers.Conv(8, 3, activation="rleu")], (8, 8, 4)), ValueError, "activation: got 'rleu'"),
    (lambda: Network([layers.Conv(8, 3, initializer="zeros")], (8, 8, 4)), ValueError, "initializer: got 'zeros'"),
    (lambda: Network([layers.Conv(8, 9)], (8, 8, 4)), ValueError, "kernel"),
    (lambda: Network([layers.MaxPool(0)], (8, 8, 4)), ValueError, "kernel_size: got (0, 0), expected 1 or more"),
    (lambda: Network([layers.Conv(8, 3, stride=0)], (8, 8, 4)), ValueError, "stride: got (0, 0), expected 1 or more"),
    (lambda: Network([layers.Conv(8, 3, padding=-1)], (8, 8, 4)), ValueError, "padding: got (-1, -1), expected 0 or more"),
    (lambda: Network([layers.Linear(4)], (8, 8, 4)), ValueError, "axes (images become rows by Flatten"),
    (lambda: Network(layers.Conv(8, 3), (8, 8, 4)), TypeError, "layers: got Conv("),
    (lambda: layers.Conv(8, 3, pad=1), TypeError, "Conv() has no argument 'pad'; did you mean 'padding'?"),
    (lambda: layers.Conv(out_channels=8, kernel_size=3), TypeError, "did you mean 'filters'?"),
    (lambda: layers.Dense(4), AttributeError, "did you mean 'Linear'?"),
    (lambda: layers.Conv2D(8, 3), AttributeError, "did you mean 'Conv'?"),
    (lambda: layers.ReLU(), AttributeError, 'write layers.Activate("relu")'),
    (lambda: small()(np.zeros((1, 3, 12, 10))), ValueError, "got (1, 3, 12, 10), expected (any, any, any, 3) (it looks like NCHW)"),
    (lambda: small()(np.zeros((1, 12, 10, 3)), layout="NCHW"), ValueError,
     "got (1, 12, 10, 3), expected (any, 3, any, any) (it looks like NHWC)"),
    (lambda: loaded()(np.zeros((1, 3, 12, 10))), ValueError, "x: got (1, 3, 12, 10), expected (1, 12, 10, 3) (it looks like NCHW)"),
    (lambda: loaded()(np.zeros((2, 3, 12, 10)), layout="NCHW"), ValueError, "x: got (2, 3, 12, 10), expected (1, 3, 12, 10)"),
    (lambda: loaded()(np.zeros((2, 12, 10, 3))), ValueError, "expected (1, 12, 10, 3) (the file fixes N: give it 1 at a time"),
    (lambda: Network.load(b"model"), TypeError, "path: got bytes, expected the path of a file"),
    (lambda: Network.load(None), TypeError, "path: got NoneType, expected the path of a file"),
    (lambda: loaded().describe((1, 3, 12, 10)), ValueError, "x: got (1, 3, 12, 10), expected (1, 12, 10, 3)"),
    (lambda: Network([layers.Linear(3)], (64, 3)), ValueError, "or (K,) for rows of K numbers"),
    (lambda: Network([layers.Linear(3)], (4,))(images()), ValueError, "input: got (4, 12, 10, 3), expected "),
    (lambda: Network([layers.Linear(1)], (4,)).predict(np.zeros((3, 4))), ValueError, "got a network with an output (3, 1)"),
    (lambda: layers.Activation("relu"), AttributeError, "did you mean 'Activate'?"),
    (lambda: small().weights.popitem()[1].fill(0), ValueError, "read-only"),
    (lambda: Network([], (8, 8, 1), dtype="float16"), ValueError, "dtype: got 'float16', expected 'float32' or 'float64'"),
    (lambda: Network([], (8, 8, 1), seed=-1), ValueError, "seed: got -1, expected 0 or more"),
    (lambda: Network([], (8, 8, 1), input=3), TypeError, "Network() has no argument 'input'"),
    (lambda: small()(images()[0]), ValueError, "(for one image: input[None])"),
    (lambda: small()(np.zeros((1, 12, 10, 4))), ValueError, "input: got "),
    (lambda: small()(np.zeros((1, 16, 10, 3))), ValueError,
     "input: got images of 16 x 10, and the network was made for 12 x 10: "),
    (lambda: small()("image"), TypeError, "input: got 'image', expected an array of numbers"),
    (lambda: small()(images(), layout="CHWN"), ValueError, "layout: got 'CHWN', expected 'NHWC' or 'NCHW'"),
    (lambda: small()(images(), out=np.empty((4, 5))), ValueError, "expected a writable, aligned array of float32"),
    (lambda: small()(images(), out=np.empty((5, 5), np.float32)), ValueError, "(5, 5)"),
    (lambda: small()(images(), threads=0), ValueError, "threads: got 0"),
    (lambda: small()(images(), memory=0), ValueError, "memory: got 0, expected 1 byte or more"),
    (lambda: small()(images(), memory=10), ValueError, "memory: got 10 bytes, expected "),
    (lambda: small().save("network.onnx"), ValueError, "expected a name that ends with .npz"),
    (lambda: small().astype("int8"), ValueError, "dtype: got 'int8'"),
    (lambda: small().profile(runs=0), ValueError, "runs: got 0"),
    (lambda: Network.load("nowhere.onnx"), FileNotFoundError, "nowhere.onnx"),
    (lambda: Network(SMALL[:2], (12, 10, 3)).predict(images()), ValueError, "expected a classifier"),
    (lambda: setattr(small(), "dtype", "float64"), AttributeError, "do not change"),
])
def test_refusals(make, error, message):
    with pytest.raises(error) as raised:
        make()
    assert message in str(raised.value)


def test_files_that_are_no_models(tmp_path: pathlib.Path):
    for name in ("broken.onnx", "broken.npz"):
        (tmp_path / name).write_bytes(b"no model at all")
        with pytest.raises(ValueError, match=name):
            Network.load(tmp_path / name)
    onnx.save(model_of([helper.make_node("NonZero", ["x"], ["y"])], [value("x", [2])],
                       [value("y", None, TensorProto.INT64)]), tmp_path / "unknown.onnx")
    with pytest.raises(ValueError, match="NonZero"):
        Network.load(tmp_path / "unknown.onnx")


def test_the_three_lines_of_the_readme(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys):
    text = (pathlib.Path(__file__).resolve().parent.parent.parent / "README.md").read_text()
    lines = next(block for block in text.split("```python\n") if "Image.open" in block).split("```")[0]
    assert lines.count("\n") == 3
    onnx.save(light_network("squeezenet"), tmp_path / "model.onnx")
    Image.fromarray(photographs()[0]).save(tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    exec(lines, {"np": np, "convstep": convstep, "Image": Image, "names": range(1000)})
    assert len(eval(capsys.readouterr().out)) == 5


def test_many_threads_may_call_it():
    network, x = small(), images(16)
    expected = [network(x[:n]).tobytes() for n in range(1, 9)]
    wrong = []

    def call(offset: int) -> None:
        for k in range(40):
            n = (k + offset) % 8 + 1
            if network(x[:n], threads=1).tobytes() != expected[n - 1]:
                wrong.append(n)

    threads = [threading.Thread(target=call, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_ctrl_c_ends_a_long_run():
    program = """
import signal, numpy as np
from convstep import Network, layers
signal.signal(signal.SIGINT, signal.default_int_handler)
network = Network([layers.Conv(64, 5, padding=2)] * 60, (400, 400, 64))
x = np.zeros((4, 400, 400, 64), np.float32)
print("started", flush=True)
try:
    network(x)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "started\n"
            time.sleep(1)
            process.send_signal(signal.SIGINT)
            assert process.communicate(timeout=20)[0] == "interrupted\n"
        finally:
            process.kill()
