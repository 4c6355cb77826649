"""What an attacker makes of releases that are shared; written from the promise, not from the code that keeps it.

===========  =====================================================================
`seen`       what is published, and where it lies
`truth`      the records, which the attacker never has: they say what a find is worth
`elimination`  which sums of groups follow from sums that are published
`sums`       groups that follow by adding and subtracting
`bounds`     groups of which the numbers leave no other choice
`naive`      ways of sharing that do not hold, to see that the attack bites
`worlds`     made-up regions
===========  =====================================================================
"""
