"""One hundred queries and the rules that judge them."""

from .judgments import query
from .judgments import where as w
from .queries_meaning import MEANING
from .queries_misspelt import MISSPELT


def below(limit):
    return lambda value: value <= limit


def above(limit):
    return lambda value: value >= limit


def within(low, high):
    return lambda value: low <= value <= high


NEGATION = (
    query("negation", "laptop without fan", (3, w("laptop", line="fanless")), (0, w("laptop")), (0, w("laptop-bag"))),
    query("negation", "bra without underwire", (3, w("bra", line="wirefree")), (2, w("sports-bra")), (0, w("bra"))),
    query(
        "negation",
        "vacuum cleaner without bag",
        (3, w("vacuum", line="bagless")),
        (2, w("vacuum", line="stick")),
        (1, w("vacuum")),
    ),
    query("negation", "headphones without bluetooth", (3, w("headphones", line="wired")), (0, w("headphones"))),
    query(
        "negation",
        "storage box without lid",
        (3, w("food-container storage-box", tag="lidless")),
        (0, w("storage-box food-container")),
    ),
    query(
        "negation",
        "sugar-free cola",
        (3, w("soft-drink", line="zero", title="cola")),
        (2, w("soft-drink", line="zero")),
        (0, w("soft-drink", line="cola")),
    ),
    query("negation", "leather-free belt", (3, w("belt", tag="vegan")), (0, w("belt"))),
    query("negation", "unscented candle", (3, w("candle", tag="fragrance-free")), (0, w("candle"))),
    query(
        "negation",
        "laundry detergent without perfume",
        (3, w("detergent", line="laundry", tag="fragrance-free")),
        (3, w("detergent", line="laundry", title="fragrance-free")),
        (1, w("detergent", tag="fragrance-free")),
        (0, w("detergent", line="laundry")),
    ),
    query(
        "negation",
        "peanut butter no salt",
        (3, w("spread", line="nutbutter", title="without salt")),
        (2, w("spread", line="nutbutter")),
        (1, w("nuts", line="unsalted", flavour="Peanuts")),
    ),
)

UNITS_AND_SIZES = (
    query(
        "size",
        "running shoes size 44",
        (3, w("running-shoe", size="44")),
        (2, w("running-shoe", size="US 10.5")),
        (1, w("running-shoe", gender="men")),
    ),
    query(
        "size",
        "women's sneakers 39",
        (3, w("sneaker", gender="women", size="39")),
        (2, w("sneaker", gender="women", size="UK 6")),
        (1, w("sneaker", gender="women")),
    ),
    query("size", "jeans w32 l34", (3, w("jeans", size="W32/L34")), (1, w("jeans", size="W32/L32")), (0, w("chinos"))),
    query(
        "size",
        "UK 9 boots",
        (3, w("ankle-boot", size="UK 9")),
        (1, w("ankle-boot winter-boot hiking-boot rain-boot", gender="men")),
    ),
    query("size", "fitted sheet or bed linen 200x200", (3, w("bed-linen", size="200x200 cm")), (1, w("bed-linen"))),
    query(
        "unit",
        '14" laptop',
        (3, w("laptop", screen_in=14)),
        (2, w("laptop", screen_in=13.3)),
        (0, w("laptop-bag", fits_in=14)),
        (1, w("laptop")),
    ),
    query("unit", "55 inch tv", (3, w("tv", screen_in=55)), (1, w("tv", screen_in=within(50, 65)))),
    query(
        "unit",
        'garden hose 1/2"',
        (3, w("garden-hose", line="hose", title="½")),
        (1, w("garden-hose", line="hose")),
        (0, w("tool-set", title="½")),
    ),
    query("unit", "hole saw 1 inch", (3, w("drill-bits", title="25.4 mm")), (1, w("drill-bits", line="hole"))),
    query(
        "unit",
        "power bank 20000 mah",
        (3, w("charger", line="bank", capacity_mah=20000)),
        (2, w("charger", line="bank", capacity_mah=27000)),
        (1, w("charger", line="bank")),
    ),
    query(
        "unit",
        "usb c cable 2m",
        (3, w("cable", line="usbc", length_m=2)),
        (2, w("cable", line="usbc", length_m=3)),
        (1, w("cable", line="usbc")),
        (0, w("cable")),
    ),
    query(
        "unit",
        "coffee beans 1kg",
        (3, w("coffee", line="beans", size="1 kg")),
        (1, w("coffee", line="beans")),
        (1, w("coffee", size="1 kg")),
    ),
)

MODELS = (
    query("model", "AF1-002", (3, w(sku="AF1-002")), (1, w(family="AF1"))),
    query("model", "af1 002", (3, w(sku="AF1-002")), (1, w(family="AF1"))),
    query(
        "model",
        "nike aero flow 1",
        (3, w(brand="Nike", title=r"aero flow 1\b")),
        (2, w(brand="Nike", title="aero flow")),
        (1, w("running-shoe", brand="Nike")),
    ),
    query(
        "model",
        "PJ-302 ink",
        (3, w("printer-ink", cartridge="PJ-302")),
        (0, w("printer-ink", line="ink")),
        (1, w("printer")),
    ),
    query(
        "model",
        "toner PL-77A",
        (3, w("printer-ink", line="toner", cartridge="PL-77A")),
        (1, w("printer-ink", cartridge="PL-77A")),
        (0, w("printer-ink")),
    ),
    query(
        "model",
        "case for zentria nova 3",
        (3, w("phone-case", line="case wallet", fits="Zentria Nova 3")),
        (1, w("phone-case", fits="Zentria Nova 3")),
        (0, w("phone", brand="Zentria")),
    ),
    query(
        "model",
        "bulb e27 470 lumen",
        (3, w("bulb", socket="E27", lumen=470)),
        (2, w("bulb", socket="E27", lumen=806)),
        (1, w("bulb", socket="E27")),
        (0, w("bulb")),
    ),
    query(
        "model",
        "safety shoes s3",
        (3, w("work-shoe", line="safety", title="S3")),
        (2, w("work-shoe", line="safety")),
        (0, w("work-shoe")),
    ),
)

BRAND_AND_TYPE = (
    query(
        "brand",
        "brooks running shoes men",
        (3, w("running-shoe", brand="Brooks", gender="men")),
        (2, w("running-shoe", brand="Brooks")),
        (1, w("running-shoe", gender="men")),
    ),
    query(
        "brand",
        "adidas running shoes women black",
        (3, w("running-shoe", brand="Adidas", gender="women", color="black")),
        (2, w("running-shoe", brand="Adidas", gender="women")),
        (1, w("running-shoe", gender="women", color="black")),
    ),
    query("brand", "asics", (3, w("running-shoe", brand="Asics")), (2, w(brand="Asics"))),
    query(
        "brand",
        "monte alba espresso",
        (3, w("coffee", brand="Monte Alba", line="beans ground")),
        (2, w("coffee", brand="Monte Alba")),
        (1, w("coffee", title="espresso")),
    ),
    query(
        "brand",
        "kaldora parka",
        (3, w("winter-jacket", brand="Kaldora", line="parka")),
        (2, w("winter-jacket", brand="Kaldora")),
        (1, w("winter-jacket", line="parka")),
    ),
    query("brand", "sonara headphones", (3, w("headphones", brand="Sonara")), (1, w("headphones"))),
    query("brand", "running shoes", (3, w("running-shoe")), (1, w("football running-gear", line="boots"))),
    query("brand", "laptop", (3, w("laptop")), (0, w("laptop-bag"))),
    query(
        "brand",
        "werkano drill",
        (3, w("drill", brand="Werkano")),
        (2, w("drill")),
        (0, w("drill-bits", brand="Werkano")),
    ),
    query(
        "brand",
        "medistep clogs",
        (3, w("work-clog", brand="Medistep")),
        (2, w("work-clog")),
        (1, w("work-shoe", brand="Medistep")),
    ),
)

WISHES = (
    query(
        "price",
        "warm jacket under 100",
        (3, w("winter-jacket", under=100.01)),
        (2, w("fleece-jacket", under=100.01)),
        (1, w("winter-jacket", under=130)),
        (0, w("rain-jacket")),
    ),
    query(
        "price",
        "cheap running shoes",
        (3, w("running-shoe", under=75)),
        (2, w("running-shoe", under=95)),
        (1, w("running-shoe")),
    ),
    query("price", "headphones below 50 euro", (3, w("headphones", under=50.01)), (1, w("headphones", under=65))),
    query(
        "price",
        "smartphone 200 to 400 euros",
        (3, w("phone", line="phone compact rugged", over=199.99, under=400.01)),
        (1, w("phone", over=160, under=460)),
    ),
    query(
        "attribute",
        "vegan running shoes",
        (3, w("running-shoe", tag="vegan")),
        (1, w("running-shoe")),
        (0, w("chocolate", tag="vegan")),
    ),
    query(
        "attribute",
        "organic cotton t-shirt black",
        (3, w("tshirt", tag="organic", color="black")),
        (2, w("tshirt", tag="organic")),
        (1, w("tshirt", color="black")),
    ),
    query(
        "attribute",
        "red summer dress",
        (3, w("dress", line="summer", color="red|burgundy")),
        (2, w("dress", line="summer")),
        (1, w("dress", color="red|burgundy")),
    ),
    query(
        "attribute",
        "wool coat navy",
        (3, w("coat", line="wool", color="navy")),
        (2, w("coat", line="wool")),
        (1, w("coat")),
    ),
    query(
        "attribute",
        "low drop running shoes",
        (3, w("running-shoe", drop_mm=below(5))),
        (2, w("running-shoe", drop_mm=below(6))),
        (0, w("running-shoe", drop_mm=above(10))),
    ),
    query(
        "attribute",
        "lightweight laptop under 1 kg",
        (3, w("laptop", weight_g=below(1000))),
        (2, w("laptop", weight_g=below(1250))),
        (0, w("laptop", line="gaming")),
    ),
)

QUERIES = MISSPELT + MEANING + NEGATION + UNITS_AND_SIZES + MODELS + BRAND_AND_TYPE + WISHES
