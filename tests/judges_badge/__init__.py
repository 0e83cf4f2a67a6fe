"""Verifiers from npm; see README.md."""
