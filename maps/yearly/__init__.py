"""The yearly picture in the reader's words: its codes, and the tables that can be shared as files.

====================  ==================================================================
`words`               what codes, periods and bands are called
`sheets`              tables to share
====================  ==================================================================
"""

from maps.yearly.sheets import make_sheets, name_file
from maps.yearly.words import name_group, name_within_sentence, say_period, say_persons

__all__ = ["make_sheets", "name_file", "name_group", "name_within_sentence", "say_period", "say_persons"]
