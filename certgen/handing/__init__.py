"""Issued certificates handed on: packed into archives, shown as pictures."""
