"""How the timetable's page looks: on a screen, and on A4 (the weekly report's colours)."""

STYLE = """
:root {
  --ink: #20292b; --soft: #55605f; --line: #d9ddd8; --paper: #ffffff; --desk: #ece9e2; --shade: #f1f2ee; --open: #3b7f88;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "Book Antiqua", Georgia, "Liberation Serif", serif;
  --sans: "Avenir Next", "Segoe UI", "Helvetica Neue", Arial, "Liberation Sans", sans-serif;
}
* { box-sizing: border-box; }
html { background: var(--desk); color-scheme: light; }
body { margin: 0; color: var(--ink); font: 15px/1.5 var(--sans); overflow-wrap: anywhere; }
.sheet { background: var(--paper); max-width: 840px; margin: 24px auto; padding: 44px 56px 36px; box-shadow: 0 1px 4px rgb(0 0 0 / 14%); }
.over { margin: 0; color: var(--soft); font-size: 12.5px; letter-spacing: 0.07em; text-transform: uppercase; }
h1, h2 { font-family: var(--serif); font-weight: 600; }
h1 { font-size: 31px; line-height: 1.15; margin: 2px 0 4px; letter-spacing: -0.01em; }
.week { margin: 0; font-size: 16px; } .week span, h2 span { color: var(--soft); font: 13.5px var(--sans); margin-left: 8px; }
.notes { margin: 14px 0 0; padding: 10px 16px; list-style: none; border-left: 4px solid #b98a2d; background: #fdf4e0; font-size: 13.5px; }
.notes li + li { margin-top: 4px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 26px; margin: 16px 0 0; padding: 0; list-style: none; font-size: 13.5px; }
.swatch { vertical-align: -2px; margin-right: 5px; } .defs { position: absolute; }
section { margin-top: 26px; }
h2 { font-size: 20px; line-height: 1.3; margin: 0 0 4px; padding-top: 10px; border-top: 1.5px solid var(--ink); break-after: avoid; }
figure { margin: 10px 0 12px; break-inside: avoid; }
figcaption { font-weight: 600; font-size: 14px; margin-bottom: 4px; }
.grid { display: block; width: 100%; height: auto; overflow: visible; }
.grid text { font: 12px var(--sans); fill: var(--ink); font-variant-numeric: tabular-nums; }
.grid .hour { font-size: 10.5px; fill: var(--soft); text-anchor: middle; } .grid .why { fill: var(--soft); font-size: 11.5px; }
.grid .day { font-weight: 600; } .grid .away { font-weight: 400; fill: var(--soft); font-style: italic; }
.rule { stroke: var(--line); stroke-width: 1; } .between { stroke: var(--line); stroke-width: 1; } .again { fill: #fdf4e0; }
.open { fill: var(--open); } .shut { fill: var(--shade); stroke: #b6beba; stroke-width: 0.8; }
.safe { fill: url(#stripes); stroke: var(--open); stroke-width: 0.8; } .stripe { fill: var(--open); } .stripe-back { fill: #dcebec; }
.constant { margin: 8px 0 0; padding: 0; list-style: none; font-size: 13.5px; break-inside: avoid; }
.constant li { display: flex; gap: 5px; align-items: baseline; margin: 3px 0; }
.constant .swatch { flex: none; align-self: flex-start; margin-top: 3px; }
footer { margin-top: 26px; padding-top: 8px; border-top: 1px solid var(--line); font-size: 12px; color: var(--soft); }
@media (max-width: 700px) { .sheet { padding: 24px 18px; margin: 0 0 12px; } figure { overflow-x: auto; } .grid { min-width: 620px; } }
@page { size: A4; margin: 12mm 15mm; }
@media print {
  html { background: none; } body { font-size: 9.6pt; line-height: 1.4; }
  .sheet { max-width: none; margin: 0; padding: 0; box-shadow: none; }
  h1 { font-size: 20pt; } h2 { font-size: 13pt; padding-top: 5pt; } .week { font-size: 11pt; } section { margin-top: 12pt; }
  figure { margin: 4pt 0 6pt; } figcaption { font-size: 9.6pt; } .constant, .legend, .notes { font-size: 9pt; } footer { font-size: 8pt; }
  .notes, .grid, .swatch { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""
