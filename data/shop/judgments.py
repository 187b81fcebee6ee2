"""Judged queries: each query carries rules from which its judgments follow.

A rule is (grade, condition); the first rule that a product meets decides. Grade 3 is what was
asked for, 2 a good substitute that misses one wish, 1 related or useful beside it, and 0 a trap:
a product that shares words with the query and is not what was meant. A product that meets no
rule is not listed, which counts as 0. No search engine has a part in this.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Query:
    sort: str
    text: str
    rules: tuple


def query(sort, text, *rules):
    return Query(sort, text, rules)


def where(
    kinds="",
    line="",
    brand="",
    color="",
    gender="",
    tag="",
    title="",
    material="",
    size="",
    sku="",
    family="",
    under=None,
    over=None,
    **attrs,
):
    """A condition on what the generator knows; lists are separated by spaces, `|` in `title`.

    An attribute is compared with a value, or with a function of the value.
    """
    kinds, lines = kinds.split(), line.split()

    def meets(item):
        product = item.product
        found = product["attributes"]
        return (
            (not kinds or item.kind.key in kinds)
            and (not lines or item.line.name in lines)
            and (not brand or product["brand"] == brand)
            and (not color or product.get("color") in color.split("|"))
            and (not gender or item.gender in (gender, "unisex"))
            and (not tag or tag in product["tags"])
            and (not title or re.search(title, product["title"], re.IGNORECASE) is not None)
            and (not material or re.search(material, str(found.get("material", "")), re.IGNORECASE) is not None)
            and (not size or any(v.get("size") == size for v in product["variants"]))
            and (not sku or product["sku"] == sku)
            and (not family or item.family == family)
            and (under is None or product["price"] < under)
            and (over is None or product["price"] > over)
            and all(_same(found.get(name), wanted) for name, wanted in attrs.items())
        )

    return meets


def _same(value, wanted):
    if callable(wanted):
        return value is not None and wanted(value)
    return value == wanted


def judge(queries, items):
    """Rows (query id, product id, grade), by query, best grade first, then product id."""
    rows = []
    for number, asked in enumerate(queries, start=1):
        graded = []
        for item in items:
            grade = next((grade for grade, meets in asked.rules if meets(item)), None)
            if grade is not None:
                graded.append((-grade, item.product["id"]))
        rows += [(f"q{number:03d}", product, -grade) for grade, product in sorted(graded)]
    return rows
