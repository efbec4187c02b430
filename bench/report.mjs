// Turns the figures of one run (JSON lines) into the table and a JSON file.
//   node report.mjs FIGURES.jsonl OUT.json
import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';

const [input, output] = process.argv.slice(2);

// ---- medians ----------------------------------------------------------------------------------------------

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const samples = new Map(); // "what|who|figure" -> values, one per round
for (const line of readFileSync(input, 'utf8').split('\n').filter(Boolean)) {
  const { what, who, figures } = JSON.parse(line);
  for (const [figure, value] of Object.entries(figures)) {
    const key = `${what}|${who}|${figure}`;
    samples.set(key, [...(samples.get(key) ?? []), value]);
  }
}
const get = (what, who, figure) => {
  const values = samples.get(`${what}|${who}|${figure}`);
  return values && median(values);
};
const ours = (what, figure) => get(what, 'chatbox', figure);

// ---- rows -------------------------------------------------------------------------------------------------

// The cost of each viewer after the first, as a share of the first one's.
function extraViewer() {
  const one = ours('fanout 1', 'cpu_us_per_token');
  const five = ours('fanout 5', 'cpu_us_per_token');
  return one && five && ((five - one) / 4 / one) * 100;
}
// What one slow reader does to everybody else, and to the memory (its outbox has a bound of 1 MiB).
function slowRatio() {
  const [without, beside] = [ours('slow without', 'p99_us'), ours('slow with', 'p99_us')];
  return without && beside && beside / without;
}
function slowMemory() {
  const [without, beside] = [ours('slow without', 'rss_growth_mb'), ours('slow with', 'rss_growth_mb')];
  return beside === undefined ? undefined : beside - Math.max(0, without);
}
// O(n): what a frame adds to its text must not grow with the answer.
function growth() {
  const half = ours('wire half', 'envelope');
  const whole = ours('wire', 'envelope');
  return half && whole && whole / half;
}

// `most` or `least` is the budget; a row without one is for orientation. `timesNginx` is the same budget as a
// share of what nginx needed on the machine that the budgets were set on (5.5 us, 0.5 and 1.2 ms): on a
// machine where waking a process is dearer, both rise together.
const streams = ['100 x 100/s', '1 x 10000/s', '100 x 400/s'];
const row = (title, unit, what, figure, rest = {}) => ({ title, unit, what, figure, peers: [], ...rest });
const rows = [
  row('memory of the empty server', 'MB', 'memory', 'rss_mb', { most: 30 }),
  row('start to ready, many stored sessions', 'ms', 'start', 'ms', { most: 200 }),
  row('sessions made: connect, ask, leave', '/s', 'fill', 'sessions_per_s'),
  row('idle connection, after one answer', 'kB', 'idle', 'kb_per_connection', { most: 4, peers: ['beast', 'node'] }),
  row('idle connection, back to a known session', 'kB', 'idle, known session', 'kb_per_connection',
    { most: 4, peersOf: 'idle', peers: ['beast', 'node'] }),
  row('ping and pong, CPU', 'us', 'echo ping', 'cpu_us', { peers: ['beast', 'node'] }),
  row('ping and pong, rate on one core', '/s', 'echo ping', 'per_s', { peers: ['beast', 'node'] }),
  row('small frame and answer, CPU', 'us', 'echo text', 'cpu_us', { peers: ['beast', 'node'] }),
  row('small frame and answer, rate on one core', '/s', 'echo text', 'per_s', { peers: ['beast', 'node'] }),
  ...streams.map((name) => row(`relay of a token, CPU, ${name}`, 'us', `relay ${name}`, 'cpu_us_per_token',
    { most: 6, timesNginx: 6 / 5.5, peers: ['nginx', 'node'] })),
  ...streams.slice(0, 2).flatMap((name) => [
    row(`latency, ${name}, p50`, 'us', `relay ${name}`, 'p50_us',
      { most: 200, timesNginx: 0.2 / 0.5, peers: ['nginx', 'node', 'direct'] }),
    row(`latency, ${name}, p99`, 'us', `relay ${name}`, 'p99_us',
      { most: 1000, timesNginx: 1 / 1.2, peers: ['nginx', 'node', 'direct'] }),
  ]),
  row('relay flat out, 10 streams', '/s', 'relay flat out', 'tokens_per_s', { peers: ['nginx', 'node', 'direct'] }),
  row('one more viewer, share of the first', '%', '', '', { most: 25, value: extraViewer() }),
  row('1000 viewers of a stream, latency p99', 'us', 'slow without', 'p99_us'),
  row('the same beside one that reads 1 kB/s', 'us', 'slow with', 'p99_us'),
  row('the same, with / without', '', '', '', { most: 1.25, value: slowRatio() }),
  row('memory that the slow one costs', 'MB', '', '', { most: 4, value: slowMemory() }),
  row('new connections per core (1 / CPU of one)', '/s', 'handshakes', 'per_core_s',
    { least: 10000, peers: ['beast', 'node'] }),
  row('new connections, as reached', '/s', 'handshakes', 'per_s', { peers: ['beast', 'node'] }),
  row('acknowledged messages, as many as it can', '/s', 'durable', 'per_s', { least: 20000 }),
  row('acknowledged messages, CPU', 'us', 'durable', 'cpu_us'),
  row('acknowledged messages at 20000/s, p50', 'ms', 'durable paced', 'p50_ms'),
  row('acknowledged messages at 20000/s, p99', 'ms', 'durable paced', 'p99_ms', { most: 20 }),
  row('bytes per byte of text, every token at once', '', 'wire', 'bytes_per_text_byte'),
  row('bytes per byte of text, version 1', '', 'wire v1', 'bytes_per_text_byte'),
  row('bytes per byte of text, merging viewer', '', 'wire merged', 'bytes_per_text_byte', { most: 3 }),
  row('bytes that a frame adds to its text', 'B', 'wire', 'envelope'),
  row('the same, whole answer / half of it', '', '', '', { most: 1.05, value: growth() }),
  row('reconnect in mid-answer, bytes', 'B', 'reconnect', 'bytes'),
  row('reconnect, most / least over positions', '', 'reconnect', 'most_over_least', { most: 1.1 }),
];

// ---- printing ---------------------------------------------------------------------------------------------

function number(value) {
  if (value === undefined || Number.isNaN(value)) return '-';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits);
}

function peerText(entry, value) {
  return entry.peers
    .map((who) => [who, get(entry.peersOf ?? entry.what, who, entry.figure)])
    .filter(([, peer]) => peer !== undefined)
    .map(([who, peer]) => `${who} ${number(peer)} (${(value / peer).toFixed(2)}x)`)
    .join(', ');
}

function verdictOf(entry, value) {
  if (entry.most === undefined && entry.least === undefined) return '';
  if (entry.most !== undefined ? value <= entry.most : value >= entry.least) return 'ok';
  const nginx = get(entry.what, 'nginx', entry.figure);
  return nginx && value <= nginx * entry.timesNginx ? 'ok*' : 'MISSED';
}

const results = [];
for (const entry of rows) {
  const value = entry.value ?? (entry.what ? ours(entry.what, entry.figure) : undefined);
  if (value === undefined) continue;
  const budget = entry.most ?? entry.least;
  results.push({ entry, value, budget, verdict: verdictOf(entry, value) });
}

const cells = results.map(({ entry, value, budget, verdict }) => [
  entry.title,
  `${number(value)} ${entry.unit}`.trim(),
  budget === undefined ? '' : `${entry.most !== undefined ? '<=' : '>='} ${budget}`,
  verdict,
  peerText(entry, value),
]);
const header = ['what', 'ours', 'budget', '', 'peers (ours / peer)'];
const widths = header.map((title, i) => Math.max(title.length, ...cells.map((cell) => cell[i].length)));
const print = (cell) => console.log(cell.map((text, i) => text.padEnd(widths[i])).join('  ').trimEnd());
print(header);
print(widths.map((width) => '-'.repeat(width)));
cells.forEach(print);
const judged = results.filter(({ verdict }) => verdict !== '').map(({ verdict }) => verdict);
console.log();
if (judged.includes('ok*')) {
  console.log('ok*: over the absolute budget, but within it in relation to nginx in the same run (see README.md)');
}
console.log(`${judged.filter((verdict) => verdict === 'MISSED').length} of ${judged.length} budgets missed`);
console.log(`load of the machine at the end: ${os.loadavg().map((load) => load.toFixed(2)).join(' ')}`);
console.log(`all figures: ${output}`);

writeFileSync(output, JSON.stringify({
  machine: { processors: os.cpus().length, model: os.cpus()[0]?.model, kernel: os.release(), load: os.loadavg() },
  time: new Date().toISOString(),
  rows: results.map(({ entry, value, budget, verdict }) => ({
    what: entry.title, unit: entry.unit, ours: value, budget, verdict,
    peers: Object.fromEntries(entry.peers.map((who) => [who, get(entry.peersOf ?? entry.what, who, entry.figure)])),
  })),
  figures: Object.fromEntries([...samples].map(([key, values]) => [key, { median: median(values), rounds: values }])),
}, null, 2) + '\n');
