"""What certgen does when a mail server misbehaves, and when it is killed: ``python -m tests.mailfaults``.

``server`` is a mail server (aiosmtpd) that does what it is told to each message; ``trials`` send to it, or have a
process send that is killed (``child``), and look at what came of it.
"""
