// The dialogues and the client frames of protocol/, played against the real binary.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { connect } from '../support/client.mjs';
import { byHand } from '../support/provider.mjs';
import { isId, isTime, stage } from '../support/stage.mjs';

const golden = (name) => JSON.parse(readFileSync(new URL(`../../protocol/${name}.json`, import.meta.url)));

// Spells out what stands for a long string or a large object (protocol/README.md).
function expanded(value) {
  if (Array.isArray(value)) return value.map(expanded);
  if (typeof value !== 'object' || value === null) return value;
  if (value.$entries !== undefined) return Object.fromEntries(Array.from({ length: value.$entries }, (_, i) => [`k${i}`, 'v']));
  if (value.$repeat !== undefined) return value.then ? value.$repeat + value.then.repeat(value.times) : value.$repeat.repeat(value.times);
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, expanded(entry)]));
}

// What placeholders stand for, as far as it is known.
class Names {
  constructor(known) {
    this.known = new Map(Object.entries(known));
  }

  fill(value) {
    if (typeof value === 'string') return value.startsWith('$') ? (this.known.get(value) ?? value) : value;
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, this.fill(entry)]));
  }

  // `wanted` with each placeholder replaced by what stands in its place, once that is seen to fit.
  matched(wanted, got) {
    if (typeof wanted === 'string' && wanted.startsWith('$')) return this.matchedName(wanted, got);
    if (Array.isArray(wanted)) return wanted.map((entry, i) => this.matched(entry, got?.[i]));
    if (typeof wanted !== 'object' || wanted === null) return wanted;
    return Object.fromEntries(Object.entries(wanted).map(([key, entry]) => [key, this.matched(entry, got?.[key])]));
  }

  matchedName(name, got) {
    if (name === '$time') return isTime(got) ? got : 'a time';
    if (name === '$id') return isId(got) ? got : 'an id';
    if (name === '$number') return Number.isInteger(got) ? got : 'a number';
    if (!this.known.has(name) && isId(got)) this.known.set(name, got);
    return this.known.get(name) ?? `an id for ${name}`;
  }
}

async function actProvider(hand, action, state) {
  state.exchange ??= await hand.asked(state.asked++);
  if (action.refuse) {
    state.exchange.isEnded = true;
    state.exchange.response.writeHead(action.refuse, { 'content-type': 'application/json' });
    state.exchange.response.end('{"error":{"message":"no"}}');
  } else {
    if (!state.exchange.response.headersSent) state.exchange.start();
    if (action.token) state.exchange.token(action.token);
    if (action.finish) state.exchange.finish();
  }
  if (action.finish || action.refuse) state.exchange = undefined;
}

// Jane takes over, or hands back, over HTTP.
async function actAdmin(server, action, session) {
  const token = server.token('jane', { roles: ['admin'] });
  const url = `${server.origin}${server.prefix}/admin/${action}/${session}`;
  const answer = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
  assert.equal(answer.status, 200, `${action}: ${await answer.text()}`);
}

async function play(t, { version, steps }) {
  const { provider, server } = await stage(t);
  const hand = byHand();
  provider.otherwise = hand;
  const token = server.token('ada');
  const names = new Names({ $token: server.token('ada', { exp: Math.floor(Date.now() / 1000) + 7200 }) });
  let client = await connect(t, server, token, { v: version });
  const state = { asked: 0 };
  for (const [at, step] of steps.entries()) {
    const where = `step ${at + 1}: ${JSON.stringify(step)}`;
    if (step.client !== undefined) client.send(names.fill(step.client));
    else if (step.provider) await actProvider(hand, step.provider, state);
    else if (step.admin) await actAdmin(server, step.admin, names.fill('$session'));
    else if (step.silence) assert.deepEqual(await client.settled(), [], where);
    else if (step.reconnect) {
      client.drop();
      client = await connect(t, server, token, { v: version, query: names.fill(step.reconnect) });
    } else if (step.server) {
      const frame = await client.next(() => true, where);
      assert.deepEqual(frame, names.matched(step.server, frame), where);
    } else assert.fail(`no such step: ${where}`);
  }
}

for (const dialogue of golden('dialogues').dialogues) {
  test(`dialogue: ${dialogue.name}`, (t) => play(t, dialogue));
}

test('every golden frame that is refused is refused, and the connection stays open', async (t) => {
  const { enter } = await stage(t);
  const ada = await enter('ada', { v: 2 });
  for (const { name, frame, text, error, client_id } of golden('client').refused) {
    // The golden clock stands still; the server's does not.
    if (frame?.timestamp?.startsWith('2026')) frame.timestamp = new Date(Date.now() + 65_000).toISOString();
    ada.send(text ?? expanded(frame));
    const answer = await ada.next(() => true, name);
    assert.equal(answer.type, 'error', name);
    assert.deepEqual(answer.error, error, name);
    assert.equal(answer.client_id, client_id, name);
  }
});

test('every golden frame that is accepted is accepted', async (t) => {
  const { enter } = await stage(t);
  const ada = await enter('ada', { v: 2 });
  await ada.ask('Hello');
  const mine = (entry) => ({ ...expanded(entry), session_id: ada.sessionId });
  for (const { name, frame, text } of golden('client').accepted) {
    const sent = text ?? mine(frame);
    if (sent.timestamp) sent.timestamp = new Date().toISOString();
    ada.send(sent);
    const validation = (await ada.settled()).filter((answer) => /validation|Invalid message format/.test(answer.error?.message));
    assert.deepEqual(validation, [], name);
  }
});
