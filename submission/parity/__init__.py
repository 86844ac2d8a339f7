"""How far two ways of answering the same questions agree."""

from submission.parity.measure import Parity, measure
from submission.parity.parting import Parting, Units, units_of
from submission.parity.way import RUN, Way, find_way

__all__ = ["RUN", "Parity", "Parting", "Units", "Way", "find_way", "measure", "units_of"]
