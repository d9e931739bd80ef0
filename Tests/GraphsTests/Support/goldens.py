"""Prints Goldens.swift: what ONNX Runtime makes of every case of the catalogue.

    GRAPHS_EXPORT=/tmp/cases swift test --filter exportCatalog
    python3 goldens.py /tmp/cases > ../Goldens.swift        # onnx 1.23.2, onnxruntime 1.31.1, numpy
"""
import glob, os, sys
import numpy, onnx, onnxruntime

print("// Made by Support/goldens.py from ONNX Runtime %s; do not edit." % onnxruntime.__version__)
print("// Of each case: the output's shape, and eight of its values at equal distances.")
print("// swift-format-ignore-file")
print("let goldens: [String: (shape: [Int], values: [Float])] = [")
for path in sorted(glob.glob(os.path.join(sys.argv[1], "*.onnx"))):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    shape = [int(n) for n in next(p.value for p in model.metadata_props if p.key == "assay.test.shape").split(",")]
    i = numpy.arange(numpy.prod(shape), dtype=numpy.int64)
    x = (((i * 7919 + 104729) % 1009).astype(numpy.float32) / numpy.float32(504.5) - numpy.float32(1)).reshape(shape)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    y = onnxruntime.InferenceSession(path, options).run(None, {model.graph.input[0].name: x})[-1]
    flat = y.reshape(-1)
    picked = [flat[k * (len(flat) - 1) // 7] for k in range(8)]
    name = os.path.basename(path)[:-5]
    print('  "%s": (%s, [%s]),' % (name, list(y.shape), ", ".join("%.7g" % v for v in picked)))
print("]")
