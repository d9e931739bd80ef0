"""Judges a folder the way people do it in Python: Pillow (or OpenCV) reads and resizes, ONNX Runtime judges.

usage: judge_folder.py [--opencv] MODEL FOLDER [THREADS]
Decisions only: one line a picture, written at the end. Prints pictures a second of the loop, without
the imports and the session's start (in favour of Python).
"""
import json
import os
import sys
import time

import numpy as np
import onnxruntime as ort


def main():
    arguments = [a for a in sys.argv[1:] if not a.startswith("--")]
    opencv = "--opencv" in sys.argv
    model, folder = arguments[:2]
    options = ort.SessionOptions()
    options.intra_op_num_threads = int(arguments[2]) if len(arguments) > 2 else 2
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    metadata = session.get_modelmeta().custom_metadata_map
    labels = json.loads(metadata["assay.labels"])
    prep = json.loads(metadata["assay.preprocessing"])
    size = (prep["width"], prep["height"])
    gray = prep["channels"] == 1
    mean = np.array(prep["mean"], np.float32).reshape(-1, 1, 1)
    std = np.array(prep["std"], np.float32).reshape(-1, 1, 1)
    paths = sorted(os.path.join(d, f) for d, _, files in os.walk(folder) for f in files)
    if opencv:
        import cv2

        cv2.setNumThreads(2)

        def load(path):
            image = cv2.imread(path, cv2.IMREAD_GRAYSCALE if gray else cv2.IMREAD_COLOR)
            if not gray:
                image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
            return cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    else:
        from PIL import Image

        def load(path):
            return np.asarray(Image.open(path).convert("L" if gray else "RGB").resize(size, Image.BILINEAR))

    lines = []
    start = time.perf_counter()
    for path in paths:
        image = load(path).astype(np.float32) / 255
        image = image[None] if gray else image.transpose(2, 0, 1)
        x = ((image - mean) / std)[None]
        probabilities = session.run(["probabilities"], {"image": x})[0][0]
        best = int(probabilities.argmax())
        lines.append(f"{path},{labels[best]},{probabilities[best]:.4f}\n")
    with open(os.devnull, "w") as file:
        file.writelines(lines)
    seconds = time.perf_counter() - start
    print(f"{len(paths) / seconds:.1f}")


main()
