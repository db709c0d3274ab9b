import { createHash } from 'node:crypto';
import type { ReportData } from './data.js';
import { SCRIPT } from './script.js';
import { STYLE } from './style.js';

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** The page, in pieces. Data of hosts stands in it as JSON alone, and the script shows it as text alone. */
export function* reportPage(data: ReportData): Generator<string> {
  const policy =
    `default-src 'none'; script-src ${hashOf(SCRIPT)}; style-src ${hashOf(STYLE)}; ` +
    "base-uri 'none'; form-action 'none'";
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>pssh-ts report</title>
<style>${STYLE}</style>
</head>
<body>
${BODY}
<script type="application/json" id="data">`;
  yield* dataPieces(data);
  yield `</script>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

/** The hosts one by one: a document of ten thousand is long. */
function* dataPieces({ hosts, groups, ...rest }: ReportData): Generator<string> {
  yield `${embedded(rest).slice(0, -1)},"hosts":[`;
  for (const [place, host] of hosts.entries()) yield `${place === 0 ? '' : ',\n'}${embedded(host)}`;
  yield '],"groups":[';
  for (const [place, group] of groups.entries()) yield `${place === 0 ? '' : ',\n'}${embedded(group)}`;
  yield ']}';
}

/** JSON in which no tag and no comment of HTML can begin. */
function embedded(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

const BODY = `<noscript><p class="notice">This report needs JavaScript: it is all in this file, nothing is loaded.</p></noscript>
<header>
  <div class="lead">
    <h1><span class="brand">pssh-ts</span> <span id="verdict"></span></h1>
    <code id="command"></code>
  </div>
  <dl id="facts"></dl>
</header>
<main>
  <section aria-label="Filter" class="filter">
    <div id="chips" role="group" aria-label="Show hosts by result"></div>
    <div class="tools">
      <label class="search"><span class="hidden">Host name contains</span>
        <input id="search" type="search" placeholder="Filter by host name" autocomplete="off" spellcheck="false"></label>
      <button type="button" id="copy-folded">Copy folded</button>
      <button type="button" id="copy-plain">Copy one a line</button>
    </div>
    <p id="shown" role="status"></p>
  </section>
  <section aria-labelledby="time-title" class="card">
    <div class="card-head"><h2 id="time-title">Time line</h2>
      <ul class="legend" id="legend" aria-hidden="true"></ul></div>
    <div class="plot"><canvas id="plot" role="img"></canvas></div>
    <div class="axis" id="axis" aria-hidden="true"></div>
    <p id="pointed" class="pointed" aria-hidden="true"></p>
  </section>
  <section aria-labelledby="groups-title">
    <h2 id="groups-title">Output</h2>
    <div id="groups"></div>
    <button type="button" id="more-groups" class="more" hidden></button>
  </section>
  <section aria-labelledby="hosts-title">
    <h2 id="hosts-title">Hosts</h2>
    <div class="table-frame">
      <table>
        <thead><tr>
          <th scope="col" aria-sort="ascending"><button type="button" data-sort="order">Host</button></th>
          <th scope="col"><button type="button" data-sort="result">Result</button></th>
          <th scope="col" class="number narrow-off"><button type="button" data-sort="connect">Connect</button></th>
          <th scope="col" class="number"><button type="button" data-sort="total">Total</button></th>
          <th scope="col" class="bar-cell narrow-off">When</th>
        </tr></thead>
        <tbody id="hosts"></tbody>
      </table>
    </div>
    <button type="button" id="more-hosts" class="more" hidden></button>
  </section>
</main>
<footer>Times are from the first host's start.</footer>`;
