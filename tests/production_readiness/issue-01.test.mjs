// 1. Session memory is never freed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { request } from '../support/http.mjs';
import { until } from '../support/patience.mjs';
import { stage } from '../support/stage.mjs';

const lifetime = { RECONNECT_TIMEOUT: '1s', SESSION_CLEANUP_INTERVAL: '1s' };

async function listed(server, user) {
  const answer = await request(server, '/sessions', { token: server.token(user) });
  return answer.json().sessions;
}

test('sessions that were left end with their last activity, those with a connection live on', async (t) => {
  const { server, enter } = await stage(t, { env: lifetime });
  const stays = await enter('stays', { v: 2 });
  await stays.ask('Hello');
  for (let i = 0; i < 30; i++) {
    const leaves = await enter(`leaves-${i}`, { v: 2 });
    await leaves.ask('Hello');
    await leaves.close();
  }
  for (let i = 0; i < 30; i++) {
    const [session] = await until(
      async () => (await listed(server, `leaves-${i}`)).filter((one) => !one.is_active).slice(0, 1).length
        && listed(server, `leaves-${i}`),
      `the session of leaves-${i} ends by itself`,
    );
    assert.equal(session.end_time, session.last_activity);
  }
  const [kept] = await listed(server, 'stays');
  assert.equal(kept.is_active, true);
  await stays.ask('Still here');
  assert.equal(stays.sessionId, kept.id);
});

test('whoever comes back after the window finds the old session whole, and begins a new one', async (t) => {
  const { server, enter } = await stage(t, { env: lifetime });
  const before = await enter('ada', { v: 2 });
  await before.ask('Remember me');
  await before.close();
  await until(async () => !(await listed(server, 'ada'))[0].is_active, 'the session ends');
  const after = await enter('ada', { v: 2 });
  await after.ask('Me again', { session_id: before.sessionId });
  assert.notEqual(after.sessionId, before.sessionId);
  const old = await request(server, `/sessions/${before.sessionId}`, { token: before.token });
  assert.deepEqual(old.json().messages.map((message) => message.content), ['Remember me', 'You said: Remember me']);
});

test('the memory of sessions that came and went is given back', async (t) => {
  const { server, enter } = await stage(t, { env: lifetime });
  const resident = () => Number(readFileSync(`/proc/${server.pid}/statm`, 'utf8').split(' ')[1]) * 4096;
  const round = async (name) => {
    await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        const one = await enter(`${name}-${i}`, { v: 2 });
        await one.ask('Hello');
        await one.close();
      }),
    );
  };
  await round('first');
  await round('second');
  const before = resident();
  for (let i = 0; i < 5; i++) await round(`more-${i}`);
  // What the database's cache takes for them is less than half of this.
  const grown = resident() - before;
  if (!process.env.CHATBOX_BIN?.includes('san')) assert.ok(grown < 8e6, `grew by ${grown} bytes`);
});
