"""Size systems: which sizes a product is sold in, and what each costs.

Every function answers a list of (label, price factor), smallest first.
"""

import re

LETTERS = ("XS", "S", "M", "L", "XL", "XXL")
BED = ("80x200 cm", "90x200 cm", "140x200 cm", "160x200 cm", "180x200 cm")
DUVET = ("135x200 cm", "155x220 cm", "200x200 cm", "240x220 cm")

# Brands that label their shoes the British or the American way.
UK_SHOES = {"Hoxley", "Cobblane"}
US_SHOES = {"Fjellrun"}

_EU_RANGE = {"men": (40, 47), "women": (36, 42), "unisex": (36, 46)}


def eu_label(size):
    return str(int(size)) if size == int(size) else str(size)


def uk_label(eu, gender):
    """British size: men's 44 is UK 9.5, women's 39 is UK 6."""
    size = eu - 34.5 if gender != "women" else eu - 33
    return "UK " + eu_label(size)


def us_label(eu, gender):
    """American size: one above the British for men, two for women."""
    size = eu - 33.5 if gender != "women" else eu - 31
    return "US " + eu_label(size)


def shoe_label(brand, eu, gender):
    """How `brand` prints the European size `eu`."""
    if brand in UK_SHOES:
        return uk_label(eu, gender)
    if brand in US_SHOES:
        return us_label(eu, gender)
    return eu_label(eu)


def _shoe(draw, gender, brand):
    low, high = _EU_RANGE[gender or "unisex"]
    high += draw.pick((0, 0, 0, 1)) if gender != "women" else 0
    sizes = [float(s) for s in range(low, high + 1)]
    if draw.chance(0.2):  # half sizes in the middle, where most feet are
        middle = (low + high) // 2
        sizes += [middle - 0.5, middle + 0.5, middle + 1.5]
    elif draw.chance(0.3):
        sizes = sizes[1:]
    return [(shoe_label(brand, s, gender), 1) for s in sorted(sizes)]


def _kids_shoe(draw, *_):
    low = draw.pick((22, 25, 28))
    return [(str(s), 1) for s in range(low, low + 8)]


def _kids(*_):
    return [(str(s), 1) for s in (98, 104, 110, 116, 128, 140)]


def _letters(draw, *_):
    first = draw.pick((0, 0, 1, 1, 1))
    last = draw.pick((5, 6, 6))
    return [(s, 1) for s in LETTERS[first:last]]


def _jeans(draw, gender, _brand):
    waists = (29, 30, 31, 32, 33, 34, 36, 38) if gender != "women" else (25, 26, 27, 28, 29, 30, 31, 32)
    first = draw.whole(0, 2)
    lengths = draw.pick(((32,), (32, 34), (30, 32)))
    return [(f"W{w}/L{l}", 1) for w in waists[first : first + 6] for l in lengths]


def _dress(draw, *_):
    last = draw.pick((44, 46))
    return [(str(s), 1) for s in range(34, last + 1, 2)]


def _suit(*_):
    return [(str(s), 1) for s in range(46, 57, 2)]


def _collar(*_):
    return [(s, 1) for s in ("37/38", "39/40", "41/42", "43/44", "45/46")]


def _bra(*_):
    return [(f"{band}{cup}", 1) for band in (70, 75, 80, 85) for cup in "BCD"]


def _bed(*_):
    return [(s, 1 + 0.28 * i) for i, s in enumerate(BED)]


def _duvet(draw, *_):
    return [(s, 1 + 0.3 * i) for i, s in enumerate(DUVET[: draw.whole(2, 4)])]


_NAMED = {
    "shoe": _shoe,
    "kids_shoe": _kids_shoe,
    "kids": _kids,
    "letters": _letters,
    "jeans": _jeans,
    "dress": _dress,
    "suit": _suit,
    "collar": _collar,
    "bra": _bra,
    "bed": _bed,
    "duvet": _duvet,
    "one": lambda *_: [("one size", 1)],
    "none": lambda *_: [("", 1)],
}

_UNIT = {"kg": 1000, "l": 1000, "g": 1, "ml": 1, "cl": 10}


def quantity(label):
    """The amount a pack label states, in grams, millilitres or pieces: "6 x 1.5 l" is 9000."""
    total = 1.0
    unit = ""
    for number, text in re.findall(r"([\d.]+)\s*([a-z]*)", label):
        total *= float(number)
        unit = text if text in _UNIT else unit
    return total * _UNIT.get(unit, 1)


def _packs(labels, draw):
    """One to three neighbouring packs; the bigger pack is cheaper by weight."""
    labels = labels.split("|")
    first = draw.whole(0, max(0, len(labels) - 2))
    chosen = labels[first : first + draw.whole(1, 3)]
    base = quantity(labels[0])
    return [(s, (quantity(s) / base) ** 0.85) for s in chosen]


def sizes(system, draw, gender, brand):
    """The sizes of one product: a named system, or "pack:", "tier:" or "set:" and its labels."""
    if system.startswith("pack:"):
        return _packs(system[5:], draw)
    if system.startswith("tier:"):
        return [(s, 1 + 0.14 * i) for i, s in enumerate(system[5:].split("|"))]
    if system.startswith("set:"):
        return [(s, 1) for s in system[4:].split("|")]
    return _NAMED[system](draw, gender, brand)
