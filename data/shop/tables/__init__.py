"""The tables of the catalogue: what the shop sells, type by type."""

from .accessories import ACCESSORIES
from .clothes import CLOTHES
from .computers import COMPUTERS
from .drinks_and_snacks import DRINKS_AND_SNACKS
from .gadgets import GADGETS
from .jackets import JACKETS
from .kitchen import KITCHEN
from .living import LIVING
from .outdoor import OUTDOOR
from .pantry_and_household import PANTRY_AND_HOUSEHOLD
from .shoes_active import SHOES_ACTIVE
from .shoes_everyday import SHOES_EVERYDAY
from .tools import TOOLS
from .training import TRAINING

KINDS = (
    SHOES_ACTIVE
    + SHOES_EVERYDAY
    + JACKETS
    + ACCESSORIES
    + CLOTHES
    + COMPUTERS
    + GADGETS
    + KITCHEN
    + TOOLS
    + LIVING
    + TRAINING
    + OUTDOOR
    + DRINKS_AND_SNACKS
    + PANTRY_AND_HOUSEHOLD
)
