"""Measurements; nothing here is part of certgen, and certgen knows nothing of it."""
