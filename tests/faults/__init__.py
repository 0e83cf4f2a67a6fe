"""What certgen does when it is killed, when a disk fails, when a bit flips: ``python -m tests.faults --help``.

certgen does not know of any of this. Its commands are run as anybody runs them, in a process of their own (``child``)
in which calls of the system fail, or are the last ones; ``grounds`` makes academies and looks through what is left of
them; ``trials`` are what is done to them.
"""
