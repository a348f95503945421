"""Whom we compare with. Each peer is a module here with `version()` and `candidates(problem)`; an ImportError or OSError
from either means that it is not installed."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Peer:
    name: str
    module: str
    argument: str = ""  # which library, where one module serves several peers
    notebook_only: bool = False  # too slow for anything else
    interpreter: str = ""  # where the peer lives in another Python


OURS = "convstep"
DIRECT = "convstep direct"
MEMCPY = "memcpy"

PEERS = [
    Peer(OURS, "native", "convstep_bench:0"),
    Peer(DIRECT, "native", "convstep_bench:1"),
    Peer(MEMCPY, "native", "convstep_bench:2"),
    Peer("oneDNN Debian", "native", "convstep_bench_onednn_debian"),
    Peer("oneDNN gomp", "native", "convstep_bench_onednn_gomp"),
    Peer("oneDNN sycl", "native", "convstep_bench_onednn_sycl"),
    Peer("ncnn", "ncnn_layer"),
]
