"""Lists of one's own (`box: lists:` in rules.yaml): from a file of names, in whatever form, to an answer to "is this name on it?".

    source ──fetch──► bytes ──formats──► marked names ──compile──► DATA/lists/NAME-....trie ──mapped──► ListedNames ──► decide()
                                                              └──► DATA/lists/NAME.json: what is known of it, and which file is in force

`names`, `lines`, `zones`, `formats`, `matcher`, `state` and `status` are pure; `fetch`, `store` and `refresh` are shells. Fetching and
compiling happen in a process beside the box (`python -m dinnerbell.lists`), which sees a new state file and opens what it names.
"""
