"""What may be shared outside without telling of one firm.

====================  ==================================================================
`release`             maps: rows of squares that are audited together with all that was shared before
`tables`              tables of counts: which cells stay empty, and the proof that it is enough
====================  ==================================================================
"""
