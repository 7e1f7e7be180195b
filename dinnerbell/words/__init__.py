"""Rules, decisions and differences in plain words, for people and terminals. Pure."""
