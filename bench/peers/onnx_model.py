"""The layer as an ONNX model of one node, for the runtimes that read ONNX: NCHW, weights [O,C/groups,KH,KW] inside."""

import numpy as np
import onnx
from onnx import helper, numpy_helper

from problem import Problem

OPSET, IR_VERSION = 17, 8  # old enough for every runtime of these years


def model(problem: Problem) -> onnx.ModelProto:
    layer = problem.layer
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(problem.dtype))
    window = {"kernel_shape": [layer.kh, layer.kw], "strides": [layer.stride] * 2, "pads": [layer.pad] * 4}
    initializers = []
    if layer.kind == "conv":
        node = helper.make_node("Conv", ["x", "w", "b"], ["y"], name="layer", dilations=[layer.dilation] * 2,
                                group=layer.groups, **window)
        weights = np.ascontiguousarray(problem.weights.transpose(3, 2, 0, 1))
        initializers = [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(np.array(problem.bias), "b")]
    else:
        operation = "MaxPool" if layer.kind == "max" else "AveragePool"
        node = helper.make_node(operation, ["x"], ["y"], name="layer", **window)
    ends = {"x": [problem.batch, layer.c, layer.h, layer.w], "y": [problem.batch, layer.o, layer.oh, layer.ow]}
    inputs, outputs = [[helper.make_tensor_value_info(name, kind, shape)] for name, shape in ends.items()]
    graph = helper.make_graph([node], "layer", inputs, outputs, initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
