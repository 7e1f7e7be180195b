"""Plain text laid out for mail: 80 columns, no tabs, nothing that a line break in a name could forge.

Pure.
"""

import textwrap
from collections.abc import Iterable, Sequence

from dinnerbell_reports.printable import visible

WIDTH = 80


class TextPage:
    """Lines in the making. Every text passes through `visible`, so a name cannot begin a line of its own."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def line(self, text: str = "") -> None:
        self._lines.append(visible(text).rstrip())

    def heading(self, text: str) -> None:
        text = visible(text)
        self._lines += ["", *textwrap.wrap(text, WIDTH), "-" * min(len(text), WIDTH)]

    def paragraph(self, text: str, *, first: str = "", indent: str = "") -> None:
        """Add a wrapped paragraph; `first` stands before its first line, `indent` before the others."""
        self._lines += textwrap.wrap(visible(text), WIDTH, initial_indent=first, subsequent_indent=indent, break_on_hyphens=False)

    def items(self, texts: Iterable[str]) -> None:
        for text in texts:
            self.paragraph(text, first="- ", indent="  ")

    def table(self, heads: Sequence[Sequence[str]], rows: Iterable[Sequence[str]], widths: Sequence[int]) -> None:
        """Add a table: the first column to the left, figures to the right. A label that is too long stands above its figures."""
        for head in heads:
            self._row(head, widths)
        self._lines.append("  ".join("-" * width for width in widths))
        for row in rows:
            self._row(row, widths)

    def _row(self, cells: Sequence[str], widths: Sequence[int]) -> None:
        label, *figures = (visible(cell) for cell in cells)
        if len(label) > widths[0]:
            self._lines += textwrap.wrap(label, WIDTH, break_on_hyphens=False)
            label = ""
        shown = [label.ljust(widths[0]), *(figure.rjust(width) for figure, width in zip(figures, widths[1:], strict=True))]
        self._lines.append("  ".join(shown).rstrip())

    def text(self) -> str:
        return "\n".join(self._lines) + "\n"
