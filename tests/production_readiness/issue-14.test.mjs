// 14. Connection-limit notice iterated a map without the lock; failed upgrades used up slots.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client, Refused } from '../support/client.mjs';
import { request } from '../support/http.mjs';
import { until } from '../support/patience.mjs';
import { stage } from '../support/stage.mjs';

test('fifty attempts beside ten connections that come and go: 429 each, notices, no harm', async (t) => {
  const { server, enter } = await stage(t);
  const token = server.token('ada');
  const open = await Promise.all(Array.from({ length: 10 }, () => enter('ada')));
  const attempts = Array.from({ length: 50 }, async (_, i) => {
    if (i % 10 === 9) open[(i - 9) / 10].drop();
    try {
      (await Client.connect(server, token)).drop();
      return 101;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return error.status;
    }
  });
  const statuses = await Promise.all(attempts);
  assert.ok(statuses.every((status) => status === 101 || status === 429), String(statuses));
  assert.ok(statuses.includes(429));
  const notice = await open[9].nextOf('notification');
  assert.match(notice.content, /^Connection limit reached/);
  open.forEach((client) => client.drop());
  await until(async () => {
    try {
      return await enter('ada');
    } catch {
      return false;
    }
  }, 'ada can connect again');
});

test('ten bad upgrades leave the count as it was', async (t) => {
  const { server, enter } = await stage(t);
  const token = server.token('ada');
  for (let i = 0; i < 10; i++) {
    assert.equal((await request(server, '/ws', { token })).status, 400);
    await assert.rejects(Client.connect(server, token, { origin: 'https://evil.example' }), { status: 403 });
  }
  await Promise.all(Array.from({ length: 10 }, () => enter('ada')));
});
