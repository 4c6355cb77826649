"""What may be shared outside without telling of one firm.

====================  ==================================================================
`tables`              tables of counts: which cells stay empty, and the proof that it is enough
====================  ==================================================================
"""
