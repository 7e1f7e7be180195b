"""The optional proxy: the same policy as the DNS server, with a page that explains where a browser would only show an error.

Pure: `judge` (with `hosts`, `pinned`), `sight`, `safety`, `open_now`, `block_page`, `pac`, `ledger`. `watch` and `keeper` keep the rules
in force and the log; `addon`, `messages`, `cutting` and `serve` are the only modules of Dinnerbell that import mitmproxy (the extra
`proxy`): importing this package does not need it.
"""
