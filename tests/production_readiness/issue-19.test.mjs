// 19. Configuration not validated at start.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeFolder, run, settings } from '../support/server.mjs';
import { startProvider } from '../support/provider.mjs';

test('all mistakes are named at once, before anything listens', async (t) => {
  const provider = await startProvider(t);
  const end = await run(['serve'], {
    env: settings({
      secret: 'short',
      dataDir: makeFolder(t),
      provider,
      env: {
        SERVER_PORT: '70000', MAX_MESSAGE_SIZE: '-1', RECONNECT_TIMEOUT: 'soon', RATE_LIMIT: '0',
        LLM_PROVIDER_1_ENDPOINT: 'ftp://example.com',
      },
    }),
  });
  assert.notEqual(end.code, 0);
  for (const name of ['JWT_SECRET', 'SERVER_PORT', 'MAX_MESSAGE_SIZE', 'RECONNECT_TIMEOUT', 'RATE_LIMIT', 'LLM_PROVIDER_1_ENDPOINT']) {
    assert.match(end.stderr, new RegExp(name), `${name} is missing:\n${end.stderr}`);
  }
  assert.doesNotMatch(end.stdout, /listening/);
});
