// 5. The main program did not serve.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { request } from '../support/http.mjs';
import { makeFolder, run, settings, startServer } from '../support/server.mjs';
import { startProvider } from '../support/provider.mjs';
import { makeSecret } from '../support/token.mjs';

test('it answers within five seconds of its start, and ends with 0 when told to', async (t) => {
  const server = await startServer(t, { provider: await startProvider(t) });
  assert.ok(server.readyAfter < 5000 * Number(process.env.CHATBOX_TEST_PATIENCE ?? 1));
  assert.equal((await request(server, '/healthz')).status, 200);
  assert.equal((await server.stop()).code, 0);
});

test('a second one on the same port ends at once with a line that says why', async (t) => {
  const provider = await startProvider(t);
  const server = await startServer(t, { provider });
  const second = await run(['serve'], {
    env: settings({ secret: makeSecret(), dataDir: makeFolder(t), provider, env: { SERVER_PORT: String(server.port) } }),
  });
  assert.notEqual(second.code, 0);
  assert.match(second.stderr, new RegExp(String(server.port)));
});

test('a broken configuration ends it before it listens', async (t) => {
  const broken = await run(['serve'], {
    env: settings({ secret: 'short', dataDir: makeFolder(t), env: { SERVER_PORT: 'eighty' } }),
  });
  assert.notEqual(broken.code, 0);
  assert.match(broken.stderr, /JWT_SECRET/);
  assert.match(broken.stderr, /SERVER_PORT/);
  assert.doesNotMatch(broken.stdout, /listening/);
});
