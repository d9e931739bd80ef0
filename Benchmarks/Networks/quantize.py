"""Quantises networks of export.py with ONNX Runtime's own static quantiser: QDQ, weights by channel.

usage: quantize.py NETWORKS FOLDER NAME ...
Needs onnxruntime and onnx. FOLDER/NAME.onnx holds the quantised network, FOLDER/NAME.npz the same input as
NETWORKS/NAME.npz. Calibrated on random pictures of the kind that export.py makes: what counts here is speed, and that
all peers compute the same. To that end weights have seven bits where the processor is without VNNI, as ONNX Runtime's
documentation advises: there, its kernels and OpenVINO's saturate with eight, while Assay's stay exact and take longer.
FULL_RANGE=1 takes eight all the same.
"""
import os
import pathlib
import shutil
import sys

import numpy as np
from onnxruntime.quantization import (CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType,
                                      quantize_static)

networks, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
has_vnni = "vnni" in pathlib.Path("/proc/cpuinfo").read_text()
reduces_range = not has_vnni and not os.environ.get("FULL_RANGE")


class Pictures(CalibrationDataReader):
    def __init__(self, shape, count=16):
        random = np.random.default_rng(0)
        self.pictures = iter([random.standard_normal(shape, dtype=np.float32) for _ in range(count)])

    def get_next(self):
        picture = next(self.pictures, None)
        return None if picture is None else {"input": picture}


for name in sys.argv[3:]:
    shape = np.load(networks / f"{name}.npz")["x"].shape
    part = folder / f"{name}.part.onnx"
    quantize_static(networks / f"{name}.onnx", part, Pictures(shape), quant_format=QuantFormat.QDQ, per_channel=True,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
                    reduce_range=reduces_range, calibrate_method=CalibrationMethod.MinMax)
    shutil.copy(networks / f"{name}.npz", folder / f"{name}.npz")
    # Under its name only when it is whole.
    part.rename(folder / f"{name}.onnx")
    print(name, (folder / f"{name}.onnx").stat().st_size, flush=True)
