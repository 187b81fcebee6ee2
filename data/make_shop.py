#!/usr/bin/env python3
"""Makes the sample shop: products, shoppers, their events, judged queries.

    python3 data/make_shop.py            writes the files beside this program
    python3 data/make_shop.py --check    compares them with what would be written, and tests their sense
    python3 data/make_shop.py --counts   prints the counts that data/README.md states

Standard library only; the same bytes on every run.
"""

import argparse
import json
import sys
from pathlib import Path

from shop.catalogue import Catalogue
from shop.check import complaints, counts
from shop.events import events
from shop.judgments import judge
from shop.queries import QUERIES
from shop.tastes import shoppers, taste_record

FOLDER = Path(__file__).resolve().parent


def lines(rows):
    return "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)


def shopper_record(shopper, names):
    record = {"id": shopper.id, "name": shopper.name, "sort": shopper.sort}
    return {**record, "taste": taste_record(shopper.taste, names)}


def make():
    """Everything the shop consists of: the records, and the files by name."""
    items = Catalogue().items
    people = shoppers()
    happened = events(items, people)
    judged = judge(QUERIES, items)
    names = {item.kind.key: item.kind.path[-1] for item in items}
    files = {
        "products.jsonl": lines(item.product for item in items),
        "shoppers.jsonl": lines(shopper_record(person, names) for person in people),
        "events.jsonl": lines(happened),
        "queries.tsv": "".join(f"q{n:03d}\t{q.text}\n" for n, q in enumerate(QUERIES, start=1)),
        "qrels.tsv": "".join(f"{query}\t{product}\t{grade}\n" for query, product, grade in judged),
    }
    return items, people, happened, judged, files


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare instead of writing; exit 1 on a difference")
    parser.add_argument("--counts", action="store_true", help="print the counts instead of writing")
    options = parser.parse_args()
    items, people, happened, judged, files = make()
    if options.counts:
        sys.stdout.write(counts(items, people, happened, judged))
        return 0
    if not options.check:
        for name, text in files.items():
            (FOLDER / name).write_bytes(text.encode())
        return 0
    wrong = complaints(items, people, happened, judged)
    for name, text in files.items():
        path = FOLDER / name
        if not path.exists() or path.read_bytes() != text.encode():
            wrong.append(f"{name} differs from what the generator makes; run python3 data/make_shop.py")
    sys.stderr.write("".join(f"{line}\n" for line in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
