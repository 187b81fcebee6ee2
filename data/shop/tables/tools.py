"""Tools and garden."""

from ..brands import TOOL
from ..kinds import kind, line, num

TECH = ("{brand} {model} {noun}", "{brand} {model} {noun}, {color}", "{noun} {brand} {model}")

TOOLS = (
    kind(
        "drill",
        ("Home", "Tools", "Drills"),
        32,
        TOOL,
        (29, 299),
        (
            line(
                "cordless",
                2,
                ("Cordless Drill {voltage} V", "Cordless Screwdriver {voltage} V"),
                ("Hangs shelves and assembles flat-pack furniture without a cable.",),
                tags=("cordless",),
            ),
            line(
                "hammer",
                1,
                ("Hammer Drill {wattage} W", "Rotary Hammer {wattage} W"),
                ("Bores into concrete and brick.",),
                attrs={"wattage": (600, 800, 1050), "voltage": 0},
            ),
            line(
                "bare",
                0.7,
                ("Cordless Drill {voltage} V without Battery",),
                ("The bare tool for owners of the {voltage}-volt system; battery and charger not included.",),
                cost=0.6,
            ),
        ),
        ("{torque_nm} Nm of torque, {chuck_mm} mm chuck.",),
        ("LED lights the work.", "With case.", "Two gears."),
        models=("Twist", "Core", "Bohr"),
        colors="tools",
        titles=TECH,
        scale="torque_nm",
        attrs={"voltage": (12, 18, 20), "torque_nm": num(25, 80, 5), "chuck_mm": (10, 13)},
    ),
    kind(
        "drill-bits",
        ("Home", "Tools", "Drill bits & screws"),
        24,
        TOOL,
        (4, 49),
        (
            line(
                "bits",
                1.2,
                ("Drill Bit Set {pieces} Pieces", "Wood Drill Bits {pieces} Pieces"),
                ("Clean holes in wood, metal and masonry.",),
            ),
            line(
                "hole",
                0.7,
                ('Hole Saw 25.4 mm (1")', 'Forstner Bit ½"'),
                ("Cuts round openings for pipes and sockets.",),
            ),
            line(
                "screws",
                1,
                ("Wood Screws 4 x 40 mm", "Stainless Screws 5 x 60 mm"),
                ("Grips softwood without pre-drilling.",),
                cost=0.6,
                attrs={"pieces": (50, 100, 200)},
                make=("{pieces} pieces of {material}.",),
                extra=("Star drive for a firm grip.",),
            ),
        ),
        ("{material}, long-lasting.",),
        ("Sorted in a box.", "Fits every common chuck."),
        models=("Bit", "Point"),
        scale="pieces",
        attrs={"material": ("HSS steel", "carbide", "stainless steel"), "pieces": (10, 19, 50, 100)},
    ),
    kind(
        "tool-set",
        ("Home", "Tools", "Hand tools"),
        24,
        TOOL,
        (12, 199),
        (
            line(
                "set",
                1.2,
                ("Tool Box {pieces} Pieces", "Tool Set {pieces} Pieces"),
                ("For the first flat: hammer, pliers, level and everything that gets lost.",),
            ),
            line(
                "socket",
                0.8,
                ('Socket Set ½" {pieces} Pieces', 'Socket Set ¼" {pieces} Pieces'),
                ("Loosens car wheels and washing machines.",),
            ),
            line(
                "screwdriver", 0.8, ("Screwdriver Set {pieces} Pieces",), ("Soft grips and hardened tips.",), cost=0.4
            ),
        ),
        ("{material} tools in a sturdy case.",),
        ("Lifetime guarantee.", "Every piece has its place."),
        models=("Mate", "Garage"),
        scale="pieces",
        attrs={"material": ("chrome-vanadium", "forged steel"), "pieces": (6, 12, 46, 94, 108)},
    ),
    kind(
        "garden-hose",
        ("Home", "Garden", "Watering"),
        24,
        ("Gardeno", "Fixmate"),
        (9, 89),
        (
            line(
                "hose",
                1.5,
                ('Garden Hose ½" {length_m} m', 'Garden Hose ¾" {length_m} m'),
                ("Waters beds and lawns without kinking.",),
                attrs={"material": ("braided rubber", "recycled plastic")},
            ),
            line(
                "fitting",
                1,
                ('Hose Connector ½"', 'Tap Adapter ¾"', "Pipe Fitting 25.4 mm"),
                ("Clicks hose and tap together, drip-free.",),
                cost=0.25,
                attrs={"material": ("brass", "recycled plastic"), "length_m": 0},
            ),
            line(
                "can",
                0.7,
                ("Watering Can {capacity_l} l",),
                ("Gentle rose for seedlings.",),
                cost=0.5,
                attrs={"capacity_l": (1.5, 5, 10), "material": ("zinc", "recycled plastic"), "length_m": 0},
            ),
        ),
        ("{material}, frost-proof.",),
        ("Phthalate-free.", "Ten-year guarantee."),
        models=("Flow", "Rain"),
        colors="tools",
        scale="length_m",
        attrs={"material": ("braided rubber", "brass", "recycled plastic"), "length_m": (10, 15, 20, 30)},
    ),
)
