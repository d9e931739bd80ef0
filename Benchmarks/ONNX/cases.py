"""Writes the ONNX standard's own backend tests to disk, as model.onnx with test_data_set_N/{input,output}_N.pb.

usage: cases.py FOLDER
Needs a Python with the onnx package (1.23.2 was used), which holds the tests. FOLDER/cases.tsv lists them: name, group
(the operation under test, or the data folder in parentheses), relative and absolute tolerance.
"""
import pathlib
import shutil
import sys
import warnings

import numpy as np
import onnx
from onnx import numpy_helper

warnings.simplefilter("ignore")
target = pathlib.Path(sys.argv[1])
target.mkdir(parents=True, exist_ok=True)
rows = []


def tensor(value):
    return value if isinstance(value, onnx.TensorProto) else numpy_helper.from_array(np.asarray(value))


def write(name, group, model, data_sets, relative, absolute):
    folder = target / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "model.onnx").write_bytes(model if isinstance(model, bytes) else model.SerializeToString())
    for number, (inputs, outputs) in enumerate(data_sets):
        data = folder / f"test_data_set_{number}"
        data.mkdir()
        for kind, values in (("input", inputs), ("output", outputs)):
            for index, value in enumerate(values):
                try:
                    bytes_ = value if isinstance(value, bytes) else tensor(value).SerializeToString()
                except Exception:
                    continue  # Sequences, optionals and maps: models that take them are refused before they are run.
                (data / f"{kind}_{index}.pb").write_bytes(bytes_)
    rows.append((name, group, relative, absolute))


def node_cases():
    from onnx.backend.test.case.node import collect_testcases

    cases = [case for case in collect_testcases(None) if all(o.domain == "" for o in case.model.opset_import)]
    groups = {case.name: case.model.graph.node[0].op_type for case in cases if len(case.model.graph.node) == 1}
    for case in cases:
        # The same function again, written in simpler operations.
        base, is_expanded, _ = case.name.partition("_expanded")
        group = groups.get(base, "(several)") + (" (expanded)" if is_expanded else "")
        write(case.name, group, case.model, case.data_sets, case.rtol, case.atol)


def data_cases(kind):
    root = pathlib.Path(onnx.__file__).parent / "backend/test/data" / kind
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        sets = []
        for data in sorted(folder.glob("test_data_set_*")):
            sets.append([
                [(data / f"{side}_{index}.pb").read_bytes() for index in range(len(list(data.glob(f"{side}_*.pb"))))]
                for side in ("input", "output")
            ])
        write(f"{kind}-{folder.name}", f"({kind})", (folder / "model.onnx").read_bytes(), sets, 1e-3, 1e-7)


def light_cases():
    """Well-known networks with made-up weights; the input is a ramp from 0 to 1, as the standard's runner has it."""
    root = pathlib.Path(onnx.__file__).parent / "backend/test/data/light"
    for path in sorted(root.glob("*.onnx")):
        model = onnx.load(path)
        constants = {tensor.name for tensor in model.graph.initializer}
        inputs = []
        for value in model.graph.input:
            if value.name in constants:
                continue
            shape = [d.dim_value if d.HasField("dim_value") else 1 for d in value.type.tensor_type.shape.dim]
            count = int(np.prod(shape))
            inputs.append((np.arange(count).reshape(shape) / count).astype(np.float32))
        outputs = [path.with_name(f"{path.stem}_output_{i}.pb").read_bytes() for i in range(len(model.graph.output))]
        write(path.stem, "(light)", path.read_bytes(), [(inputs, outputs)], 1e-3, 1e-7)


node_cases()
for kind in ("pytorch-converted", "pytorch-operator", "simple"):
    data_cases(kind)
light_cases()
(target / "cases.tsv").write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))
print(f"{len(rows)} cases in {target}")
