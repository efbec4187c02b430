// 18. Admin endpoints without rate limit.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { request } from '../support/http.mjs';
import { until } from '../support/patience.mjs';
import { stage } from '../support/stage.mjs';

test('twenty requests a minute for each admin, and nobody else is affected', async (t) => {
  const { server, enter } = await stage(t);
  const admin = server.token('boss', { roles: ['admin'] });
  const answers = await Promise.all(
    Array.from({ length: 300 }, () => request(server, '/admin/sessions', { token: admin })),
  );
  assert.equal(answers.filter(({ status }) => status === 200).length, 20);
  for (const answer of answers.filter(({ status }) => status !== 200)) {
    assert.equal(answer.status, 429);
    assert.ok(Number(answer.headers['retry-after']) >= 1);
    const body = answer.json();
    assert.equal(body.error, 'rate_limit_exceeded');
    assert.ok(body.retry_after_ms > 0 && body.retry_after_ms <= 60_000);
  }
  const other = server.token('other', { roles: ['chat_admin'] });
  assert.equal((await request(server, '/admin/sessions', { token: other })).status, 200);
  const ada = await enter('ada');
  assert.equal((await ada.ask('And me?')).text, 'You said: And me?');
});

test('after the window it works again', async (t) => {
  const { server } = await stage(t, { env: { ADMIN_RATE_LIMIT: '2', ADMIN_RATE_WINDOW: '1s' } });
  const admin = server.token('boss', { roles: ['admin'] });
  const ask = async () => (await request(server, '/admin/sessions', { token: admin })).status;
  assert.deepEqual([await ask(), await ask(), await ask()], [200, 200, 429]);
  await until(async () => (await ask()) === 200, 'the window has passed');
});

test('a flood of bad tokens is stopped by its address before signatures are checked', async (t) => {
  const { server } = await stage(t);
  let refused = 0;
  for (let batch = 0; batch < 40 && !refused; batch++) {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => request(server, '/admin/sessions', { token: 'not.a.token' })),
    );
    refused += answers.filter(({ status }) => status === 429).length;
  }
  assert.ok(refused > 0);
});
