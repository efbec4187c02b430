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
function growth() {
  const half = ours('wire half', 'bytes');
  const whole = ours('wire', 'bytes');
  return half && whole && whole / half;
}

// `most` or `least` is the budget; a row without one is for orientation.
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
  row('relay of a token, CPU, 100 streams x 100/s', 'us', 'relay 100 x 100/s', 'cpu_us_per_token',
    { most: 6, peers: ['nginx', 'node'] }),
  row('relay of a token, CPU, 1 stream x 10000/s', 'us', 'relay 1 x 10000/s', 'cpu_us_per_token',
    { most: 6, peers: ['nginx', 'node'] }),
  row('latency, 100 streams x 100/s, p50', 'us', 'relay 100 x 100/s', 'p50_us',
    { most: 200, peers: ['nginx', 'node', 'direct'] }),
  row('latency, 100 streams x 100/s, p99', 'us', 'relay 100 x 100/s', 'p99_us',
    { most: 1000, peers: ['nginx', 'node', 'direct'] }),
  row('latency, 1 stream x 10000/s, p50', 'us', 'relay 1 x 10000/s', 'p50_us',
    { most: 200, peers: ['nginx', 'node', 'direct'] }),
  row('latency, 1 stream x 10000/s, p99', 'us', 'relay 1 x 10000/s', 'p99_us',
    { most: 1000, peers: ['nginx', 'node', 'direct'] }),
  row('relay flat out, 10 streams', '/s', 'relay flat out', 'tokens_per_s', { peers: ['nginx', 'node', 'direct'] }),
  row('one more viewer, share of the first', '%', '', '', { most: 25, value: extraViewer() }),
  row('new connections per core (1 / CPU of one)', '/s', 'handshakes', 'per_core_s',
    { least: 10000, peers: ['beast', 'node'] }),
  row('new connections, as reached', '/s', 'handshakes', 'per_s', { peers: ['beast', 'node'] }),
  row('acknowledged messages, 1000 connections', '/s', 'durable', 'per_s', { least: 20000 }),
  row('acknowledged messages, p50', 'ms', 'durable', 'p50_ms'),
  row('acknowledged messages, p99', 'ms', 'durable', 'p99_ms', { most: 20 }),
  row('acknowledged messages, CPU', 'us', 'durable', 'cpu_us'),
  row('bytes per byte of text, every token at once', '', 'wire', 'bytes_per_text_byte'),
  row('bytes per byte of text, version 1', '', 'wire v1', 'bytes_per_text_byte'),
  row('bytes per byte of text, merging viewer', '', 'wire merged', 'bytes_per_text_byte', { most: 3 }),
  row('bytes of twice the answer / of the answer', '', '', '', { most: 2.1, value: growth() }),
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

const results = [];
for (const entry of rows) {
  const value = entry.value ?? (entry.what ? ours(entry.what, entry.figure) : undefined);
  if (value === undefined) continue;
  const budget = entry.most ?? entry.least;
  const met = budget === undefined ? undefined : entry.most !== undefined ? value <= entry.most : value >= entry.least;
  results.push({ entry, value, budget, met });
}

const cells = results.map(({ entry, value, budget, met }) => [
  entry.title,
  `${number(value)} ${entry.unit}`.trim(),
  budget === undefined ? '' : `${entry.most !== undefined ? '<=' : '>='} ${budget}`,
  met === undefined ? '' : met ? 'ok' : 'MISSED',
  peerText(entry, value),
]);
const header = ['what', 'ours', 'budget', '', 'peers (ours / peer)'];
const widths = header.map((title, i) => Math.max(title.length, ...cells.map((cell) => cell[i].length)));
const print = (cell) => console.log(cell.map((text, i) => text.padEnd(widths[i])).join('  ').trimEnd());
print(header);
print(widths.map((width) => '-'.repeat(width)));
cells.forEach(print);
const missed = results.filter(({ met }) => met === false).length;
console.log(`\n${missed} of ${results.filter(({ met }) => met !== undefined).length} budgets missed. All figures: ${output}`);

writeFileSync(output, JSON.stringify({
  machine: { processors: os.cpus().length, model: os.cpus()[0]?.model, kernel: os.release(), load: os.loadavg() },
  time: new Date().toISOString(),
  rows: results.map(({ entry, value, budget, met }) => ({
    what: entry.title, unit: entry.unit, ours: value, budget, met,
    peers: Object.fromEntries(entry.peers.map((who) => [who, get(entry.peersOf ?? entry.what, who, entry.figure)])),
  })),
  figures: Object.fromEntries([...samples].map(([key, values]) => [key, { median: median(values), rounds: values }])),
}, null, 2) + '\n');
