"""Random nodes of networks, and what ONNX's reference evaluator makes of them.

The evaluator of onnx 1.23 errs where this says so; what it cannot judge, the C++ tests compare with definitions.
"""

import dataclasses
import warnings
from collections.abc import Callable

import numpy as np
import onnx
from numpy.random import Generator
from onnx import helper
from onnx.reference import ReferenceEvaluator

from operations_client import Input, Node


@dataclasses.dataclass(frozen=True)
class Case:
    node: Node
    tolerance: float = 1e-5  # of the largest output, in float32
    tolerance64: float = 1e-12


def image(rng: Generator, channels: int, longest: int = 9, one_dimension: bool | None = None) -> np.ndarray:
    axes = 1 if (rng.random() < 0.2 if one_dimension is None else one_dimension) else 2
    return rng.standard_normal((rng.integers(1, 3), channels, *rng.integers(3, longest, axes)))


def placed(rng: Generator, array: np.ndarray, **options: bool) -> Input:
    """The array in some order in memory."""
    order = (0, 2, 3, 1) if array.ndim == 4 and rng.random() < 0.5 else tuple(rng.permutation(array.ndim))
    return Input(array, order=tuple(int(axis) for axis in order), **options)


def windows(rng: Generator, spatial: tuple[int, ...], kernel: np.ndarray, dilated: bool = True) -> dict[str, object]:
    """Strides, dilations and pads with which the kernel fits."""
    axes = len(spatial)
    attributes: dict[str, object] = {"kernel_shape": kernel}
    if rng.random() < 0.7:
        attributes["strides"] = rng.integers(1, 4, axes)
    dilations = np.ones(axes, int)
    if dilated and rng.random() < 0.4:
        dilations = np.array([rng.integers(1, 1 + max(1, (n - 1) // max(k - 1, 1))) for n, k in zip(spatial, kernel)])
        attributes["dilations"] = dilations
    if rng.random() < 0.6:
        pads = [rng.integers(0, k, 2) for k in kernel]
        attributes["pads"] = [p[0] for p in pads] + [p[1] for p in pads]
    return attributes


def conv(rng: Generator) -> Case:
    groups = int(rng.choice([1, 1, 2, 3]))
    per_group, filters = rng.integers(1, 4), int(groups * rng.integers(1, 4))
    x = image(rng, groups * per_group)
    kernel = np.array([rng.integers(1, min(n, 4) + 1) for n in x.shape[2:]])
    attributes = {"group": groups, **windows(rng, x.shape[2:], kernel)}
    if rng.random() < 0.3:
        attributes.pop("pads", None)
        attributes.pop("dilations", None)
        attributes["auto_pad"] = str(rng.choice(["SAME_UPPER", "SAME_LOWER", "VALID"]))
    constant = bool(rng.random() < 0.5)
    inputs = [placed(rng, x), placed(rng, rng.standard_normal((filters, per_group, *kernel)), constant=constant)]
    if rng.random() < 0.5:
        inputs.append(Input(rng.standard_normal(filters), constant=bool(rng.random() < 0.5)))
    return Case(Node("Conv", attributes, inputs))


def conv_transpose(rng: Generator) -> Case:
    """Of one group, without dilation and output_shape: with them the evaluator finds shapes that do not fit."""
    channels, filters = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    x = image(rng, channels, 6)
    axes = x.ndim - 2
    kernel, strides = rng.integers(1, 5, axes), rng.integers(1, 4, axes)
    attributes: dict[str, object] = {"kernel_shape": kernel, "strides": strides}
    full = strides * (np.array(x.shape[2:]) - 1) + kernel
    if rng.random() < 0.3:
        attributes["auto_pad"] = str(rng.choice(["SAME_UPPER", "SAME_LOWER", "VALID"]))
        attributes["strides"] = np.minimum(strides, kernel)  # or it pads less than nothing
    else:
        before, after = rng.integers(0, kernel), rng.integers(0, kernel)
        fits = full - before - after > 0
        attributes["pads"] = np.concatenate([before * fits, after * fits])
        attributes["output_padding"] = rng.integers(0, strides)
    constant = bool(rng.random() < 0.5)
    inputs = [placed(rng, x), placed(rng, rng.standard_normal((channels, filters, *kernel)), constant=constant)]
    if rng.random() < 0.5:
        inputs.append(Input(rng.standard_normal(filters), constant=constant))
    return Case(Node("ConvTranspose", attributes, inputs))


def pool(rng: Generator) -> Case:
    operation = str(rng.choice(["MaxPool", "AveragePool", "LpPool"]))
    x = image(rng, int(rng.integers(1, 20)))
    kernel = np.array([rng.integers(1, min(n, 4) + 1) for n in x.shape[2:]])
    attributes = {**windows(rng, x.shape[2:], kernel), "ceil_mode": int(rng.integers(2))}
    if rng.random() < 0.3:
        attributes.pop("pads", None)
        attributes["auto_pad"] = str(rng.choice(["SAME_UPPER", "VALID"]))  # it errs in SAME_LOWER, and in dilations
        attributes.pop("dilations", None)
        attributes["ceil_mode"] = 0  # which it refuses beside auto_pad
        if attributes["auto_pad"] == "SAME_UPPER":
            attributes["strides"] = np.minimum(attributes.get("strides", 1), kernel)  # or it pads less than nothing
    if operation == "AveragePool":
        attributes["count_include_pad"] = int(rng.integers(2))
        attributes["ceil_mode"] = 0  # where it moves windows that hang over
    if operation == "LpPool":
        attributes["p"] = int(rng.integers(1, 4))
        attributes["ceil_mode"] = 0  # where it takes windows at the end for full ones
    if operation == "MaxPool":
        attributes["strides"] = np.full(len(kernel), 2)  # of 1 send it to a function that errs in the order of pads
        if kernel.min() < 2:
            attributes.pop("auto_pad", None)
    return Case(Node(operation, attributes, [placed(rng, x)], 1))


def max_pool_indices(rng: Generator) -> Case:
    case = pool(rng)
    while case.node.operation != "MaxPool":
        case = pool(rng)
    attributes = dict(case.node.attributes)
    if case.node.inputs[0].array.ndim == 4:
        attributes["storage_order"] = int(rng.integers(2))
    return Case(Node("MaxPool", attributes, case.node.inputs, 2))


def global_pool(rng: Generator) -> Case:
    """Of images with two axes: others the evaluator reduces to too few."""
    operation = str(rng.choice(["GlobalMaxPool", "GlobalAveragePool"]))
    return Case(Node(operation, {}, [placed(rng, image(rng, int(rng.integers(1, 20)), one_dimension=False))]))


def batch_normalization(rng: Generator) -> Case:
    x = rng.standard_normal(rng.integers(1, 6, rng.integers(2, 6)))
    channels, constant = x.shape[1], bool(rng.random() < 0.5)
    parameters = [rng.standard_normal(channels) for _ in range(3)] + [rng.random(channels) + 0.1]
    return Case(Node("BatchNormalization", {"epsilon": 2.0**-10},
                     [placed(rng, x), *(Input(p, constant=constant) for p in parameters)]))


def instance_normalization(rng: Generator) -> Case:
    x = image(rng, int(rng.integers(1, 40)))
    parameters = [Input(rng.standard_normal(x.shape[1])) for _ in range(2)]
    return Case(Node("InstanceNormalization", {"epsilon": 2.0**-10}, [placed(rng, x), *parameters]), 1e-4)


def lrn(rng: Generator) -> Case:
    channels = int(rng.integers(1, 12))
    x = rng.standard_normal((channels, channels, *rng.integers(1, 5, 2)))  # it counts images instead of channels
    attributes = {"size": int(rng.integers(1, 16)), "alpha": 0.5, "bias": 1.5}
    if rng.random() < 0.5:
        attributes["beta"] = 0.625
    return Case(Node("LRN", attributes, [placed(rng, x)]), tolerance64=1e-6)  # its alpha is of float32


def resize(rng: Generator) -> Case:
    x = rng.standard_normal(rng.integers(1, 6, rng.integers(1, 5)))
    if rng.random() < 0.7:
        x = image(rng, int(rng.integers(1, 5)), one_dimension=False)
    axes = [int(axis) for axis in rng.permutation(x.ndim)[:rng.integers(1, x.ndim + 1)]]
    attributes: dict[str, object] = {"mode": str(rng.choice(["nearest", "linear", "cubic"]))}
    if rng.random() < 0.7:
        attributes["axes"] = axes
    else:
        axes = list(range(x.ndim))
    lengths = np.array(x.shape)[axes]
    by_sizes = rng.random() < 0.5
    coordinates = ["half_pixel", "pytorch_half_pixel", "asymmetric"]
    if by_sizes:
        coordinates.append("half_pixel_symmetric")
    if by_sizes or rng.random() < 0.5:
        coordinates += ["align_corners", "tf_crop_and_resize"]
    mode = attributes["coordinate_transformation_mode"] = str(rng.choice(coordinates))
    if attributes["mode"] == "nearest":
        attributes["nearest_mode"] = str(rng.choice(["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]))
    else:
        attributes["antialias"] = int(rng.integers(2))
        attributes["exclude_outside"] = int(rng.integers(2))
    if attributes["mode"] == "cubic":
        attributes["cubic_coeff_a"] = float(rng.choice([-0.5, -0.75]))
    scales, sizes = Input(), Input()
    if by_sizes:
        least = 2 if mode in ("pytorch_half_pixel", "tf_crop_and_resize") else 1  # of 1 it makes something else than the text
        sizes = Input(rng.integers(least, 9, len(axes)), constant=True)
        # In other positions of half_pixel_symmetric a last bit sends it to other elements than its weights' own.
        if mode not in ("pytorch_half_pixel", "tf_crop_and_resize", "half_pixel_symmetric"):
            policies = ["stretch", "not_smaller"]
            if np.min(sizes.array / lengths) * lengths.min() >= 0.5:  # or nothing is left
                policies.append("not_larger")
            attributes["keep_aspect_ratio_policy"] = str(rng.choice(policies))
    else:
        # Multiples of a quarter: the same number in all types. ONNX's evaluator takes a fraction of a pixel for one.
        scales_array = np.maximum(rng.integers(1, 9, len(axes)), np.ceil(4 / lengths)) / 4
        if mode in ("pytorch_half_pixel", "align_corners", "tf_crop_and_resize"):
            scales_array = rng.integers(2, 4, len(axes)) * 1.0
        scales = Input(scales_array, constant=True)
    roi = Input()
    if mode == "tf_crop_and_resize":
        starts, ends = rng.integers(-1, 3, len(axes)) / 8, rng.integers(5, 10, len(axes)) / 8
        roi = Input(np.concatenate([starts, ends]), constant=True)
        attributes["extrapolation_value"] = 7.5
    # Its weights of cubics are of float32.
    return Case(Node("Resize", attributes, [placed(rng, x), roi, scales, sizes]), 1e-4,
                1e-5 if attributes["mode"] == "cubic" else 1e-12)


def pad(rng: Generator) -> Case:
    x = rng.standard_normal(rng.integers(2, 6, rng.integers(1, 6)))
    mode = str(rng.choice(["constant", "edge", "reflect", "wrap"]))
    axes = [int(axis) for axis in rng.permutation(x.ndim)[:rng.integers(1, x.ndim + 1)]]
    if rng.random() < 0.3:
        x = rng.integers(-9, 9, x.shape)
    value = x.ravel()[:1].reshape(()) if mode == "constant" and rng.random() < 0.5 else None
    pads = Input(rng.integers(0, 5, 2 * len(axes)), constant=True)
    given_axes = Input(np.array(axes) - rng.integers(2) * x.ndim, constant=True)
    if len(axes) == x.ndim and axes == sorted(axes):
        given_axes = Input()
    return Case(Node("Pad", {"mode": mode}, [placed(rng, x), pads, Input(value), given_axes]))


def blocks(rng: Generator) -> Case:
    size = int(rng.integers(1, 4))
    integers = rng.random() < 0.3
    if rng.random() < 0.5:
        x = rng.standard_normal((rng.integers(1, 3), size * size * rng.integers(1, 4), *rng.integers(1, 5, 2)))
        attributes = {"blocksize": size, "mode": str(rng.choice(["DCR", "CRD"]))}
    else:
        x = rng.standard_normal((*rng.integers(1, 4, 2), *(size * rng.integers(1, 4, 2))))
        attributes = {"blocksize": size}  # the evaluator knows no mode here
    x = (8 * x).astype(int) if integers else x
    operation = "DepthToSpace" if "mode" in attributes else "SpaceToDepth"
    return Case(Node(operation, attributes, [placed(rng, x)]))


def dropout(rng: Generator) -> Case:
    x = rng.standard_normal(rng.integers(1, 6, rng.integers(1, 5)))
    return Case(Node("Dropout", {}, [placed(rng, x), Input(np.array(0.5), constant=True)], int(rng.integers(1, 3))))


MAKERS: tuple[Callable[[Generator], Case], ...] = (
    conv, conv_transpose, pool, max_pool_indices, global_pool, batch_normalization, instance_normalization, lrn, resize,
    pad, blocks, dropout)


def expected(node: Node, dtype: str) -> list[np.ndarray]:
    """What ONNX's evaluator computes."""
    def as_dtype(array: np.ndarray) -> np.ndarray:
        return array.astype(np.int64 if array.dtype.kind in "iub" else dtype)

    given = {f"x{i}": as_dtype(x.array) for i, x in enumerate(node.inputs) if x.array is not None}
    if node.operation == "Resize" and "x2" in given:
        given["x2"] = given["x2"].astype(np.float32)  # scales
    names = [f"x{i}" if f"x{i}" in given else "" for i in range(len(node.inputs))]
    outputs = [f"y{i}" for i in range(node.outputs)]
    attributes = {k: [int(v) for v in a] if isinstance(a, list | np.ndarray) else a for k, a in node.attributes.items()}
    graph = helper.make_graph(
        [helper.make_node(node.operation, names, outputs, **attributes)], "case",
        [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
         for name, array in given.items()],
        [helper.make_tensor_value_info(name, onnx.TensorProto.UNDEFINED, None) for name in outputs])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ReferenceEvaluator(helper.make_model(graph)).run(None, given)
