"""The DNS side of Dinnerbell: wire format, answers and caches (pure); upstream and server (shells)."""
