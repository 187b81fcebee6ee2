"""Two hundred shoppers whose tastes are known because they are made up here."""

from dataclasses import dataclass, field

from .brands import COMPUTER, RUNNING
from .draw import Draw

FIRST = {
    "women": (
        "Mia",
        "Lea",
        "Hanna",
        "Sofia",
        "Clara",
        "Amélie",
        "Zoe",
        "Ida",
        "Marta",
        "Elif",
        "Nadia",
        "Yara",
        "Ronja",
        "Petra",
        "Olga",
        "Chiara",
    ),
    "men": (
        "Jonas",
        "Ben",
        "Paul",
        "Luca",
        "Emre",
        "Noah",
        "Oskar",
        "Karim",
        "Mats",
        "David",
        "Pavel",
        "Hugo",
        "Tim",
        "Aaron",
        "Stefan",
        "Rafael",
    ),
}
LAST = (
    "Weber",
    "Keller",
    "Rossi",
    "Novak",
    "Lindqvist",
    "Dubois",
    "Yilmaz",
    "Santos",
    "Berger",
    "Kowalski",
    "Jansen",
    "Moreau",
    "Vogel",
    "Haddad",
    "Fischer",
    "Larsen",
    "Marino",
    "Brandt",
)

RUN = ("running-shoe", "running-shorts", "running-top", "smartwatch", "socks")
WEAR = {
    "women": (
        "dress",
        "sweater",
        "jeans",
        "sneaker",
        "handbag",
        "winter-jacket",
        "sandal",
        "tshirt",
        "leggings",
        "coat",
    ),
    "men": ("tshirt", "jeans", "sweater", "sneaker", "shirt", "winter-jacket", "hoodie", "chinos", "ankle-boot"),
}
TECH = ("laptop", "phone", "headphones", "monitor", "keyboard", "mouse", "ssd", "charger", "speaker", "laptop-bag")
LIVING = (
    "bed-linen",
    "pillow",
    "desk-lamp",
    "rug",
    "frying-pan",
    "coffee-machine",
    "towel",
    "storage-box",
    "candle",
    "duvet",
)
FOOD = (
    "coffee",
    "tea",
    "chocolate",
    "pasta",
    "muesli",
    "milk-alternative",
    "nuts",
    "soft-drink",
    "detergent",
    "pet-food",
    "juice",
    "rice",
    "spread",
)
OUTSIDE = (
    "hiking-boot",
    "backpack",
    "tent",
    "rain-jacket",
    "fleece-jacket",
    "sleeping-bag",
    "water-bottle",
    "trekking-poles",
)
GIFTS = ("drill", "kids-shoe", "heels", "watch", "tv", "racket", "camera", "knife", "baby-food", "blender", "rug")
COLORS = ("black", "blue", "white", "grey", "red", "green", "navy", "beige")

# How many shoppers of each sort; the order gives the ids s001 to s200.
SORTS = (
    ("demo", 2),
    ("runner", 26),
    ("size-only", 18),
    ("budget", 18),
    ("premium", 12),
    ("gift", 16),
    ("drift", 16),
    ("one-event", 12),
    ("dismisser", 12),
    ("returner", 12),
    ("grocery-repeat", 24),
    ("tech", 12),
    ("home", 8),
    ("anonymous", 12),
)


@dataclass
class Taste:
    """What a shopper likes; the events are drawn from it."""

    gender: str
    kinds: tuple  # product types, the favourite first
    sizes: dict
    brands: dict = field(default_factory=dict)  # brand -> strength 0 to 1
    disliked: tuple = ()
    colors: tuple = ()
    price_band: str = ""  # low, mid, high, or nothing
    gift: str = ""  # a type bought once for somebody else
    drift: "Taste" = None  # the taste of the second half


@dataclass
class Shopper:
    id: str
    name: str
    sort: str
    events: int  # about how many
    taste: Taste


def _sizes(draw, gender):
    """Sizes that go together: shoe, top, trousers, dress or suit."""
    step = min(4, int(draw.bell() * 5))
    if gender == "women":
        top = ("XS", "S", "M", "L", "XL")[step]
        return {
            "shoe_eu": str(37 + step),
            "top": top,
            "trousers": f"W{26 + step}/L32",
            "dress": str(34 + 2 * step),
            "bra": ("70B", "75B", "75C", "80C", "85D")[step],
        }
    top = ("S", "M", "L", "XL", "XXL")[step]
    return {"shoe_eu": str(41 + step), "top": top, "trousers": f"W{30 + step}/L32", "suit": str(46 + 2 * step)}


def _brands(draw, names, strength=0.8):
    """One loved brand and, for some, a second choice."""
    first, second = draw.some(names, 2)
    return {first: strength, second: 0.2} if draw.chance(0.5) else {first: strength}


def _taste(draw, sort):
    gender = draw.pick(("women", "men"))
    taste = Taste(gender, tuple(draw.some(WEAR[gender], 4)), _sizes(draw, gender))
    taste.colors = tuple(draw.some(COLORS, 2))
    taste.price_band = draw.pick(("low", "mid", "high"))
    if sort == "runner":
        taste.kinds, taste.brands = RUN, _brands(draw, RUNNING)
    elif sort == "size-only":
        taste.colors, taste.price_band = (), ""
        taste.kinds = ("running-shoe", "sneaker") + taste.kinds[:3]
    elif sort in ("budget", "premium"):
        taste.price_band = "low" if sort == "budget" else "high"
        taste.kinds = taste.kinds[:3] + tuple(draw.some(LIVING + TECH, 2))
    elif sort == "gift":
        taste.gift = draw.pick(GIFTS)
    elif sort == "drift":
        _drift(draw, taste)
    elif sort == "dismisser":
        taste.kinds = ("sneaker", "running-shoe") + taste.kinds[:2]
        taste.disliked = tuple(draw.some(("Nike", "Adidas", "New Balance", "Plimsy"), 2))
    elif sort == "returner":
        taste.kinds = ("running-shoe", "sneaker", "comfort-shoe", "jeans")
    elif sort == "grocery-repeat":
        taste.kinds, taste.colors = tuple(draw.some(FOOD, 6)), ()
        taste.price_band = draw.pick(("low", "mid"))
    elif sort == "tech":
        taste.kinds, taste.brands = tuple(draw.some(TECH, 5)), _brands(draw, COMPUTER[:4], 0.6)
    elif sort == "home":
        taste.kinds = tuple(draw.some(LIVING, 5))
    return taste


def _drift(draw, taste):
    """Half-way the shopper turns to other things, another brand and another price level."""
    later = draw.pick((OUTSIDE, RUN, LIVING, TECH))
    loved = {"Kaldora": 0.6} if later == OUTSIDE else _brands(draw, RUNNING) if later == RUN else {}
    taste.price_band = draw.pick(("low", "mid"))
    taste.drift = Taste(
        taste.gender, later[:5], taste.sizes, loved, colors=tuple(draw.some(COLORS, 2)), price_band="high"
    )


def _demonstration():
    """The two shoppers that the documents name: as different as two runners can be."""
    first = Taste(
        "men",
        ("running-shoe", "running-shorts", "running-top"),
        {"shoe_eu": "44", "top": "L", "trousers": "W33/L32", "suit": "52"},
        {"Brooks": 1.0},
        colors=("blue", "navy"),
        price_band="high",
    )
    second = Taste(
        "women",
        ("running-shoe", "sneaker", "leggings", "hoodie", "running-top"),
        {"shoe_eu": "39", "top": "S", "trousers": "W28/L32", "dress": "36", "bra": "75B"},
        {"Adidas": 1.0},
        colors=("black",),
        price_band="low",
    )
    return [Shopper("s001", "Jonas Weber", "demo", 56, first), Shopper("s002", "Mia Keller", "demo", 56, second)]


def shoppers():
    """All shoppers, in the order of their ids."""
    made = _demonstration()
    for sort, count in SORTS:
        for _ in range(0 if sort == "demo" else count):
            number = len(made) + 1
            draw = Draw("shopper", number)
            taste = _taste(draw, sort)
            events = {"one-event": 1, "anonymous": draw.whole(3, 14)}.get(sort, draw.whole(14, 44))
            name = f"{draw.pick(FIRST[taste.gender])} {draw.pick(LAST)}" if sort != "anonymous" else ""
            made.append(Shopper(f"s{number:03d}", name, sort, events, taste))
    return made


def taste_record(taste, names):
    """The taste as the file states it; `names` turns a type into its category name."""
    record = {
        "gender": taste.gender,
        "brands": taste.brands,
        "sizes": taste.sizes,
        "colors": list(taste.colors),
        "price_band": taste.price_band or None,
        "categories": [names[k] for k in taste.kinds],
    }
    if taste.disliked:
        record["disliked_brands"] = list(taste.disliked)
    record["gift"] = names[taste.gift] if taste.gift else None
    record["drift"] = taste_record(taste.drift, names) if taste.drift else None
    return record
