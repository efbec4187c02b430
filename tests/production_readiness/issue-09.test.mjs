// 9. No database retry. The disk refuses writes for a while: whoever asks is told, nothing that was acknowledged
// is lost, what is sent again is stored once, and the service heals by itself.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { history, request } from '../support/http.mjs';
import { until } from '../support/patience.mjs';
import { stage } from '../support/stage.mjs';

const limitFiles = (pid, bytes) => execFileSync('prlimit', [`--pid=${pid}`, `--fsize=${bytes}:unlimited`]);

test('writes that fail are told, and the same message sent again is stored once', async (t) => {
  const { server, enter } = await stage(t);
  const ada = await enter('ada', { v: 2 });
  await ada.ask('Before', { client_id: 'c1' });
  limitFiles(server.pid, statSync(join(server.dataDir, 'chatbox.db-wal')).size);
  ada.say('While it fails', { client_id: 'c2' });
  const { error } = await ada.nextOf('error');
  assert.deepEqual([error.code, error.recoverable], ['DATABASE_ERROR', true]);
  assert.equal((await request(server, '/readyz')).status, 503);
  limitFiles(server.pid, 'unlimited');
  await until(async () => (await request(server, '/readyz')).status === 200, 'it is ready again');
  ada.say('While it fails', { client_id: 'c2' });
  await ada.answer();
  ada.say('While it fails', { client_id: 'c2' });
  await ada.nextOf('ack');
  const { messages } = await history(server, ada.token, ada.sessionId);
  assert.deepEqual(
    messages.filter((message) => message.sender === 'user').map((message) => message.content),
    ['Before', 'While it fails'],
  );
});
