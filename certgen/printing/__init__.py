"""Issued certificates as one file for the printer."""
