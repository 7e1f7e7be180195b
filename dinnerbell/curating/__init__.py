"""Keeping the catalogue true: what its files say wrong, what a name is and why, what the field asks that nothing claims.

Pure: texts, catalogues and rows in, values out. The commands are `dinnerbell services lint`, `explain`, `unknown` and `table`.
"""
