"""E-mail: issued certificates as messages, and messages to a server or a folder, each of them once."""
