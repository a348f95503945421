"""Write small valid files of every kind, for the fuzzers to start from, into DIRECTORY/files, DIRECTORY/onnx and (the same as the
latter) DIRECTORY/network: seeds.py DIRECTORY"""

import pathlib
import shutil
import struct
import sys
import warnings
import zipfile
import zlib

import numpy as np
import onnx
from onnx.backend.test.loader import load_model_tests
from PIL import Image

directory = pathlib.Path(sys.argv[1]) / "files"
directory.mkdir(parents=True, exist_ok=True)
random = np.random.default_rng(0)
array = random.standard_normal((2, 3))
for version in [(1, 0), (2, 0), (3, 0)]:
    with open(directory / f"version{version[0]}.npy", "wb") as file:
        np.lib.format.write_array(file, np.asfortranarray(array.astype(">f4")), version)
np.savez(directory / "stored.npz", a=array, b=np.arange(3))
np.savez_compressed(directory / "deflated.npz", a=array, b=np.arange(3))
# What other zip programs write: a folder, a readme and a name without ".npy"; other flags in the member's header; a Zip64
# end record that nothing asks for.
with zipfile.ZipFile(directory / "folder.npz", "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("folder/", "")
    archive.write(directory / "version1.npy", "folder/-")
    archive.writestr("folder/README", "some text")
plain = (directory / "folder.npz").read_bytes()
(directory / "flags.npz").write_bytes(plain[:6] + b"\2\0" + plain[8:])
end = plain.rindex(b"PK\5\6")
count, size, offset = struct.unpack("<HII", plain[end + 10:end + 20])
record = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, offset)
(directory / "zip64.npz").write_bytes(plain[:end] + record + struct.pack("<4sIQI", b"PK\6\7", 0, end, 1) + plain[end:])

colour = Image.fromarray((random.random((9, 17, 3)) * 255).astype(np.uint8))
for mode in ["1", "L", "LA", "P", "RGB", "RGBA"]:
    colour.convert(mode).save(directory / f"{mode}.png")
Image.fromarray((random.random((5, 7)) * 65535).astype(np.uint16)).save(directory / "grey16.png")
# A text with a wrong checksum, after the header.
png = (directory / "RGB.png").read_bytes()
text = b"tEXta\0b"
(directory / "text.png").write_bytes(png[:33] + struct.pack(">I", len(text) - 4) + text +
                                     struct.pack(">I", zlib.crc32(text) ^ 1) + png[33:])
colour.save(directory / "baseline.jpg")
jpeg = (directory / "baseline.jpg").read_bytes()
(directory / "stray.jpg").write_bytes(jpeg[:-2] + b"stray" * 4 + jpeg[-2:])
colour.save(directory / "restarts.jpg", restart_marker_blocks=1, subsampling=2)
colour.save(directory / "progressive.jpg", progressive=True)
colour.convert("L").save(directory / "grey.jpg")

# The models of ONNX's own cases of operators, and what they lack: weights, in each of the ways in which a file holds them.
models = directory.parent / "onnx"
models.mkdir(exist_ok=True)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    cases = [case for case in load_model_tests(kind="node") if case.model is not None]
for case in cases:
    if len(case.model.SerializeToString()) < 2048:
        onnx.save(case.model, models / f"{case.name}.onnx")
for dtype in (np.float32, np.float64, np.float16, np.int64, np.int8, np.bool_):
    values = np.ones((2, 3), dtype)
    kind = onnx.helper.np_dtype_to_tensor_dtype(values.dtype)
    tensors = [onnx.numpy_helper.from_array(values, "raw"), onnx.helper.make_tensor("fields", kind, (2, 3), values.ravel())]
    result = onnx.helper.make_tensor_value_info("y", kind, None)
    graph = onnx.helper.make_graph([onnx.helper.make_node("Add", ["raw", "fields"], ["y"])], "weights", [], [result], tensors)
    onnx.save(onnx.helper.make_model(graph), models / f"weights_{np.dtype(dtype).name}.onnx")
shutil.copytree(models, directory.parent / "network", dirs_exist_ok=True)
