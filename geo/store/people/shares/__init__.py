"""Links that show a part of a release to a recipient without an account: their life, their tokens, who opens them.

`links` says what a link is, `life` changes it, `opening` lets its recipient in, `ending` ends what a backup brings
back, `emptying` forgets what ended long ago. A link is over when its row says so: what has expired is written down as
soon as anybody looks, so that a clock that is put back revives nothing.
"""
