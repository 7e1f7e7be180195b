"""How rules.yaml is read; only `dinnerbell.rules` imports from here.

    text ─nodes─► words with positions ─models, fields, references─► checked values ─build─► Policy, Box, LogConfig ...
           │                                   │                                     │
           └── broken YAML, duplicate keys     └── unknown key, name or wrong value  └── clashes, doubts (warnings), reserved keys

Every stage adds its errors to one list, so that a manager sees all of them at once.
"""
