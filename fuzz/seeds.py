"""Write small valid files of every kind, for the fuzzer to start from: seeds.py DIRECTORY"""

import pathlib
import sys

import numpy as np
from PIL import Image

directory = pathlib.Path(sys.argv[1])
directory.mkdir(parents=True, exist_ok=True)
random = np.random.default_rng(0)
array = random.standard_normal((2, 3))
for version in [(1, 0), (2, 0), (3, 0)]:
    with open(directory / f"version{version[0]}.npy", "wb") as file:
        np.lib.format.write_array(file, np.asfortranarray(array.astype(">f4")), version)
np.savez(directory / "stored.npz", a=array, b=np.arange(3))
np.savez_compressed(directory / "deflated.npz", a=array, b=np.arange(3))
colour = Image.fromarray((random.random((9, 17, 3)) * 255).astype(np.uint8))
for mode in ["1", "L", "LA", "P", "RGB", "RGBA"]:
    colour.convert(mode).save(directory / f"{mode}.png")
Image.fromarray((random.random((5, 7)) * 65535).astype(np.uint16)).save(directory / "grey16.png")
colour.save(directory / "baseline.jpg")
colour.save(directory / "progressive.jpg", progressive=True)
colour.convert("L").save(directory / "grey.jpg")
