"""Write scikit-learn's handwritten digits as arrays: data.py OUT.npz

`images` (1797, 8, 8, 1), float32 from 0 to 1, and `labels` (1797,), int64 from 0 to 9: what sklearn.datasets.load_digits
gives, divided by 16. They are read from its file, so that nothing of scikit-learn is imported, nor what it needs.
Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998.
"""

import importlib.util
import pathlib
import sys

import numpy as np


def digits() -> tuple[np.ndarray, np.ndarray]:
    spec = importlib.util.find_spec("sklearn")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("data.py: scikit-learn is not installed, and it has the digits: pip install scikit-learn")
    (folder,) = spec.submodule_search_locations
    table = np.loadtxt(pathlib.Path(folder) / "datasets" / "data" / "digits.csv.gz", delimiter=",")
    return (table[:, :-1].reshape(-1, 8, 8, 1) / 16).astype(np.float32), table[:, -1].astype(np.int64)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    images, labels = digits()
    np.savez(sys.argv[1], images=images, labels=labels)
