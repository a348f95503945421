"""Write small valid files of every kind, for the fuzzer to start from: seeds.py DIRECTORY"""

import pathlib
import struct
import sys
import zipfile
import zlib

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
