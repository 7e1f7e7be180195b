"""The optional proxy: the same policy as the DNS server, with a page that explains where a browser would only show an error.

`judge`, `block_page` and `ledger` are pure. `watch` keeps the rules in force; `addon` and `serve` are the only modules of Dinnerbell
that import mitmproxy (the extra `proxy`): importing this package does not need it.
"""
