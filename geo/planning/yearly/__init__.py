"""The yearly picture (*lägesbild*): what a year's inspections found; visits, checks, firms and persons kept apart.

====================  ==================================================================
`records`             visits, findings and checks of a period, and whose they are
`picture`             the tables, and the year before
====================  ==================================================================
"""

from geo.planning.yearly.picture import Amounts, Group, Picture, draw_picture
from geo.planning.yearly.records import Period, YearRecords, read_records

__all__ = ["Amounts", "Group", "Period", "Picture", "YearRecords", "draw_picture", "read_records"]
