"""certgen: a roster and a course in, branded and provable PDF certificates out."""

__version__ = "0.1.0"
