"""Reproducible random draws.

Only `random.Random.random` is used underneath: its sequence is the same on every
Python version, which is not promised for `choice`, `shuffle` or `sample`.
Each stream has its own name, so a change in one table does not stir the others.
"""

import random


class Draw:
    """A named stream of random choices."""

    def __init__(self, *name):
        self._unit = random.Random("vitrine-shop:" + ":".join(map(str, name))).random

    def unit(self):
        """A number in [0, 1)."""
        return self._unit()

    def chance(self, probability):
        return self._unit() < probability

    def whole(self, low, high):
        """A whole number in [low, high]."""
        return low + int(self._unit() * (high - low + 1))

    def bell(self):
        """A number in [0, 1), most often near the middle."""
        return (self._unit() + self._unit() + self._unit()) / 3

    def pick(self, items):
        return items[int(self._unit() * len(items))]

    def weighted(self, items, weights):
        """One of `items`, each as likely as its weight."""
        mark = self._unit() * sum(weights)
        for item, weight in zip(items, weights):
            mark -= weight
            if mark < 0:
                return item
        return items[-1]

    def shuffled(self, items):
        rest = list(items)
        for last in range(len(rest) - 1, 0, -1):
            other = int(self._unit() * (last + 1))
            rest[last], rest[other] = rest[other], rest[last]
        return rest

    def some(self, items, count):
        """At most `count` different items, in drawn order."""
        return self.shuffled(items)[:count]
