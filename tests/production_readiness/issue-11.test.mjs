// 11. Rate limiter memory growth.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { request } from '../support/http.mjs';
import { stage } from '../support/stage.mjs';

test('one who is refused thousands of times costs no memory and hurts nobody else', async (t) => {
  const { server, enter } = await stage(t);
  const resident = () => Number(readFileSync(`/proc/${server.pid}/statm`, 'utf8').split(' ')[1]) * 4096;
  const ada = await enter('ada');
  const bob = await enter('bob');
  for (let i = 0; i < 100; i++) await ada.ask(`Message ${i}`);
  const before = resident();
  for (let i = 0; i < 5000; i++) ada.say('One more');
  for (let i = 0; i < 5000; i++) {
    const { error } = await ada.nextOf('error');
    assert.equal(error.code, 'TOO_MANY_REQUESTS');
    assert.ok(error.retry_after > 0 && error.retry_after <= 60_000);
  }
  if (!process.env.CHATBOX_BIN?.includes('san')) assert.ok(resident() - before < 3e6);
  assert.equal((await bob.ask('And me?')).text, 'You said: And me?');
});

test('thousands of keys are held within a bound', async (t) => {
  const { server } = await stage(t);
  for (let batch = 0; batch < 40; batch++) {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        request(server, '/sessions', { token: server.token(`user-${batch}-${i}`) }),
      ),
    );
    for (const { status } of answers) assert.equal(status, 200);
  }
});
