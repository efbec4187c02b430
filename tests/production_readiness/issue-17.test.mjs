// 17. Weak JWT secrets accepted.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { makeFolder, run, settings } from '../support/server.mjs';
import { startProvider } from '../support/provider.mjs';

async function check(t, provider, secret) {
  return run(['check-config'], { env: settings({ secret, dataDir: makeFolder(t), provider }) });
}

test('weak secrets stop the start with advice that does not show them', async (t) => {
  const provider = await startProvider(t);
  for (const secret of [
    '', 'a'.repeat(31), 'a'.repeat(64), 'abababababababababababababababababab', `password${'x1Y2'.repeat(8)}`,
    'change-me-change-me-change-me-change-me', 'REPLACE_WITH_YOUR_SECRET_REPLACE_WITH',
  ]) {
    const end = await check(t, provider, secret);
    assert.notEqual(end.code, 0, `accepted: ${secret}`);
    assert.match(end.stderr, /JWT_SECRET/);
    if (secret) assert.ok(!(end.stdout + end.stderr).includes(secret));
  }
});

test('random secrets pass', async (t) => {
  const provider = await startProvider(t);
  for (let i = 0; i < 25; i++) {
    const secret = i % 2 ? randomBytes(32).toString('base64') : randomBytes(24).toString('base64url');
    const end = await check(t, provider, secret);
    assert.equal(end.code, 0, `refused: ${secret}\n${end.stderr}`);
  }
});
