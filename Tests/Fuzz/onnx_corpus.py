"""Writes small ONNX models, sound and hostile ones, as seeds for fuzzing the reader.

usage: onnx_corpus.py FOLDER
Needs a Python with the onnx package (1.23.2 was used). Those that have shown something lie in corpus/onnx.
"""
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

target = pathlib.Path(sys.argv[1])
target.mkdir(parents=True, exist_ok=True)
random = np.random.default_rng(0)
F = TensorProto.FLOAT


def tensor(name, values, dtype=np.float32):
    return numpy_helper.from_array(np.asarray(values, dtype), name)


def noise(name, *shape):
    return tensor(name, random.normal(0, 0.5, shape))


def save(name, nodes, constants=(), x=(1, 2, 4, 4), outputs=("y",), opset=17, type=F, functions=()):
    graph = helper.make_graph(
        nodes, name, [helper.make_tensor_value_info("x", type, x)],
        [helper.make_tensor_value_info(o, F, None) for o in outputs], list(constants))
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8, functions=list(functions))
    (target / f"{name}.onnx").write_bytes(model.SerializeToString())


def node(kind, inputs, output="y", **attributes):
    return helper.make_node(kind, inputs.split(), output.split(), **attributes)


# Sound: a bit of everything that real networks hold.
save("convolutions", [
    node("Conv", "x w b", "a", pads=[1, 1, 1, 1]), node("BatchNormalization", "a s t m v", "n"), node("Relu", "n", "r"),
    node("MaxPool", "r", "p", kernel_shape=[2, 2], strides=[2, 2]), node("GlobalAveragePool", "p", "g"),
    node("Flatten", "g", "f"), node("Gemm", "f fc fb", "l", transB=1), node("Softmax", "l", axis=1),
], [noise("w", 3, 2, 3, 3), noise("b", 3), noise("s", 3), noise("t", 3), noise("m", 3), tensor("v", [1, 2, 3]),
    noise("fc", 4, 3), noise("fb", 4)], x=("n", 2, 4, 4))
save("grouped", [
    node("Conv", "x w", "a", group=2, dilations=[2, 2], auto_pad="SAME_UPPER"), node("HardSwish", "a", "h"),
    node("ConvTranspose", "h u", "t", strides=[2, 2], output_padding=[1, 1]), node("AveragePool", "t",
    kernel_shape=[3, 3], ceil_mode=1, pads=[1, 1, 1, 1], count_include_pad=1)],
    [noise("w", 4, 1, 3, 3), noise("u", 4, 2, 2, 2)])
save("attention", [
    node("Reshape", "x s", "r"), node("Transpose", "r", "t", perm=[0, 2, 1]), node("MatMul", "r t", "m"),
    node("Div", "m d", "e"), node("Softmax", "e", "p", axis=-1), node("MatMul", "p r", "o"),
    node("LayerNormalization", "o g b", "n"), node("Erf", "n", "f"), node("Gather", "f i", axis=1)],
    [tensor("s", [1, 8, 4], np.int64), tensor("d", 2), noise("g", 4), noise("b", 4), tensor("i", 0, np.int64)])
save("shapes", [
    node("Shape", "x", "s"), node("Gather", "s i", "b"), node("Unsqueeze", "b z", "u"), node("Concat", "u k", "c", axis=0),
    node("Reshape", "x c", "r"), node("ReduceMean", "r", "m", axes=[-1]), node("Squeeze", "m k1", "q"),
    node("Cast", "q", "t", to=TensorProto.INT64), node("Cast", "t", "y", to=F)],
    [tensor("i", 0, np.int64), tensor("z", [0], np.int64), tensor("k", [-1, 8], np.int64), tensor("k1", [1], np.int64)],
    x=("n", 2, 4, 4))
save("quantised", [
    node("QuantizeLinear", "x s z", "q"), node("DequantizeLinear", "q s z", "d"),
    node("DequantizeLinear", "w ws wz", "v", axis=0), node("Conv", "d v", "y", kernel_shape=[1, 1])],
    [tensor("s", 0.1), tensor("z", 3, np.uint8), tensor("w", random.integers(-100, 100, (3, 2, 1, 1)), np.int8),
     tensor("ws", [0.1, 0.2, 0.3]), tensor("wz", [0, 0, 0], np.int8)])
save("resized", [
    node("Resize", "x . scales".replace(".", "roi"), "r", mode="linear", coordinate_transformation_mode="align_corners"),
    node("Slice", "r st en ax", "s"), node("Pad", "s pads", "p", mode="reflect"), node("Clip", "p lo hi", "c"),
    node("Split", "c sp", "k l", axis=1), node("Concat", "l k", axis=1)],
    [tensor("roi", []), tensor("scales", [1, 1, 2, 2]), tensor("st", [1], np.int64), tensor("en", [7], np.int64),
     tensor("ax", [3], np.int64), tensor("pads", [0, 0, 1, 1, 0, 0, 1, 1], np.int64), tensor("lo", -1), tensor("hi", 1),
     tensor("sp", [1, 1], np.int64)])
half = [numpy_helper.from_array(np.asarray([1, 2], np.float16), "h")]
save("half", [node("Cast", "h", "f", to=F), node("Mul", "x f")], half, x=(1, 2))
bf16 = helper.make_tensor("h", TensorProto.BFLOAT16, [2], [1.0, 2.5])
save("bfloat", [node("Cast", "h", "f", to=F), node("Mul", "x f")], [bf16], x=(1, 2))
for name, dtype in (("f16_network", TensorProto.FLOAT16), ("bf16_network", TensorProto.BFLOAT16)):
    # For x = 0...17: max(0.75 x0 - 1.75) = 4.25 and max(2.25 x0 + 17) = 35, exact in either type.
    save(name, [node("Conv", "x w b", "c"), node("Relu", "c", "r"), node("GlobalMaxPool", "r", "g"), node("Flatten", "g")],
         [helper.make_tensor("w", dtype, [2, 2, 1, 1], [1, -0.25, 0.25, 2]), helper.make_tensor("b", dtype, [2], [0.5, -1])],
         x=("n", 2, 3, 3), type=dtype)
beside = TensorProto(name="w", data_type=F, dims=[2, 2, 1, 1], data_location=TensorProto.EXTERNAL)
for key, value in (("location", "beside.bin"), ("offset", "4"), ("length", "16")):
    beside.external_data.add(key=key, value=value)
(target / "beside.bin").write_bytes(b"skip" + np.asarray([1, -0.25, 0.25, 2], np.float32).tobytes())
save("beside", [node("Conv", "x w b", "c"), node("Relu", "c", "r"), node("GlobalMaxPool", "r", "g"), node("Flatten", "g")],
     [beside, tensor("b", [0.5, -1])], x=("n", 2, 3, 3))
for number, (name, attributes, inputs, constants) in enumerate([
    ("TopK", {"axis": -1}, "x k", [tensor("k", [2], np.int64)]), ("NonMaxSuppression", {}, "x s", [noise("s", 1, 2, 4)]),
    ("GridSample", {}, "x g", [noise("g", 1, 3, 3, 2)]), ("ScatterND", {}, "x i u",
     [tensor("i", [[0, 1]], np.int64), noise("u", 1, 4, 4)]), ("Einsum", {"equation": "nchw,nkhw->nck"}, "x x", []),
    ("CumSum", {}, "x a", [tensor("a", 1, np.int64)]), ("DepthToSpace", {"blocksize": 2}, "x", []),
    ("RoiAlign", {"output_height": 2, "output_width": 2}, "x r b", [tensor("r", [[0, 0, 3, 3]]), tensor("b", [0], np.int64)]),
    ("Tile", {}, "x t", [tensor("t", [1, 2, 1, 2], np.int64)]), ("Expand", {}, "x t", [tensor("t", [2, 2, 4, 4], np.int64)]),
    ("OneHot", {}, "i d v", [tensor("i", [1, 2], np.int64), tensor("d", 4, np.int64), tensor("v", [0, 1])]),
    ("Range", {}, "a b c", [tensor("a", 0), tensor("b", 9), tensor("c", 2)]), ("Where", {}, "c x x", [tensor("c", [True], bool)]),
    ("Col2Im", {}, "i s b", [noise("i", 1, 4, 4), tensor("s", [3, 3], np.int64), tensor("b", [2, 2], np.int64)]),
    ("ConstantOfShape", {}, "s", [tensor("s", [2, 3], np.int64)]), ("NonZero", {}, "x", []), ("Unique", {}, "x", []),
    ("LRN", {"size": 3}, "x", []), ("InstanceNormalization", {}, "x a a", [noise("a", 2)]),
    ("GroupNormalization", {"num_groups": 1}, "x a a", [noise("a", 2)]), ("MaxRoiPool", {"pooled_shape": [1, 1]}, "x r",
     [tensor("r", [[0, 0, 0, 3, 3]])]), ("AffineGrid", {}, "t s", [noise("t", 1, 2, 3), tensor("s", [1, 1, 2, 2], np.int64)]),
    ("GatherElements", {"axis": 3}, "x i", [tensor("i", [[[[0, -1]]]], np.int64)]), ("Mod", {"fmod": 1}, "x x", []),
    ("GatherND", {}, "x i", [tensor("i", [[0, 1]], np.int64)]), ("ReduceLogSumExp", {}, "x", []), ("Det", {}, "x", []),
    ("QLinearMatMul", {}, "a s z a s z s z", [tensor("a", [[1, 2], [3, 4]], np.uint8), tensor("s", 0.5), tensor("z", 1, np.uint8)]),
    ("MatMulInteger", {}, "a a", [tensor("a", [[1, 2], [3, 4]], np.uint8)]), ("ReverseSequence", {}, "x l",
     [tensor("l", [1, 1], np.int64)]), ("Upsample", {}, "x s", [tensor("s", [1, 1, 2, 2])]),
    ("DeformConv", {}, "x w o", [noise("w", 1, 2, 2, 2), noise("o", 1, 8, 3, 3)]), ("Dropout", {}, "x", []),
    ("CenterCropPad", {"axes": [2]}, "x s", [tensor("s", [2], np.int64)]), ("Trilu", {}, "x", []), ("EyeLike", {}, "m", [noise("m", 2, 3)]),
    ("ArgMax", {"axis": 1}, "x", []), ("MeanVarianceNormalization", {}, "x", []), ("BitShift", {"direction": "LEFT"}, "a a",
     [tensor("a", [1, 2], np.uint8)]), ("SpaceToDepth", {"blocksize": 2}, "x", []), ("MaxUnpool", {"kernel_shape": [2, 2]}, "x i",
     [tensor("i", np.arange(32).reshape(1, 2, 4, 4), np.int64)]), ("LpPool", {"kernel_shape": [2, 2]}, "x", []),
]):
    opset = {"Upsample": 9, "GroupNormalization": 21, "DeformConv": 19, "AffineGrid": 20}.get(name, 18)
    save(f"op_{number:02}_{name}", [node(name, inputs)], constants, opset=opset)

# Hostile: contradictions, cycles, sizes and places that no reader may believe.
save("cycle", [node("Add", "x b", "a"), node("Add", "a a", "b"), node("Relu", "b")])
save("missing", [node("Conv", "x nothing")])
save("twice", [node("Relu", "x"), node("Abs", "x")])
save("negative", [node("Reshape", "x s")], [tensor("s", [-5, -1], np.int64)])
save("huge_fill", [node("ConstantOfShape", "s", "a"), node("Relu", "a")], [tensor("s", [1 << 15, 1 << 14], np.int64)])
save("huge_fill_chain", [node("ConstantOfShape", "s", "a"), node("Expand", "a t", "b"), node("Add", "b b", "c"),
    node("ReduceSum", "c", "y")], [tensor("s", [1 << 13], np.int64), tensor("t", [1 << 14, 1 << 13], np.int64)])
save("huge_tile", [node("Tile", "x t")], [tensor("t", [1 << 20, 1 << 20, 1, 1], np.int64)])
save("huge_range", [node("Range", "a b c")], [tensor("a", 0, np.int64), tensor("b", 2**62, np.int64), tensor("c", 1, np.int64)])
save("huge_pad", [node("Pad", "x p")], [tensor("p", [0, 0, 2**40, 2**40, 0, 0, 0, 0], np.int64)])
save("huge_product", [node("ConstantOfShape", "s", "a"), node("MatMul", "a a", "b"), node("MatMul", "b b")],
     [tensor("s", [8192, 8192], np.int64)])
save("huge_input", [node("Relu", "x")], x=(1 << 30, 1 << 30))
save("huge_kernel", [node("MaxPool", "x", kernel_shape=[1 << 20, 1 << 20], pads=[1 << 20] * 4)])
save("huge_stride", [node("MaxPool", "x", kernel_shape=[2, 2], strides=[2**31 - 1, 2**31 - 1])])
save("huge_resize", [node("Resize", "x r s")], [tensor("r", []), tensor("s", [1, 1, 1e6, 1e6])])
save("zero_dim", [node("Relu", "x")], x=(0, 2))
bad = TensorProto(name="w", data_type=F, dims=[-3, 2], raw_data=b"1234")
save("negative_dims", [node("Add", "x w")], [bad])
bad = TensorProto(name="w", data_type=F, dims=[1 << 31, 1 << 31, 1 << 31], raw_data=b"1234")
save("overflowing_dims", [node("Add", "x w")], [bad])
bad = TensorProto(name="w", data_type=F, dims=[2], raw_data=b"1234")
save("short_data", [node("Add", "x w")], [bad])
for number, place in enumerate(["../weights.bin", "/etc/passwd", "weights.bin", "a/../weights.bin", "", "weights.bin\0x"]):
    for offset in (0, 4, 1 << 40):
        outside = TensorProto(name="w", data_type=F, dims=[2], data_location=TensorProto.EXTERNAL)
        for key, value in (("location", place), ("offset", str(offset)), ("length", "8")):
            outside.external_data.add(key=key, value=value)
        save(f"external_{number}_{offset.bit_length()}", [node("Add", "x w")], [outside], x=(2,))
body = helper.make_graph([node("Relu", "x", "z")], "then", [], [helper.make_tensor_value_info("z", F, None)])
save("branches", [helper.make_node("If", ["c"], ["y"], then_branch=body, else_branch=body)], [tensor("c", True, bool)])
for _ in range(20):
    empty = helper.make_graph([], "e", [], [])
    body = helper.make_graph([helper.make_node("If", ["c"], ["z"], then_branch=body, else_branch=empty)], "deep", [],
                             [helper.make_tensor_value_info("z", F, None)])
save("nested", [helper.make_node("If", ["c"], ["y"], then_branch=body, else_branch=empty)], [tensor("c", True, bool)])
save("foreign_domain", [helper.make_node("Gelu", ["x"], ["y"], domain="com.microsoft")])
save("many", [node("Add", f"{'x' if i == 0 else f'v{i}'} {'x' if i == 0 else f'v{i}'}", f"v{i + 1}") for i in range(200)] +
     [node("Relu", "v200")])
print(f"{len(list(target.glob('*.onnx')))} models in {target}")
