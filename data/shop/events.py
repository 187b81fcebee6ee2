"""What the shoppers did in the 120 days before the end: sessions of searches, clicks and purchases."""

import json
import math
import re
from datetime import timedelta

from .catalogue import END
from .draw import Draw
from .sizes import shoe_label

DAYS = 120
SIZE_KEY = {"shoe": "shoe_eu", "letters": "top", "jeans": "trousers", "dress": "dress", "suit": "suit", "bra": "bra"}
BAND_PLACE = {"low": 0.15, "mid": 0.5, "high": 0.82}
TYPOS = (("nn", "n"), ("ea", "ae"), ("oo", "o"), ("ck", "k"), ("ss", "s"), ("er", "re"), ("in", "ni"))


def stamp(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class Shelf:
    """The catalogue as shoppers see it: by type, with each price's place among its peers."""

    def __init__(self, items):
        self.by_kind = {}
        for item in items:
            self.by_kind.setdefault(item.kind.key, []).append(item)
        self.place = {}
        for peers in self.by_kind.values():
            ranked = sorted(peers, key=lambda i: (i.product["price"], i.product["id"]))
            for rank, item in enumerate(ranked):
                self.place[item.product["id"]] = rank / max(1, len(ranked) - 1)

    def weight(self, item, taste):
        """How likely this shopper is to look at `item`, given the taste."""
        product = item.product
        if item.gender not in ("", "unisex", "kids", taste.gender) or product["brand"] in taste.disliked:
            return 0.0
        weight = product["popularity"] ** 0.6 * (1 + 60 * taste.brands.get(product["brand"], 0) ** 2)
        if product.get("color") in taste.colors:
            weight *= 7
        if taste.price_band:
            gap = self.place[product["id"]] - BAND_PLACE[taste.price_band]
            weight *= math.exp(-gap * gap / 0.07)
        return weight if fitting(item, taste) else weight * 0.08

    def choose(self, draw, kind, taste, moment, used=()):
        """A product of the type that was on sale at that moment, or None."""
        peers = [
            i for i in self.by_kind[kind] if i.product["created_at"] < stamp(moment) and i.product["id"] not in used
        ]
        weights = [self.weight(i, taste) for i in peers]
        return draw.weighted(peers, weights) if sum(weights) > 0 else None


def own_size(item, taste):
    """The label of the shopper's size on this product, or None where size is no matter of fit."""
    if item.system == "shoe":
        return shoe_label(item.product["brand"], float(taste.sizes["shoe_eu"]), item.gender)
    if item.system in SIZE_KEY:
        return taste.sizes.get(SIZE_KEY[item.system])
    for variant in item.product["variants"]:
        span = re.fullmatch(r"(3\d|4\d)-(3\d|4\d)", variant.get("size", ""))
        if span and float(span[1]) <= float(taste.sizes["shoe_eu"]) <= float(span[2]):
            return variant["size"]
    return None


def fitting(item, taste, other_size=""):
    """The variant in the shopper's size (or in `other_size`), in stock if possible."""
    label = other_size or own_size(item, taste)
    variants = [v for v in item.product["variants"] if label is None or v.get("size") == label]
    in_stock = [v for v in variants if v["stock"] > 0]
    if label is None or in_stock:
        return in_stock[0] if in_stock else None
    return None


def neighbour(item, taste):
    """A size next to the shopper's own, for those who order the wrong one."""
    labels = [v.get("size") for v in item.product["variants"]]
    own = own_size(item, taste)
    if own not in labels:
        return None
    at = labels.index(own)
    return labels[at + 1] if at + 1 < len(labels) else labels[at - 1] if at else None


def query_text(draw, item, taste):
    """What a shopper types when looking for something like `item`, now and then misspelt."""
    noun = re.sub(r"\d.*|\(.*|-Pack|3-|5-", "", item.line.nouns[0].split("{")[0]).strip().lower()
    category = item.kind.path[-1].lower()
    if not noun or ("&" not in category and draw.chance(0.3)):
        noun = category
    text = noun
    if taste.brands and item.product["brand"] in taste.brands and draw.chance(0.4):
        text = f"{item.product['brand'].lower()} {noun}"
    elif taste.colors and draw.chance(0.2):
        text = f"{taste.colors[0]} {noun}"
    elif item.gender in ("men", "women") and draw.chance(0.25):
        text = f"{item.gender}s {noun}"
    if draw.chance(0.08):
        for right, wrong in TYPOS:
            if right in text:
                return text.replace(right, wrong, 1)
    return text


class Diary:
    """Writes one shopper's events."""

    def __init__(self, shopper, shelf):
        self.shopper = shopper
        self.shelf = shelf
        self.draw = Draw("events", shopper.id)
        self.events = []
        self._sessions = 0
        self._queries = 0
        self._owned = set()  # nobody buys the same pair of shoes twice
        # An anonymous visitor has one session only; half of them sign in at the end of it.
        self.identity = shopper.id if shopper.sort != "anonymous" else None

    def add(self, kind, moment, session, **more):
        event = {"type": kind}
        if self.identity:
            event["shopper"] = self.identity
        event.update({"session": session, "index": "shop", **more, "timestamp": stamp(moment)})
        self.events.append(event)

    def about(self, item, variant=None):
        fields = {"product_id": item.product["id"]}
        if variant:
            fields["variant_sku"] = variant["sku"]
        return fields

    def session_id(self):
        self._sessions += 1
        return f"{self.shopper.id}-{self._sessions:02d}"

    def visit(self, moment, kind, taste, buy=None):
        """One session about one type: a search or a browse, some looking, perhaps a purchase."""
        draw, session = self.draw, self.session_id()
        seen, found, query_id = [], {}, None
        for _ in range(draw.whole(1, 4)):
            item = self.shelf.choose(draw, kind, taste, moment, self._owned.union(seen))
            if item is None:
                break
            if not seen and draw.chance(0.75):
                self._queries += 1
                query_id = f"q-{self.shopper.id}-{self._queries:02d}"
                self.add("search", moment, session, query=query_text(draw, item, taste), query_id=query_id)
                moment += timedelta(seconds=draw.whole(4, 25))
            if query_id:
                found = {"query_id": query_id, "position": 1 + int(12 * draw.unit() ** 2)}
            seen.append(item.product["id"])
            self.add("click" if query_id else "view", moment, session, **self.about(item), **found)
            moment += timedelta(seconds=draw.whole(15, 140))
            if query_id and draw.chance(0.3):
                self.add("view", moment, session, **self.about(item))
                moment += timedelta(seconds=draw.whole(20, 90))
            if draw.chance(0.1):
                self.add("favorite", moment, session, **self.about(item))
                moment += timedelta(seconds=draw.whole(3, 20))
        if seen and self.shopper.sort == "dismisser":
            self._dismiss(moment, session, kind, taste)
        if seen and (draw.chance(0.34) if buy is None else buy):
            item = next(i for i in self.shelf.by_kind[kind] if i.product["id"] == seen[-1])
            self.buy(moment + timedelta(seconds=30), session, item, taste)
        elif seen and draw.chance(0.15):
            item = next(i for i in self.shelf.by_kind[kind] if i.product["id"] == seen[-1])
            variant = fitting(item, taste)
            if variant:
                self.add(
                    "add_to_cart",
                    moment + timedelta(seconds=20),
                    session,
                    **self.about(item, variant),
                    quantity=1,
                    price=variant["price"],
                )

    def _dismiss(self, moment, session, kind, taste):
        """Waves away a product of a brand the shopper cannot stand."""
        unloved = [
            i
            for i in self.shelf.by_kind[kind]
            if i.product["brand"] in taste.disliked
            and i.gender in ("", "unisex", taste.gender)
            and i.product["created_at"] < stamp(moment)
        ]
        if unloved:
            item = self.draw.weighted(unloved, [i.product["popularity"] for i in unloved])
            self.add("dismiss", moment, session, **self.about(item))

    def buy(self, moment, session, item, taste, quantity=1):
        """Cart and purchase, in the shopper's size; returners first order a size next to it."""
        wrong = neighbour(item, taste) if self.shopper.sort == "returner" and self.draw.chance(0.6) else None
        variant = fitting(item, taste, wrong or "")
        if variant is None:
            return
        self.add("add_to_cart", moment, session, **self.about(item, variant), quantity=quantity, price=variant["price"])
        moment += timedelta(seconds=self.draw.whole(40, 400))
        if item.product["category"][0] != "Groceries":
            self._owned.add(item.product["id"])
        self.add("purchase", moment, session, **self.about(item, variant), quantity=quantity, price=variant["price"])
        if wrong or self.draw.chance(0.04):
            self._send_back(moment + timedelta(days=self.draw.whole(3, 8)), item, variant, taste, again=bool(wrong))

    def _send_back(self, moment, item, variant, taste, again):
        if moment >= END - timedelta(days=1):
            return
        session = self.session_id()
        self.add("return", moment, session, **self.about(item, variant), quantity=1, price=variant["price"])
        right = fitting(item, taste)
        if again and right:
            self.add(
                "purchase",
                moment + timedelta(minutes=4),
                session,
                **self.about(item, right),
                quantity=1,
                price=right["price"],
            )

    def shop_groceries(self):
        """The same staples every week or two, with a new thing now and then."""
        draw, taste = self.draw, self.shopper.taste
        start = END - timedelta(days=DAYS - draw.whole(1, 7), hours=draw.whole(2, 12))
        staples = [self.shelf.choose(draw, k, taste, start) for k in taste.kinds]
        staples = [s for s in staples if s]
        moment, rhythm = start, draw.whole(7, 14)
        while moment < END - timedelta(days=1) and len(self.events) < self.shopper.events + 8:
            session = self.session_id()
            for item in draw.some(staples, draw.whole(1, 3)):
                self.buy(moment, session, item, taste, quantity=draw.pick((1, 1, 2, 3)))
                moment += timedelta(minutes=draw.whole(8, 12))
            if draw.chance(0.3):
                self.visit(moment + timedelta(hours=1), draw.pick(taste.kinds), taste)
            moment += timedelta(days=rhythm, minutes=draw.whole(-600, 600))

    def write(self):
        """All events of this shopper, oldest first."""
        draw, shopper = self.draw, self.shopper
        if shopper.sort == "grocery-repeat":
            self.shop_groceries()
        elif shopper.sort == "anonymous":
            self._pass_by()
        elif shopper.sort == "one-event":
            item = self.shelf.choose(draw, shopper.taste.kinds[0], shopper.taste, END - timedelta(days=DAYS))
            moment = END - timedelta(hours=draw.whole(30, 24 * DAYS - 30))
            self.add(draw.pick(("click", "view", "purchase")), moment, self.session_id(), **self._bare(item))
        else:
            self._long_term()
        self.events.sort(key=lambda e: e["timestamp"])
        return self.events

    def _bare(self, item):
        variant = fitting(item, self.shopper.taste)
        return {**self.about(item, variant), **({"price": variant["price"]} if variant else {})}

    def _long_term(self):
        draw, shopper = self.draw, self.shopper
        devoted = shopper.sort == "demo"
        gaps = [draw.unit() for _ in range(max(3, shopper.events // 4))]
        moments = sorted(
            END - timedelta(days=DAYS - 1, seconds=0) + timedelta(seconds=g * (DAYS - 2) * 86400) for g in gaps
        )
        gift_at = len(moments) // 2 if shopper.taste.gift else -1
        for index, moment in enumerate(moments):
            moment = moment.replace(hour=7 + int(15 * draw.bell()), microsecond=0)
            taste = shopper.taste
            if taste.drift and index >= len(moments) / 2:
                taste = taste.drift
            kind = taste.kinds[0] if draw.chance(0.7 if devoted else 0.25) else draw.pick(taste.kinds)
            self.visit(moment, kind, taste, buy=draw.chance(0.6) if devoted else None)
            if index == gift_at:
                self._give(moment + timedelta(hours=1), shopper.taste)

    def _give(self, moment, taste):
        """One purchase far off the shopper's own taste, for somebody else."""
        anybody = type(taste)("women" if taste.gender == "men" else "men", (taste.gift,), taste.sizes)
        item = self.shelf.choose(self.draw, taste.gift, anybody, moment)
        variant = item and next((v for v in item.product["variants"] if v["stock"] > 0), None)
        if variant:
            session = self.session_id()
            self.add("click", moment, session, **self.about(item))
            self.add(
                "purchase",
                moment + timedelta(minutes=3),
                session,
                **self.about(item, variant),
                quantity=1,
                price=variant["price"],
            )

    def _pass_by(self):
        """One anonymous session; every second visitor signs in before leaving."""
        draw, taste = self.draw, self.shopper.taste
        moment = END - timedelta(hours=draw.whole(24, 24 * DAYS - 24))
        while len(self.events) < self.shopper.events:
            self.visit(moment, taste.kinds[0] if draw.chance(0.7) else taste.kinds[1], taste, buy=False)
            moment += timedelta(minutes=draw.whole(5, 9))
            self._sessions = 0
        if draw.chance(0.5):
            self.identity = self.shopper.id
            self.visit(moment, taste.kinds[0], taste, buy=True)


def events(items, people):
    """All events of all shoppers, oldest first."""
    shelf = Shelf(items)
    rows = [event for person in people for event in Diary(person, shelf).write()]
    return sorted(rows, key=lambda e: (e["timestamp"], json.dumps(e, sort_keys=True)))
