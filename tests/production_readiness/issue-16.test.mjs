// 16. Insecure default for origins.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client, refusal } from '../support/client.mjs';
import { makeFolder, startServer } from '../support/server.mjs';
import { until } from '../support/patience.mjs';
import { stage } from '../support/stage.mjs';

test('without a list only the own host may connect', async (t) => {
  const { server, enter } = await stage(t);
  assert.equal((await refusal(server, server.token('eve'), { origin: 'https://evil.example' })).status, 403);
  await enter('ada', { origin: server.origin });
});

test('only `chatbox dev` accepts any origin, and says that it is for development', async (t) => {
  const dataDir = makeFolder(t);
  const server = await startServer(t, { args: ['dev'], dataDir, env: { JWT_SECRET: undefined } });
  assert.match(server.stdout + server.stderr, /development/i);
  const link = await until(() => server.stdout.match(/http\S+token=([^&\s]+)/), 'a link is printed');
  const token = link[1];
  const client = await Client.connect(server, token, { origin: 'https://somewhere.example' });
  client.drop();
});
