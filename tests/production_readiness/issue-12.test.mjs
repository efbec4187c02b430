// 12. Response times grow without bound.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { request } from '../support/http.mjs';
import { stream } from '../support/provider.mjs';
import { stage } from '../support/stage.mjs';

test('maximum and average are those of the last hundred answers', async (t) => {
  const { provider, server, enter } = await stage(t, { env: { RATE_LIMIT: '1000' } });
  provider.on('Slow', stream(['slow'], { firstMs: 400 }));
  const ada = await enter('ada');
  await ada.ask('Slow');
  const summary = async () => (await request(server, '/sessions', { token: ada.token })).json().sessions[0];
  const slow = await summary();
  assert.ok(slow.max_response_time >= 400, JSON.stringify(slow));
  for (let i = 0; i < 99; i++) await ada.ask(`Fast ${i}`);
  assert.equal((await summary()).max_response_time, slow.max_response_time, 'it is the hundredth from the end');
  await ada.ask('One more');
  const now = await summary();
  assert.ok(now.max_response_time < slow.max_response_time, JSON.stringify(now));
  assert.ok(now.avg_response_time <= now.max_response_time);
});
