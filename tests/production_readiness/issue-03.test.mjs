// 3. A replaced connection is not cleaned up.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { until } from '../support/patience.mjs';
import { stage } from '../support/stage.mjs';

test('two connections of one session both hear the answer, and closing one leaves the other', async (t) => {
  const { enter } = await stage(t);
  const a = await enter('ada');
  await a.ask('Hello');
  const b = await enter('ada', { query: { session_id: a.sessionId } });
  await a.ask('For both');
  assert.equal((await b.answer()).text, 'You said: For both');
  await a.close();
  assert.equal((await b.ask('Alone')).text, 'You said: Alone');
});

test('a thousand replaced connections leave no descriptor and no thread behind', async (t) => {
  const { server, enter } = await stage(t);
  const descriptors = () => readdirSync(`/proc/${server.pid}/fd`).length;
  const threads = () => readdirSync(`/proc/${server.pid}/task`).length;
  const first = await enter('ada');
  await first.ask('Hello');
  const before = { descriptors: descriptors(), threads: threads() };
  for (let i = 0; i < 1000; i++) {
    const next = await enter('ada', { query: { session_id: first.sessionId } });
    next.drop();
  }
  await until(() => descriptors() <= before.descriptors + 2, 'the descriptors are given back');
  assert.equal(threads(), before.threads);
  assert.equal((await first.ask('Still bound')).text, 'You said: Still bound');
});
