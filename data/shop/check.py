"""Tests whether the sample shop makes sense, and counts what is in it."""

from collections import Counter, defaultdict
from datetime import timedelta

from .catalogue import END
from .events import DAYS, stamp
from .queries import QUERIES

START = stamp(END - timedelta(days=DAYS))
STANDING = ("work-clog", "work-shoe", "comfort-shoe")


def complaints(items, people, happened, judged):
    """What is wrong with the shop, one sentence each; empty if all is well."""
    return (
        _about_products(items)
        + _about_events(items, people, happened)
        + _about_judgments(judged)
        + _about_the_demonstration(items)
    )


def _about_products(items):
    wrong = []
    for field in ("id", "sku", "gtin"):
        twice = [v for v, n in Counter(i.product[field] for i in items).items() if n > 1]
        wrong += [f"{field} {value} is used twice" for value in twice]
    skus = Counter(v["sku"] for i in items for v in i.product["variants"])
    wrong += [f"variant {sku} is used twice" for sku, n in skus.items() if n > 1]
    for item in items:
        product = item.product
        if product["stock"] != sum(v["stock"] for v in product["variants"]):
            wrong.append(f"{product['id']}: stock is not the sum of its variants")
        if sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(product["gtin"])) % 10:
            wrong.append(f"{product['id']}: the check digit of {product['gtin']} is wrong")
        if "{" in product["title"] + product["description"]:
            wrong.append(f"{product['id']}: a placeholder was left unfilled")
        if not 2 <= product["description"].count(". ") + 1 <= 7:
            wrong.append(f"{product['id']}: description too short or too long")
    return wrong


def _about_events(items, people, happened):
    wrong = []
    products = {i.product["id"]: i.product for i in items}
    known = {p.id for p in people}
    for event in happened:
        product = products.get(event.get("product_id"))
        if event["type"] == "search":
            if not event.get("query"):
                wrong.append(f"a search at {event['timestamp']} has no query")
            continue
        if not START <= event["timestamp"] < stamp(END):
            wrong.append(f"an event at {event['timestamp']} is outside the {DAYS} days")
        if product is None or product["created_at"] > event["timestamp"]:
            wrong.append(f"an event at {event['timestamp']} is about a product not on sale")
        elif "variant_sku" in event and event["variant_sku"] not in {v["sku"] for v in product["variants"]}:
            wrong.append(f"{event['variant_sku']} is no variant of {product['id']}")
        if event.get("shopper", "s001") not in known:
            wrong.append(f"{event['shopper']} is nobody")
    return wrong


def _about_judgments(judged):
    best = defaultdict(int)
    for query, _, grade in judged:
        best[query] = max(best[query], grade)
    return [f"{q.text!r} has no product of grade 3" for n, q in enumerate(QUERIES, start=1) if best[f"q{n:03d}"] < 3]


def _about_the_demonstration(items):
    """The three queries of the demonstration need enough products to choose from."""
    running = [i for i in items if i.kind.key == "running-shoe"]
    standing = [i for i in items if i.kind.key in STANDING]
    warm = [i for i in items if i.kind.key == "winter-jacket"]
    enough = {
        "60 running shoes": len(running) >= 60,
        "6 brands of running shoes": len({i.product["brand"] for i in running}) >= 6,
        "25 shoes for standing all day": len(standing) >= 25,
        "25 warm jackets under 100": sum(i.product["price"] < 100 for i in warm) >= 25,
        "25 warm jackets above 100": sum(i.product["price"] > 100 for i in warm) >= 25,
    }
    return [f"fewer than {name}" for name, met in enough.items() if not met]


def _pairs(items, happened, shopper):
    """How many running shoes of each brand the shopper bought."""
    running = {i.product["id"]: i.product["brand"] for i in items if i.kind.key == "running-shoe"}
    bought = [e["product_id"] for e in happened if e["type"] == "purchase" and e.get("shopper") == shopper]
    return Counter(running[p] for p in bought if p in running)


def _demonstration_counts(items, happened):
    running = [i.product for i in items if i.kind.key == "running-shoe"]
    warm = [i.product["price"] for i in items if i.kind.key == "winter-jacket"]
    return [
        ("running shoes", len(running)),
        ("brands of running shoes", len({p["brand"] for p in running})),
        ("shoes for standing all day", sum(i.kind.key in STANDING for i in items)),
        ("warm jackets under 100", sum(price < 100 for price in warm)),
        ("warm jackets of 100 and more", sum(price >= 100 for price in warm)),
        *(
            (f"pairs bought by {shopper}: {brand}", n)
            for shopper in ("s001", "s002")
            for brand, n in _pairs(items, happened, shopper).most_common()
        ),
    ]


def counts(items, people, happened, judged):
    """The counts that the README states, one per line."""
    products = [i.product for i in items]
    grades = Counter(grade for _, _, grade in judged)
    tops = Counter(p["category"][0] for p in products)
    rows = [
        ("products", len(products)),
        ("product types", len({i.kind.key for i in items})),
        ("brands", len({p["brand"] for p in products})),
        ("category paths", len({tuple(p["category"]) for p in products})),
        ("variants", sum(len(p["variants"]) for p in products)),
        ("variants out of stock", sum(v["stock"] == 0 for p in products for v in p["variants"])),
        ("products out of stock", sum(p["stock"] == 0 for p in products)),
        *((f"products in {name}", n) for name, n in sorted(tops.items())),
        ("shoppers", len(people)),
        *((f"shoppers: {sort}", n) for sort, n in Counter(p.sort for p in people).items()),
        ("events", len(happened)),
        *((f"events: {kind}", n) for kind, n in Counter(e["type"] for e in happened).most_common()),
        ("events without a shopper", sum("shopper" not in e for e in happened)),
        ("queries", len(QUERIES)),
        *((f"queries: {sort}", n) for sort, n in Counter(q.sort for q in QUERIES).items()),
        ("judgments", len(judged)),
        *((f"judgments of grade {g}", grades[g]) for g in (3, 2, 1, 0)),
    ]
    rows += _demonstration_counts(items, happened)
    return "".join(f"{name}\t{number}\n" for name, number in rows)
