/** The page's looks. Its hash stands in the page's policy, so it is embedded as it is here. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #1b2330; --soft: #596476; --line: #dde2ea; --hover: #eef2f8;
  --accent: #2457d6; --track: #e9edf3; --code: #f2f4f8;
  --ok: #1d7f49; --failed: #c62f3b; --trouble: #a05a00; --lost: #7a3fc0; --skipped: #6d7788; --connect: #9fb0c8;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #10141b; --card: #181e28; --ink: #e4e9f1; --soft: #9aa6b8; --line: #2b3443; --hover: #212937;
    --accent: #8ab1ff; --track: #242d3b; --code: #121821;
    --ok: #4fc98a; --failed: #ff7d84; --trouble: #f0ad4e; --lost: #c79bff; --skipped: #97a3b5; --connect: #55657e;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.75rem clamp(0.9rem, 3vw, 2.5rem) 3rem; max-width: 82rem; background: var(--page);
  color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
}
h1, h2, p, dl, dd, ul { margin: 0; padding: 0; }
h1 { font-size: 1.5rem; line-height: 1.25; letter-spacing: -0.01em; }
h2 { font-size: 1.02rem; margin: 0 0 0.6rem; }
section { margin-top: 1.4rem; }
section.filter + section { margin-top: 0.4rem; }
code, pre, td.host, .names { font-family: var(--mono); font-size: 0.88em; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 6px; }
header { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; justify-content: space-between; align-items: flex-start; }
.lead { min-width: 0; flex: 1 1 24rem; }
.brand { color: var(--soft); font-weight: 500; }
#command {
  display: block; margin-top: 0.5rem; max-height: 7.5em; overflow: auto; white-space: pre-wrap;
  overflow-wrap: anywhere; color: var(--soft);
}
#facts { display: flex; flex-wrap: wrap; gap: 0.4rem 1.75rem; }
#facts dt { color: var(--soft); font-size: 0.8rem; }
#facts dd { font-variant-numeric: tabular-nums; }
button, input { font: inherit; color: inherit; }
button {
  border: 1px solid var(--line); border-radius: 8px; background: var(--card); padding: 0.32rem 0.75rem; cursor: pointer;
}
button:hover { background: var(--hover); }
#chips { display: flex; flex-wrap: wrap; gap: 0.5rem; }
#chips button { border-radius: 999px; padding: 0.28rem 0.85rem; }
#chips button[aria-pressed="true"] { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
#chips b { font-variant-numeric: tabular-nums; margin-left: 0.35rem; }
.tools { display: flex; flex-wrap: wrap; gap: 0.5rem; margin-top: 0.75rem; }
.search { flex: 1 1 14rem; position: relative; }
#search { width: 100%; border: 1px solid var(--line); border-radius: 8px; background: var(--card); padding: 0.32rem 0.75rem; }
#search::placeholder { color: var(--soft); opacity: 1; }
#shown { margin-top: 0.5rem; color: var(--soft); font-size: 0.88rem; min-height: 1.5em; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 0.9rem 1.1rem 0.4rem; }
.card-head { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0.2rem 1rem; }
.legend { display: flex; flex-wrap: wrap; gap: 0.1rem 1rem; list-style: none; color: var(--soft); font-size: 0.82rem; }
.legend li::before, .result::before {
  content: ""; display: inline-block; width: 0.62em; height: 0.62em; border-radius: 3px; margin-right: 0.45em;
  background: var(--tone);
}
.plot { margin-top: 0.3rem; }
#plot { display: block; width: 100%; }
.axis { position: relative; height: 1.5em; border-top: 1px solid var(--line); margin-top: 0.35rem; color: var(--soft); font-size: 0.78rem; }
.axis span { position: absolute; top: 0.2em; transform: translateX(-50%); white-space: nowrap; font-variant-numeric: tabular-nums; }
.axis span:first-child { transform: none; }
.axis span:last-child { transform: translateX(-100%); }
.pointed { color: var(--soft); font-size: 0.82rem; min-height: 1.5em; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.tone-ok { --tone: var(--ok); }
.tone-failed { --tone: var(--failed); }
.tone-trouble { --tone: var(--trouble); }
.tone-lost { --tone: var(--lost); }
.tone-skipped { --tone: var(--skipped); }
.tone-connect { --tone: var(--connect); }
.result { color: var(--tone); }
details.group {
  background: var(--card); border: 1px solid var(--line); border-left: 4px solid var(--tone); border-radius: 10px;
  margin-bottom: 0.6rem; overflow: hidden;
}
details.group > summary {
  display: grid; grid-template-columns: auto minmax(0, 1fr) auto; gap: 0.1rem 0.8rem; align-items: baseline;
  padding: 0.55rem 0.9rem; cursor: pointer; list-style: none;
}
details.group > summary::-webkit-details-marker { display: none; }
details.group > summary:hover { background: var(--hover); }
details.group > summary:focus-visible { outline-offset: -2px; }
.count { font-weight: 650; font-variant-numeric: tabular-nums; min-width: 2.2ch; text-align: right; }
.count::before { content: "\\25b8"; display: inline-block; margin-right: 0.6em; color: var(--soft); }
details[open] > summary .count::before { transform: rotate(90deg); }
.names { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
details[open] > summary .names { white-space: normal; overflow-wrap: anywhere; max-height: 4.6em; overflow: auto; }
.first { grid-column: 2 / -1; color: var(--soft); font-family: var(--mono); font-size: 0.82em; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
details[open] .first { display: none; }
.inside { border-top: 1px solid var(--line); padding: 0.7rem 0.9rem 0.9rem; }
.inside > p { color: var(--soft); font-size: 0.86rem; overflow-wrap: anywhere; }
.inside .row { display: flex; flex-wrap: wrap; gap: 0.4rem 0.8rem; justify-content: space-between; align-items: baseline; }
.inside .row button { font-size: 0.84rem; padding: 0.15rem 0.6rem; }
.inside h3 { margin: 0.6rem 0 0.25rem; font-size: 0.78rem; font-weight: 600; color: var(--soft); }
pre {
  margin: 0; padding: 0.65rem 0.8rem; background: var(--code); border-radius: 8px; max-height: 26rem; overflow: auto;
  white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 8;
}
.table-frame { background: var(--card); border: 1px solid var(--line); border-radius: 12px; overflow: hidden; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
th { text-align: left; font-weight: 600; font-size: 0.84rem; color: var(--soft); border-bottom: 1px solid var(--line); padding: 0.35rem 0.6rem; }
th button { border: 0; background: none; padding: 0.1rem 0.3rem; margin-left: -0.3rem; font-weight: inherit; }
th[aria-sort] button::after { content: " \\2191"; }
th[aria-sort="descending"] button::after { content: " \\2193"; }
td { padding: 0.28rem 0.6rem; border-bottom: 1px solid var(--line); vertical-align: middle; overflow-wrap: anywhere; }
th:first-child, td:first-child { padding-left: 1.1rem; width: 22%; }
th:last-child, td:last-child { padding-right: 1.1rem; }
tr:last-child td { border-bottom: 0; }
tbody tr:hover { background: var(--hover); }
.number { text-align: right; width: 6.2rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
.bar-cell { width: 34%; }
.bar { position: relative; height: 0.6rem; border-radius: 3px; background: var(--track); overflow: hidden; }
.bar i { position: absolute; top: 0; bottom: 0; min-width: 2px; background: var(--tone); }
.more { display: block; margin: 0.7rem auto 0; }
.more[hidden] { display: none; }
.empty { color: var(--soft); padding: 0.9rem 1.1rem; }
.notice { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 0.8rem 1rem; }
footer { margin-top: 1.5rem; color: var(--soft); font-size: 0.82rem; }
@media (max-width: 44rem) {
  body { padding-top: 1.1rem; }
  h1 { font-size: 1.25rem; }
  .narrow-off { display: none; }
  th:first-child, td:first-child { width: 38%; padding-left: 0.8rem; }
  .number { width: 5.4rem; }
  .search { flex-basis: 100%; }
  .tools button { flex: 1 1 auto; }
  details.group > summary { grid-template-columns: auto minmax(0, 1fr); }
  details.group > summary .result { grid-column: 2; }
}
@media print { .tools, .more, #chips { display: none; } }
`;
