/**
 * What the page does: fills itself from its data, filters, sorts, copies. Remote text is set as text alone
 * (textContent), never as markup. Rows come a few hundred at a time, so that thousands of hosts stay quick. Its hash
 * stands in the page's policy.
 */
export const SCRIPT = String.raw`
'use strict';
(function () {
  var data = JSON.parse(document.getElementById('data').textContent);
  var ROWS = 200, GROUPS = 50;
  var TONES = {
    ok: 'ok', failed: 'failed', signaled: 'failed', 'timed-out': 'trouble', canceled: 'trouble', unreachable: 'lost',
    'auth-failed': 'lost', 'host-key-failed': 'lost', disconnected: 'lost', skipped: 'skipped'
  };
  var STATUSES = Object.keys(TONES);
  var hosts = data.hosts.map(function (h, index) {
    return {
      index: index, name: h[0], lower: h[0].toLowerCase(), status: h[1], reason: h[2], begun: h[3], connected: h[4],
      ended: h[5], groups: h[6]
    };
  });
  var state = { status: null, text: '', sort: 'order', down: false, rows: ROWS, groups: GROUPS, shown: hosts };
  var byId = function (id) { return document.getElementById(id); };

  function element(name, className, text) {
    var made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }
  function duration(ms) {
    if (ms === null) return '\u2013';
    if (ms < 1000) return Math.round(ms) + ' ms';
    if (ms < 60000) return (ms / 1000).toFixed(1) + ' s';
    var seconds = Math.round(ms / 1000);
    if (seconds < 3600) return Math.floor(seconds / 60) + ' m ' + (seconds % 60) + ' s';
    return Math.floor(seconds / 3600) + ' h ' + Math.floor((seconds % 3600) / 60) + ' m';
  }
  function plural(count, word) { return count + ' ' + word + (count === 1 ? '' : 's'); }
  function span(host) { return host.begun === null || host.ended === null ? null : host.ended - host.begun; }
  function connecting(host) {
    return host.begun === null || host.connected === null ? null : host.connected - host.begun;
  }

  // node1,node2,node3 -> node[1-3]; users and ports stay outside of the range.
  function fold(names) {
    var patterns = new Map(), padded = new Set(), order = [];
    var parts = names.map(function (name) {
      var split = /^((?:[^@]*@)?[^:\[\]]*?)(\d+)([^\d:\[\]@]*)((?::\d+)?)$/.exec(name);
      if (!split || split[2].length > 15) return { key: name };
      var key = split[1] + '\0' + split[3] + split[4];
      if (/^0\d/.test(split[2])) padded.add(key + '\0' + split[2].length);
      return { key: key, before: split[1], digits: split[2], after: split[3] + split[4] };
    });
    parts.forEach(function (part) {
      var key = part.key;
      if (part.digits !== undefined) {
        var wide = key + '\0' + part.digits.length;
        key = padded.has(wide) ? wide : key + '\0';
      }
      var known = patterns.get(key);
      if (!known) { known = { part: part, numbers: new Map() }; patterns.set(key, known); order.push(known); }
      if (part.digits !== undefined) known.numbers.set(Number(part.digits), part.digits);
    });
    return order.map(function (pattern) {
      var part = pattern.part;
      if (part.digits === undefined) return part.key;
      var numbers = Array.from(pattern.numbers.keys()).sort(function (a, b) { return a - b; });
      var ranges = [];
      for (var at = 0; at < numbers.length;) {
        var end = at;
        while (end + 1 < numbers.length && numbers[end + 1] === numbers[end] + 1) end += 1;
        var first = pattern.numbers.get(numbers[at]);
        ranges.push(end === at ? first : first + '-' + pattern.numbers.get(numbers[end]));
        at = end + 1;
      }
      var alone = numbers.length === 1;
      return part.before + (alone ? ranges[0] : '[' + ranges.join(',') + ']') + part.after;
    }).join(',');
  }

  function copy(text, said) {
    var tell = function (good) { byId('shown').textContent = good ? said : 'The browser did not let us copy.'; };
    var byHand = function () {
      var area = element('textarea');
      area.value = text;
      document.body.append(area);
      var focused = document.activeElement;
      area.select();
      var good = false;
      try { good = document.execCommand('copy'); } catch (error) { good = false; }
      area.remove();
      if (focused) focused.focus();
      tell(good);
    };
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(function () { tell(true); }, byHand);
    else byHand();
  }
  function namesOf(list) { return list.map(function (host) { return host.name; }); }

  function fillHead() {
    var bad = hosts.filter(function (host) { return host.status !== 'ok'; }).length;
    byId('verdict').textContent =
      bad === 0 ? plural(hosts.length, 'host') + ' ok' : bad + ' of ' + plural(hosts.length, 'host') + ' not ok';
    byId('command').textContent = data.command;
    document.title = 'pssh-ts: ' + byId('verdict').textContent;
    var facts = [
      ['Started', new Date(data.startedAt).toLocaleString()],
      ['Took', duration(data.durationMs)],
      ['Exit code', data.exitCode === null ? '\u2013' : String(data.exitCode)]
    ];
    facts.forEach(function (fact) {
      var pair = element('div');
      pair.append(element('dt', '', fact[0]), element('dd', '', fact[1]));
      byId('facts').append(pair);
    });
  }
  function fillChips() {
    var counts = {};
    hosts.forEach(function (host) { counts[host.status] = (counts[host.status] || 0) + 1; });
    var add = function (status, label, count) {
      var button = element('button', status === null ? '' : 'result tone-' + TONES[status], label);
      button.type = 'button';
      button.append(element('b', '', String(count)));
      button.setAttribute('aria-pressed', String(state.status === status));
      button.addEventListener('click', function () {
        state.status = state.status === status ? null : status;
        Array.from(byId('chips').children).forEach(function (one) {
          one.setAttribute('aria-pressed', String(one.chip === state.status));
        });
        refilter();
      });
      button.chip = status;
      byId('chips').append(button);
    };
    add(null, 'All', hosts.length);
    STATUSES.forEach(function (status) { if (counts[status]) add(status, status, counts[status]); });
    var seen = new Set(STATUSES.filter(function (status) { return counts[status]; }).map(function (s) { return TONES[s]; }));
    var words = { connect: 'connecting', ok: 'ok', failed: 'command failed', trouble: 'given up', lost: 'ssh failed' };
    Object.keys(words).forEach(function (tone) {
      if (tone === 'connect' || seen.has(tone)) byId('legend').append(element('li', 'tone-' + tone, words[tone]));
    });
  }

  var longest = hosts.reduce(function (most, host) { return Math.max(most, host.ended || 0); }, 0) || 1;
  var lanes = hosts.filter(function (host) { return span(host) !== null; })
    .sort(function (a, b) { return a.begun - b.begun || a.index - b.index; });
  function laneHeight() { return Math.min(Math.max(lanes.length * 12, 24), 260); }
  // One unit for all marks.
  function axisTime(ms) {
    if (ms === 0) return '0';
    return longest < 1000 || longest >= 60000 ? duration(ms) : (ms / 1000).toFixed(longest < 10000 ? 2 : 1) + ' s';
  }
  function draw() {
    var canvas = byId('plot'), width = canvas.parentElement.clientWidth, height = laneHeight();
    var scale = window.devicePixelRatio || 1;
    canvas.style.height = height + 'px';
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    var context = canvas.getContext('2d');
    context.scale(scale, scale);
    var style = getComputedStyle(document.documentElement), colors = {};
    ['ok', 'failed', 'trouble', 'lost', 'skipped', 'connect'].forEach(function (tone) {
      colors[tone] = style.getPropertyValue('--' + tone);
    });
    var visible = new Set(state.shown), lane = height / Math.max(lanes.length, 1);
    var thick = lane >= 4 ? Math.round(lane * 0.68) : Math.max(Math.round(lane), 1);
    // What went wrong last, so that a thousand good neighbours do not paint over it.
    var places = lanes.map(function (_, place) { return place; });
    var isOk = function (place) { return lanes[place].status === 'ok'; };
    places.filter(isOk).concat(places.filter(function (place) { return !isOk(place); })).forEach(function (place) {
      var host = lanes[place], y = Math.floor(place * lane + (lane >= 4 ? lane * 0.16 : 0));
      var at = function (ms) { return (ms / longest) * width; };
      var middle = host.connected === null ? host.begun : host.connected;
      context.globalAlpha = visible.has(host) ? 1 : 0.12;
      context.fillStyle = colors.connect;
      context.fillRect(at(host.begun), y, Math.max(at(middle - host.begun), middle > host.begun ? 1 : 0), thick);
      context.fillStyle = colors[TONES[host.status]];
      context.fillRect(at(middle), y, Math.max(at(host.ended - middle), 1.5), thick);
    });
    canvas.setAttribute('aria-label',
      'Time line of ' + plural(lanes.length, 'host') + ' over ' + duration(longest) + '; the table below has the times.');
    var axis = byId('axis');
    axis.textContent = '';
    for (var tick = 0; tick <= 4; tick += 1) {
      var mark = element('span', '', axisTime((longest * tick) / 4));
      mark.style.left = tick * 25 + '%';
      axis.append(mark);
    }
  }
  byId('plot').addEventListener('mousemove', function (event) {
    var host = lanes[Math.floor((event.offsetY / laneHeight()) * lanes.length)];
    if (host) byId('pointed').textContent = host.name + ': ' + host.reason + ', ' + duration(span(host));
  });
  byId('plot').addEventListener('mouseleave', function () { byId('pointed').textContent = ''; });

  function groupCard(entry) {
    var group = entry.group, card = element('details', 'group tone-' + TONES[group.status]);
    var head = element('summary'), folded = fold(namesOf(entry.members));
    head.append(element('span', 'count', String(entry.members.length)), element('span', 'names', folded));
    head.append(element('span', 'result tone-' + TONES[group.status], group.reason));
    var said = group.status === 'ok' ? group.stdout || group.stderr : group.stderr || group.stdout;
    var line = said.split('\n').find(function (one) { return one.trim() !== ''; }) || '';
    if (data.steps > 1) line = 'command ' + (group.step + 1) + (line ? ': ' + line : '');
    if (line !== '') head.append(element('span', 'first', line.slice(0, 300)));
    card.append(head);
    card.addEventListener('toggle', function () {
      if (!card.open || card.filled) return;
      card.filled = true;
      var inside = element('div', 'inside'), row = element('div', 'row');
      var what = group.stdout || group.stderr ? plural(entry.members.length, 'host') : 'No output';
      row.append(element('p', '', (data.steps > 1 ? 'Command ' + (group.step + 1) + '. ' : '') + what));
      var button = element('button', '', 'Copy these hosts');
      button.type = 'button';
      button.addEventListener('click', function () { copy(folded, 'Copied ' + plural(entry.members.length, 'host') + '.'); });
      row.append(button);
      inside.append(row);
      [['stdout', group.stdout], ['stderr', group.stderr]].forEach(function (stream) {
        if (stream[1] === '') return;
        var text = element('pre', '', stream[1]);
        text.tabIndex = 0;
        text.setAttribute('aria-label', stream[0]);
        inside.append(element('h3', '', stream[0]), text);
      });
      card.append(inside);
    });
    return card;
  }
  function fillGroups() {
    var entries = data.groups.map(function (group) { return { group: group, members: [] }; });
    state.shown.forEach(function (host) {
      host.groups.forEach(function (place) { entries[place].members.push(host); });
    });
    var shown = entries.filter(function (entry) { return entry.members.length > 0; })
      .sort(function (a, b) { 
        var size = b.members.length - a.members.length;
        return a.group.step - b.group.step || size || a.members[0].index - b.members[0].index;
       });
    var list = byId('groups');
    list.textContent = '';
    shown.slice(0, state.groups).forEach(function (entry, place) {
      var card = groupCard(entry);
      list.append(card);
      if (shown.length <= 3 || place === 0) card.open = true;
    });
    if (shown.length === 0) list.append(element('p', 'empty', 'No output of these hosts.'));
    byId('groups-title').textContent = 'Output (' + plural(shown.length, 'group') + ')';
    more('more-groups', shown.length - state.groups, 'group', function () { state.groups += GROUPS; fillGroups(); });
  }

  var SORTS = {
    order: function (a, b) { return a.index - b.index; },
    result: function (a, b) { return STATUSES.indexOf(b.status) - STATUSES.indexOf(a.status) || a.index - b.index; },
    connect: function (a, b) { return (connecting(a) || 0) - (connecting(b) || 0) || a.index - b.index; },
    total: function (a, b) { return (span(a) || 0) - (span(b) || 0) || a.index - b.index; }
  };
  function hostRow(host) {
    var row = element('tr'), bar = element('div', 'bar'), cell = element('td', 'bar-cell narrow-off');
    var result = element('td');
    result.append(element('span', 'result tone-' + TONES[host.status], host.reason || host.status));
    if (span(host) !== null) {
      var middle = host.connected === null ? host.begun : host.connected;
      [['connect', host.begun, middle], [TONES[host.status], middle, host.ended]].forEach(function (part) {
        if (part[0] === 'connect' && part[2] <= part[1]) return;
        var piece = element('i', 'tone-' + part[0]);
        piece.style.left = Math.min((part[1] / longest) * 100, 99.5) + '%';
        piece.style.width = ((part[2] - part[1]) / longest) * 100 + '%';
        bar.append(piece);
      });
    }
    bar.setAttribute('aria-hidden', 'true');
    cell.append(bar);
    row.append(element('td', 'host', host.name), result);
    row.append(element('td', 'number narrow-off', duration(connecting(host))), element('td', 'number', duration(span(host))), cell);
    return row;
  }
  function fillHosts() {
    var sorted = state.shown.slice().sort(SORTS[state.sort]);
    if (state.down) sorted.reverse();
    var body = byId('hosts');
    body.textContent = '';
    body.append.apply(body, sorted.slice(0, state.rows).map(hostRow));
    byId('hosts-title').textContent = 'Hosts (' + sorted.length + ')';
    more('more-hosts', sorted.length - state.rows, 'host', function () { state.rows += 5 * ROWS; fillHosts(); });
  }
  function more(id, left, word, action) {
    var button = byId(id);
    button.hidden = left <= 0;
    button.textContent = 'Show more (' + plural(left, word) + ' left)';
    button.onclick = action;
  }
  Array.from(document.querySelectorAll('th button')).forEach(function (button) {
    button.addEventListener('click', function () {
      var sort = button.dataset.sort;
      state.down = state.sort === sort && !state.down;
      state.sort = sort;
      Array.from(document.querySelectorAll('th')).forEach(function (head) { head.removeAttribute('aria-sort'); });
      button.parentElement.setAttribute('aria-sort', state.down ? 'descending' : 'ascending');
      fillHosts();
    });
  });

  function refilter() {
    var text = state.text.trim().toLowerCase();
    state.shown = hosts.filter(function (host) {
      return (state.status === null || host.status === state.status) && (text === '' || host.lower.includes(text));
    });
    state.rows = ROWS;
    state.groups = GROUPS;
    byId('shown').textContent = state.shown.length === hosts.length
      ? ''
      : state.shown.length + ' of ' + plural(hosts.length, 'host') + ' shown';
    draw();
    fillGroups();
    fillHosts();
  }
  byId('search').addEventListener('input', function () { state.text = byId('search').value; refilter(); });
  byId('copy-folded').addEventListener('click', function () {
    copy(fold(namesOf(state.shown)), 'Copied ' + plural(state.shown.length, 'host') + ', folded.');
  });
  byId('copy-plain').addEventListener('click', function () {
    copy(namesOf(state.shown).map(function (name) { return name + '\n'; }).join(''),
      'Copied ' + plural(state.shown.length, 'host') + '.');
  });
  window.addEventListener('resize', draw);
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  fillHead();
  fillChips();
  refilter();
})();
`;
