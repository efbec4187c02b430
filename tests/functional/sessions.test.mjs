// Which session a frame works on, and that nobody reaches into somebody else's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { history, request } from '../support/http.mjs';
import { byHand } from '../support/provider.mjs';
import { isId, stage } from '../support/stage.mjs';

const unknown = '0b0c3c1e-6f2d-4c57-8f2b-1f2a3b4c5d6e';
const end = (server, token, id) => request(server, `/sessions/${id}/end`, { method: 'POST', token });

test('an unknown session id becomes a new one, which every later frame carries', async (t) => {
  const { enter } = await stage(t);
  const ada = await enter('ada');
  const { frames } = await ada.ask('Hello', { session_id: unknown });
  const ids = new Set(frames.map((frame) => frame.session_id));
  assert.equal(ids.size, 1);
  assert.ok(isId([...ids][0]));
});

test('the unknown id that a client began with keeps meaning its session', async (t) => {
  const { server, enter } = await stage(t);
  const ada = await enter('ada');
  await ada.ask('One', { session_id: unknown });
  const id = ada.sessionId;
  const { end } = await ada.ask('Two', { session_id: unknown });
  assert.equal(end.session_id, id);
  assert.equal((await history(server, ada.token, id)).messages.length, 4);
});

test('a frame may leave the session out', async (t) => {
  const { enter } = await stage(t);
  const ada = await enter('ada');
  const first = await ada.ask('One', { session_id: undefined });
  const second = await ada.ask('Two', { session_id: undefined });
  assert.ok(isId(first.end.session_id));
  assert.equal(second.end.session_id, first.end.session_id);
});

test('another connection of the user continues the active session', async (t) => {
  const { enter } = await stage(t);
  const phone = await enter('ada');
  const { end } = await phone.ask('From the phone');
  const desk = await enter('ada');
  assert.equal(desk.greeting.session_id, undefined);
  const again = await desk.ask('From the desk');
  assert.equal(again.end.session_id, end.session_id);
});

test('a connection that names its session is bound to it at once', async (t) => {
  const { enter } = await stage(t);
  const first = await enter('ada');
  await first.ask('Hello');
  const again = await enter('ada', { query: { session_id: first.sessionId } });
  assert.equal(again.greeting.session_id, first.sessionId);
  assert.equal(again.greeting.user_id, 'ada');
  const { frames } = await again.ask('And again', { session_id: undefined });
  assert.ok(frames.every((frame) => frame.type !== 'connection_status'));
});

test('a connection that names no session of its user is not bound', async (t) => {
  const { enter } = await stage(t);
  const ada = await enter('ada');
  await ada.ask('Mine');
  for (const id of [unknown, ada.sessionId, "'; drop table sessions; --", 'x'.repeat(500)]) {
    const eve = await enter('eve', { query: { session_id: id } });
    assert.equal(eve.greeting.session_id, undefined);
    await eve.close();
  }
});

test("somebody else's session is refused to the intruder, and its owner notices nothing", async (t) => {
  const { server, enter } = await stage(t);
  const ada = await enter('ada');
  await ada.ask('Mine');
  const eve = await enter('eve');
  const intrusions = [
    { type: 'user_message', session_id: ada.sessionId, content: 'Let me in' },
    { type: 'model_select', session_id: ada.sessionId, model_id: 'beta' },
    { type: 'stop', session_id: ada.sessionId },
  ];
  const refused = async (code, message) => {
    for (const frame of intrusions) {
      eve.send(frame);
      const error = await eve.nextOf('error');
      assert.deepEqual([error.error.code, error.error.message], [code, message], frame.type);
      assert.equal(error.session_id, ada.sessionId, 'the id that she sent');
      assert.equal(error.error.recoverable, true);
      assert.equal(error.sender, 'ai');
    }
  };
  await refused('SERVICE_ERROR', 'Failed to establish session connection');
  const { end: hers } = await eve.ask('Hers', { session_id: undefined });
  assert.notEqual(hers.session_id, ada.sessionId);
  await refused('UNAUTHORIZED', 'You do not have permission to access this session');
  await eve.close();

  assert.deepEqual(await ada.settled(), []);
  assert.equal((await ada.ask('Still mine')).text, 'You said: Still mine');
  const stored = await history(server, ada.token, ada.sessionId);
  assert.equal(stored.messages.length, 4);
  assert.notEqual(stored.model_id, 'beta');
});

test('an intruder who was never bound anywhere is refused, too', async (t) => {
  const { enter } = await stage(t);
  const ada = await enter('ada');
  await ada.ask('Mine');
  const eve = await enter('eve');
  eve.say('Let me in', { session_id: ada.sessionId });
  assert.equal((await eve.next()).error.code, 'SERVICE_ERROR');
  await eve.close();
  assert.equal((await ada.ask('Still mine')).text, 'You said: Still mine');
});

test('a session that was ended stays ended: the next message opens a new one, unless it names the old one', async (t) => {
  const { server, enter } = await stage(t);
  const ada = await enter('ada');
  await ada.ask('Before');
  const old = ada.sessionId;
  assert.deepEqual((await end(server, ada.token, old)).json(), { status: 'ended' });
  const notice = await ada.next();
  assert.deepEqual([notice.type, notice.session_id], ['notification', old], 'its connections are told');
  const { frames } = await ada.ask('After', { session_id: undefined });
  assert.notEqual(ada.sessionId, old);
  assert.equal(frames[0].type, 'connection_status', 'the connection is bound to the new session');
  assert.equal(frames[0].session_id, ada.sessionId);
  assert.equal((await history(server, ada.token, old)).messages.length, 2);
  const next = ada.sessionId;
  assert.equal((await history(server, ada.token, next)).messages.length, 2);
  // One conversation at a time: the old one is taken up again when the new one has ended.
  await end(server, ada.token, next);
  await ada.ask('Back to the first', { session_id: old });
  assert.equal(ada.sessionId, old);
  const first = await history(server, ada.token, old);
  assert.deepEqual([first.is_active, first.messages.length], [true, 4]);
});

test('ending twice changes nothing and succeeds', async (t) => {
  const { server, enter } = await stage(t);
  const ada = await enter('ada');
  await ada.ask('Hello');
  const times = [];
  for (let i = 0; i < 2; i++) {
    const answer = await end(server, ada.token, ada.sessionId);
    assert.deepEqual([answer.status, answer.json()], [200, { status: 'ended' }]);
    times.push((await request(server, '/sessions', { token: ada.token })).json().sessions[0].end_time);
  }
  assert.ok(times[0]);
  assert.equal(times[0], times[1]);
});

test('a user has one active session, however many connections open it at once', async (t) => {
  const { server, enter } = await stage(t);
  const clients = await Promise.all(Array.from({ length: 8 }, () => enter('ada', { v: 2 })));
  clients.forEach((client, i) => client.say(`Message ${i}`, { client_id: `c${i}` }));
  const acks = await Promise.all(clients.map((client) => client.nextOf('ack')));
  assert.equal(new Set(acks.map((ack) => ack.session_id)).size, 1);
  assert.deepEqual(
    acks.map((ack) => ack.seq).sort((a, b) => a - b).length,
    new Set(acks.map((ack) => ack.seq)).size,
  );
  const { sessions } = (await request(server, '/sessions', { token: clients[0].token })).json();
  assert.equal(sessions.length, 1);
});

test("an error of one user's frame is seen by nobody else", async (t) => {
  const { provider, enter } = await stage(t);
  const hand = provider.on('Wait', byHand());
  const phone = await enter('ada');
  phone.say('Wait');
  await hand.asked();
  await phone.nextOf('loading');
  const desk = await enter('ada', { query: { session_id: phone.sessionId } });
  desk.send('this is not JSON');
  desk.send({ type: 'model_select', session_id: desk.sessionId, model_id: 'no such model' });
  assert.equal((await desk.nextOf('error')).error.message, 'Invalid message format');
  assert.equal((await desk.nextOf('error')).error.message, 'Invalid model ID: no such model');
  assert.deepEqual(await phone.settled(), []);
});
