"""Operations of networks on random arrays, beside ONNX's reference evaluator."""

import pathlib

import numpy as np
import pytest

from operation_cases import MAKERS, Case, expected
from operations_client import Operations

CASES = 60  # of each operation


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_random_cases_give_what_onnx_computes(build_dir: pathlib.Path, maker) -> None:
    with Operations(build_dir / "tests" / "operations_bridge") as operations:
        for seed in range(CASES):
            case: Case = maker(np.random.default_rng(seed))
            dtype = "float64" if seed % 3 == 0 else "float32"
            wanted = expected(case.node, dtype)
            got = operations.run(case.node, dtype)
            for ours, theirs in zip(got, wanted, strict=True):
                assert ours.shape == theirs.shape, (seed, case)
                scale = max(1.0, float(np.abs(theirs).max(initial=0)))
                tolerance = scale * (case.tolerance if dtype == "float32" else case.tolerance64)
                np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance, err_msg=f"seed {seed}: {case}")
