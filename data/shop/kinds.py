"""What a row of the catalogue tables says.

A `Kind` is a product type ("running shoe"); a `Line` is one sort of it ("trail").
Both are plain tables of words: the sentences of a description are drawn from `pitch`
(of the line), `make`, `extra` and `options`, with attributes filled into `{braces}`.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Num:
    """A number drawn from low, low + step, …, high."""

    low: float
    high: float
    step: float = 1

    def steps(self):
        return int(round((self.high - self.low) / self.step))

    def at(self, index):
        value = round(self.low + index * self.step, 4)
        return int(value) if value == int(value) else value


def num(low, high, step=1):
    return Num(low, high, step)


@dataclass(frozen=True)
class Line:
    """One sort of a product type."""

    name: str
    share: float  # how much of the type's count is of this line
    nouns: tuple  # what a title calls it
    pitch: tuple  # what it is for
    attrs: dict = field(default_factory=dict)
    tags: tuple = ()
    cost: float = 1.0  # price factor
    tail: str = ""  # third level of the category path
    genders: tuple = ()
    brands: tuple = ()
    models: tuple = ()
    make: tuple = ()  # these three stand in for the type's own
    extra: tuple = ()
    sizes: str = ""


@dataclass(frozen=True)
class Kind:
    """One product type."""

    key: str
    path: tuple
    count: int
    brands: tuple
    price: tuple  # EUR, budget to premium
    lines: tuple
    make: tuple  # how it is made
    extra: tuple  # feel, features, benefits
    options: tuple = ()  # (tag, probability, sentence)
    models: tuple = ()
    sizes: str = "one"
    colors: str = ""
    genders: tuple = ()
    attrs: dict = field(default_factory=dict)
    titles: tuple = ()
    scale: str = ""  # attribute that the price follows
    appeal: float = 1.0
    margin: float = 0.35
    mix: float = 0.0  # chance that one product carries two colours
    family: float = 1.8  # mean products per family (colourways, packs)
    versions: bool = False  # model names carry a version number
    lead: tuple = ()  # (brand, model) of the first family, which the documents name
    in_turn: bool = False  # brands take turns, instead of the best known having most models
    season: str = ""  # winter, summer, or nothing


def line(name, share, nouns, pitch, **more):
    """A line; a single noun or sentence may be given as plain text."""
    nouns = (nouns,) if isinstance(nouns, str) else nouns
    pitch = (pitch,) if isinstance(pitch, str) else pitch
    return Line(name, share, nouns, pitch, **more)


def kind(key, path, count, brands, price, lines, make, extra, **more):
    return Kind(key, path, count, brands, price, tuple(lines), tuple(make), tuple(extra), **more)
