"""`dinnerbell run --workers N`: more processes that answer beside the box, which alone writes the log.

    box      answers, watches the files, writes the log, says how it is       crew.py
      │ ▲
      │ └─ Report: counts and figures, four times a second                     channel.py, messages.py
      └─── Orders: rules, passes, lists, whom to ask, whenever they change
    worker   answers on the same sockets' addresses (SO_REUSEPORT)             worker.py, __main__.py

The kernel shares datagrams and connections out by the addresses and ports of both sides. A worker that dies takes its sockets with it, so
that the others get its share at once; a new one is started. Whatever way the box ends, its workers end too.
"""
