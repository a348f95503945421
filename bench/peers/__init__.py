"""Whom we compare with. Each peer is a module here with `version()` and `candidates(problem)`; an ImportError or
OSError from its import or its version means that it is not installed."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Peer:
    name: str
    short: str  # heads a column
    module: str
    argument: str = ""  # which library, where one module serves several peers
    ours: bool = False  # not a peer at all: a part of convstep, or a yardstick
    follows_isa: bool = True  # compare.py --isa can hold it to lesser instructions
    has_gradients: bool = False
    elsewhere: str = ""  # the package, where it may live in Debian's Python rather than in the one that runs this


OURS = "convstep"
BEFORE = "convstep before"
DIRECT = "convstep direct"
MEMCPY = "memcpy"
BLAS = "im2col + BLAS"
LOOPS = "NumPy loops"

PEERS = [
    Peer(OURS, "ours", "native", "convstep_bench:0", ours=True, has_gradients=True),
    Peer(BEFORE, "before", "native", "convstep_bench:0", ours=True, has_gradients=True),  # from the build that --before names
    Peer(DIRECT, "direct", "native", "convstep_bench:1", ours=True, has_gradients=True),
    Peer(MEMCPY, "memcpy", "native", "convstep_bench:2", ours=True, has_gradients=True),
    Peer("oneDNN Debian", "dnnl-D", "native", "convstep_bench_onednn_debian", has_gradients=True),
    Peer("oneDNN gomp", "dnnl-G", "native", "convstep_bench_onednn_gomp", has_gradients=True),
    Peer("oneDNN sycl", "dnnl-S", "native", "convstep_bench_onednn_sycl", has_gradients=True),
    Peer("ncnn", "ncnn", "ncnn_layer", follows_isa=False),
    Peer("ONNX Runtime", "ORT", "ort", follows_isa=False),
    Peer("OpenVINO", "OpenV", "openvino_graph", follows_isa=False),
    Peer("PyTorch", "torch", "torch_layer", has_gradients=True, elsewhere="torch"),
    Peer(BLAS, "BLAS", "im2col"),
    Peer("SciPy", "SciPy", "scipy_ndimage"),
    Peer(LOOPS, "loops", "notebook"),
]

# Of whole networks: modules with `version()` and `ways(problem)`.
NETWORK_PEERS = [
    Peer(OURS, "ours", "network_ours", ours=True),
    Peer(BEFORE, "before", "network_ours", ours=True),
    Peer("ONNX Runtime", "ORT", "network_ort", follows_isa=False),
    Peer("OpenVINO", "OpenV", "network_openvino", follows_isa=False),
    Peer("ncnn", "ncnn", "network_ncnn", follows_isa=False),
    Peer("PyTorch", "torch", "network_torch", elsewhere="torch"),
]
