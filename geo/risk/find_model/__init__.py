"""Ranking inspections by P(find | visit), learned from a table of visits with outcomes.

========================  ============================================================
`visits`                  what comes in, checked, as arrays
`encoding`                columns of a table → numbers
`agency`                  who finds more than others, shrunk
`history`                 what earlier visits say about a place, from the past only
`pairs`                   which earlier visits stand near, or at, which place
`known`                   visits ready for looking up history, and their places
`stages`                  the two stages of the model and how their settings are chosen
`model`                   the fitted model and its predictions
`fit`                     from a table to the model
`ranking`                 how good a ranking is, with intervals
`ranking_input`           what it is evaluated on, checked
`calibration`             expected beside actual finds
========================  ============================================================
"""
