"""A plan as files to take along, to pass on within its circle, and to keep.

================  ====================================================================
`forms`           the forms that there are
`stamp`           whom a file is for, and who made it when from which version
`words`           names made fit for files
`sheets`          a plan in the reader's words, as all files tell it
`tables`          the same as rows
`spreadsheet`     CSV and XLSX
`gpx`             for satellite navigators
`ics`             for calendars
`geopackage`      for geographic information systems
`brief`           for paper, as PDF
`sketch`          small maps in the brief
`ground`          what these are drawn on
================  ====================================================================
"""

from maps.plan_files.forms import FORMS, Form, name_file
from maps.plan_files.ground import Ground, make_ground
from maps.plan_files.stamp import Stamp

__all__ = ["FORMS", "Form", "Ground", "Stamp", "make_ground", "name_file"]
