"""Turns the tables into products.

A family is one model of one brand; its products differ in colour or edition only, as
near-duplicates do in every real shop. `Item` keeps what the generator knows about a product
(type, line, family), which is what the judgments and the shoppers' tastes are derived from.
"""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from .brands import LEVEL_AND_FAME
from .draw import Draw
from .kinds import Kind, Line, Num
from .sizes import sizes
from .tables import KINDS

END = datetime(2026, 11, 1)

# The types that the demonstration leans on keep their full count; the others are thinned.
FULL = {"running-shoe", "work-clog", "work-shoe", "comfort-shoe", "winter-jacket"}
THINNED = 0.63

# A colour named twice is twice as common.
PALETTES = {
    "basic": ("black", "black", "white", "white", "grey", "navy", "blue", "red", "green", "beige", "pink"),
    "sport": (
        "black",
        "black",
        "black",
        "blue",
        "blue",
        "blue",
        "white",
        "white",
        "grey",
        "red",
        "green",
        "orange",
        "pink",
        "yellow",
        "purple",
    ),
    "earth": ("brown", "black", "beige", "green", "navy", "grey", "red"),
    "work": ("white", "black", "navy", "green", "grey"),
    "outdoor": ("black", "black", "navy", "green", "red", "beige", "blue", "orange", "grey"),
    "leather": ("black", "brown", "cognac", "navy", "burgundy"),
    "dressy": ("black", "black", "navy", "red", "green", "beige", "pink", "white", "burgundy"),
    "denim": ("blue", "black", "light blue", "grey", "dark blue"),
    "dark": ("black", "grey", "navy", "blue"),
    "tech": ("black", "black", "white", "silver", "grey", "blue"),
    "metal": ("silver", "black", "gold", "rose gold"),
    "gadget": ("black", "black", "grey", "silver", "white"),
    "pots": ("silver", "black", "red", "green"),
    "home": ("white", "grey", "beige", "green", "terracotta", "blue"),
    "tools": ("green", "blue", "yellow", "black"),
}
SUFFIXES = ("", "Plus", "Lite", "Pro", "Neo", "Classic", "Max", "Air", "Evo", "Sport")
WHO = {"men": "Men's ", "women": "Women's "}
TITLES_WORN = (
    "{brand} {model} {who}{noun}",
    "{brand} {model} {who}{noun}",
    "{brand} {model} {who}{noun}, {color}",
    "{brand} {who}{noun} {model}",
    "{who}{noun} {brand} {model} – {color}",
)
TITLES_PLAIN = (
    "{brand} {noun} {model}",
    "{brand} {model} {noun}",
    "{brand} {noun} {model}, {color}",
    "{noun} – {brand} {model}",
)

# A tag is left out where the material contradicts it.
CONTRADICTS = {
    "vegan": r"(?<!imitation )leather|suede|nubuck|wool|(?<!synthetic )down|feather|silk|cashmere|alpaca|merino|beeswax|lambs",
    "organic": r"poly|lyocell|satin|viscose|memory|micro|latex|feather|modal|synthetic|buckwheat|chiffon",
    "plastic-free": r"Tritan|silicone|plastic",
    "recycled": r"leather|suede|recycled",
    "latex-free": r"rubber",
    "PVC-free": r"cork",
    "compostable": r"silicone|clear|glass|imitation",
    "mulesing-free": r"cotton|alpaca|cashmere",
    "BPA-free": r"steel|glass|aluminium",
}


@dataclass
class Item:
    """A product, and what the generator knows about it beyond the record."""

    product: dict
    kind: Kind
    line: Line
    family: str
    system: str  # size system of the variants
    gender: str
    appeal: float


@dataclass
class Family:
    """What all colourways and editions of one model share."""

    kind: Kind
    line: Line
    brand: str
    model: str
    version: int
    gender: str
    attrs: dict
    noun: str
    title: str
    description: str
    tags: list
    price: float
    code: str


def resolve(draw, attrs):
    """Draws a value for every attribute; answers values and relative positions (0 to 1)."""
    values, places = {}, {}
    for name, choices in attrs.items():
        if isinstance(choices, Num):
            index = draw.whole(0, choices.steps())
            values[name], places[name] = choices.at(index), index / max(1, choices.steps())
        elif isinstance(choices, tuple):
            index = draw.whole(0, len(choices) - 1)
            values[name], places[name] = choices[index], index / max(1, len(choices) - 1)
        else:
            values[name], places[name] = choices, 0.5
    return values, places


def shelf_price(amount):
    """Rounds to what stands on a price tag."""
    if amount < 10:
        return round(max(0.39, round(amount * 10) / 10 - 0.01), 2)
    if amount < 150:
        return round(round(amount) - (0.05 if round(amount) % 3 else 0.01), 2)
    return round(round(amount / 5) * 5 - (1 if round(amount) % 4 else 0.01), 2)


def gtin(number):
    """A GTIN-13 of the in-store range (prefix 200) with its check digit."""
    digits = f"200{number:09d}"
    total = sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(digits))
    return digits + str(-total % 10)


def sentence(text, values):
    text = text.format_map(values)
    return text[0].upper() + text[1:]


def describe(draw, kind, line, values):
    """Two to four sentences, and the tags that some of them state."""
    material = f'{values.get("material", "")} {values.get("fill", "")}'.strip()
    stated = []
    for tag, probability, text in kind.options:
        clash = re.search(CONTRADICTS.get(tag, "^$"), material) if material else None
        if draw.chance(probability) and not clash and tag not in line.tags and len(stated) < 2:
            stated.append((tag, text))
    # A second pitch, where there is one, says the use in other words.
    parts = draw.some(line.pitch, draw.pick((1, 2))) + [draw.pick(line.make or kind.make)]
    stated = stated[: 4 - len(parts)]
    room = 4 - len(parts) - len(stated)
    parts += draw.some(line.extra or kind.extra, draw.whole(1, max(1, room)) if room else 0)
    parts += [text for _, text in stated]
    tags = list(line.tags) + [tag for tag, _ in stated]
    return " ".join(sentence(p, values) for p in parts), tags


class Catalogue:
    """Builds all products; remembers which model names and codes are taken."""

    def __init__(self):
        self.items = []
        self._models = {}  # (kind, model word) -> brand
        self._names = set()
        self._codes = set()
        self._titles = set()
        for kind in KINDS:
            self._fill(kind)
        self._rank()

    def _fill(self, kind):
        count = kind.count if kind.key in FULL else max(8, round(kind.count * THINNED))
        made, index = 0, 0
        used = Counter()  # (brand or nothing, line) -> families
        while made < count:
            draw = Draw(kind.key, index)
            family = self._family(draw, kind, index, used)
            index += 1
            for edition in self._editions(draw, family):
                made += self._colourways(draw, edition, count - made)

    def _family(self, draw, kind, index, used):
        turn = kind.brands[index % len(kind.brands)] if kind.in_turn else ""
        line = min(kind.lines, key=lambda l: (used[turn, l.name] + 0.5) / l.share)  # every line gets its share
        used[turn, line.name] += 1
        brands = line.brands or kind.brands
        brand = turn or draw.weighted(brands, [LEVEL_AND_FAME[b][1] for b in brands])
        lead = kind.lead if index == 0 else ()
        genders = line.genders or kind.genders
        gender = draw.pick(genders) if genders else ""
        values, places = resolve(draw, {**kind.attrs, **line.attrs})
        noun = draw.pick(line.nouns).format_map(values)
        model = lead[1] if lead else self._model(draw, kind, line, brand, noun)
        self._models.setdefault((kind.key, model), brand)
        version = 1 if lead else draw.pick((1, 2, 2, 3, 4)) if kind.versions else 0
        description, tags = describe(
            Draw(kind.key, index, "text"), kind, line, {**values, "taste": str(values.get("flavour", "")).lower()}
        )
        if gender:
            values["gender"] = gender
        if kind.season:
            values.setdefault("season", kind.season)
        return Family(
            kind,
            line,
            brand,
            model,
            version,
            gender,
            values,
            noun,
            self._pattern(draw, kind, gender),
            description,
            tags,
            self._price(draw, kind, line, brand, places),
            self._code(brand, model or noun, version),
        )

    def _pattern(self, draw, kind, gender):
        return draw.pick(kind.titles or (TITLES_WORN if gender else TITLES_PLAIN))

    def _model(self, draw, kind, line, brand, noun):
        """A model name that no other brand has taken for this type, as far as the words last."""
        words = line.models or kind.models
        if not words:
            return ""
        free = [w for w in words if self._models.get((kind.key, w), brand) == brand] or list(words)
        for suffix in SUFFIXES:
            for word in draw.shuffled(free):
                name = f"{word} {suffix}".strip()
                if (brand, noun, name) not in self._names and (not kind.versions or (brand, name) not in self._names):
                    self._models.setdefault((kind.key, word), brand)
                    self._names.update({(brand, noun, name), (brand, name)})
                    return name
        return draw.pick(words)

    def _price(self, draw, kind, line, brand, places):
        low, high = kind.price
        place = (LEVEL_AND_FAME[brand][0] - 1) * 0.3 + draw.bell() * 0.4
        if kind.scale:
            place = 0.5 * place + 0.5 * places[kind.scale]
        return low * (high / low) ** place * line.cost

    def _code(self, brand, model, version):
        """Letters of the model and a digit, as manufacturers print them: Aero Flow 1 is AF1."""
        words = re.findall(r"[A-Za-z]+", model) or ["X"]
        letters = "".join(w[0] for w in words[:2]).upper() if len(words) > 1 else words[0][:2].upper()
        number = version or 1
        while f"{letters}{number}" in self._codes:
            number += 1
            if number == 10:
                letters = brand[0].upper() + letters
        self._codes.add(f"{letters}{number}")
        return f"{letters}{number}"

    def _editions(self, draw, family):
        """The family for one or both sexes, and for some its successor with the next version number."""
        yield family
        other = {"men": "women", "women": "men"}.get(family.gender)
        if family.kind.in_turn and other:
            yield Family(
                **{
                    **family.__dict__,
                    "gender": other,
                    "attrs": {**family.attrs, "gender": other},
                    "code": self._code(family.brand, family.model, family.version),
                }
            )
        if family.version and draw.chance(0.35):
            version = family.version + 1
            yield Family(
                **{
                    **family.__dict__,
                    "version": version,
                    "price": family.price * 1.08,
                    "code": self._code(family.brand, family.model, version),
                }
            )

    def _colourways(self, draw, family, room):
        kind = family.kind
        palette = list(dict.fromkeys(draw.shuffled(PALETTES[kind.colors]))) if kind.colors else [""]
        if family.gender == "men":
            palette = [c for c in palette if c not in ("pink", "purple")]
        wanted = 3 if kind.lead and len(self.items) == 0 else 1 + int(draw.unit() * 2 * (kind.family - 1) + draw.unit())
        made = 0
        for color in palette[: max(1, min(wanted, room))]:
            made += self._product(draw, family, color, palette, made + 1)
        return made

    def _product(self, draw, family, color, palette, sequence):
        kind, line = family.kind, family.line
        system = line.sizes or kind.sizes
        offered = sizes(system, draw, family.gender, family.brand)
        colors = [color] + ([palette[-1]] if color and draw.chance(kind.mix) and palette[-1] != color else [])
        title = self._title(family, color, offered)
        if title is None:
            return 0
        sku = f"{family.code}-{sequence:03d}"
        base = family.price * (1, 1, 1, 0.85)[draw.whole(0, 3)] if sequence > 1 else family.price
        variants = self._variants(draw, sku, offered, colors, base)
        product = {
            "id": f"p{len(self.items) + 1:04d}",
            "title": title,
            "description": family.description,
            "brand": family.brand,
            "category": list(kind.path) + ([line.tail] if line.tail else []),
            "price": variants[0]["price"],
            "currency": "EUR",
        }
        if color:
            product["color"] = color
        product.update(
            {
                "rating": 0,
                "rating_count": 0,
                "popularity": 0,
                "sku": sku,
                "gtin": gtin(1000 + 7 * len(self.items)),
                "url": f"/p/p{len(self.items) + 1:04d}",
                "created_at": self._created(draw, family),
                "stock": sum(v["stock"] for v in variants),
                "margin": round(min(0.8, max(0.04, kind.margin + 0.2 * (draw.bell() - 0.5))), 2),
                "tags": family.tags,
                "attributes": {k: v for k, v in family.attrs.items() if v not in (0, "none")},
                "variants": variants,
            }
        )
        fame = LEVEL_AND_FAME[family.brand][1]
        appeal = kind.appeal * fame * (0.05 + draw.unit()) ** -0.8
        self.items.append(Item(product, kind, line, family.code, system, family.gender, appeal))
        return 1

    def _title(self, family, color, offered):
        """The title after the family's pattern, or None if the same one is already in the shop."""
        model = f"{family.model} {family.version}" if family.version else family.model
        who = "" if "Kids" in family.noun or "without" in family.title else WHO.get(family.gender, "")
        flavour = str(family.attrs.get("flavour", ""))
        pattern = family.title
        if not color:
            pattern = pattern.replace(", {color}", "").replace(" – {color}", "")
        if not flavour or flavour in family.noun or flavour.islower():
            pattern = pattern.replace("{flavour}", "")
        text = pattern.format(
            brand=family.brand,
            model=model,
            who=who,
            noun=family.noun,
            color=color.title(),
            size=offered[0][0],
            flavour=flavour,
            sku=family.code,
        )
        text = re.sub(r"\s+", " ", text).strip(" –")
        same = (text, color, family.attrs.get("flavour"))
        if same in self._titles or (not color and text in self._titles):
            return None
        self._titles.update({same, text})
        return text

    def _variants(self, draw, sku, offered, colors, base):
        sold_out = draw.chance(0.045)
        deep = 2 if len(offered) < 4 else 1
        variants = []
        for shade in colors:
            for label, factor in offered:
                stock = 0 if sold_out or draw.chance(0.1) else 1 + int(14 * deep * draw.unit() ** 2)
                slug = re.sub(r"[^A-Za-z0-9.]+", "", label.replace("/", "").replace("one size", "OS")) or "1"
                suffix = f"-{slug}" + (f"-{shade[:4].upper()}" if len(colors) > 1 else "")
                variant = {"sku": sku + suffix}
                if label:
                    variant["size"] = label
                if shade:
                    variant["color"] = shade
                variant.update({"price": shelf_price(base * factor), "stock": stock})
                variants.append(variant)
        return variants

    def _created(self, draw, family):
        """Within three years before the end; later editions are younger."""
        span_days = 1090 / (1 + 0.6 * max(0, family.version - 1))
        minutes = int((0.5 + span_days * draw.unit() ** 0.8) * 24 * 60)
        return (END - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:00Z")

    def _rank(self):
        """Popularity falls with the rank as in Zipf's law; ratings follow it loosely."""
        order = sorted(self.items, key=lambda i: (-i.appeal, i.product["id"]))
        for rank, item in enumerate(order, start=1):
            draw = Draw("rating", item.product["id"])
            level = LEVEL_AND_FAME[item.product["brand"]][0]
            popularity = max(1, round(12000 / (rank + 3) ** 0.78))
            item.product["popularity"] = popularity
            item.product["rating"] = round(min(4.9, 3.0 + 0.15 * level + 1.7 * draw.bell()), 1)
            item.product["rating_count"] = int(popularity * (0.1 + 0.6 * draw.unit()))
            if item.product["rating_count"] == 0:
                del item.product["rating"]
