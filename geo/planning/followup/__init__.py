"""What plans expected beside what their visits found.

====================  ===================================================================
`results`             each stop with what came of it; what counts as a find
`poisson_binomial`    how many of several unlike chances come true
`tally`               expected beside found, with intervals
`actual`              of one plan
`drift`               whether expectations still hold, with a bound on false alarms
`report`              over all plans
====================  ===================================================================
"""

from geo.planning.followup.actual import ExpectedAgainstActual, expected_against_actual
from geo.planning.followup.drift import DriftTest, watch_drift
from geo.planning.followup.report import CalibrationReport, calibration_report
from geo.planning.followup.results import StopResult, is_find, read_results
from geo.planning.followup.tally import Tally

__all__ = [
    "CalibrationReport",
    "DriftTest",
    "ExpectedAgainstActual",
    "StopResult",
    "Tally",
    "calibration_report",
    "expected_against_actual",
    "is_find",
    "read_results",
    "watch_drift",
]
