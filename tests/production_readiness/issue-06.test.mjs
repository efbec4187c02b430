// 6. Placeholder secrets. That no file of the repository holds one is checked below; manifests join with the
// deployment files.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeFolder, run, settings } from '../support/server.mjs';
import { startProvider } from '../support/provider.mjs';
import { makeSecret } from '../support/token.mjs';

const root = resolve(fileURLToPath(new URL('../..', import.meta.url)));
const placeholders = ['REPLACE_WITH_SECRET', 'placeholder-secret', 'change-me', 'CHANGE_ME', 'your-key'];

for (const name of ['JWT_SECRET', 'LLM_PROVIDER_1_API_KEY']) {
  test(`the start is refused while ${name} is a placeholder, and the value is not shown`, async (t) => {
    const provider = await startProvider(t);
    for (const placeholder of placeholders) {
      const value = `${placeholder}-0123-abcdefghijklmnopqrstuv`;
      const end = await run(['serve'], {
        env: settings({ secret: makeSecret(), dataDir: makeFolder(t), provider, env: { [name]: value } }),
      });
      assert.notEqual(end.code, 0, placeholder);
      assert.match(end.stderr, new RegExp(name), placeholder);
      assert.ok(!end.stderr.includes(value), placeholder);
    }
  });
}

test('no file of the repository holds a secret', () => {
  const files = execFileSync('git', ['-C', root, 'ls-files', '-z'], { encoding: 'utf8' }).split('\0').filter(Boolean);
  const secrets = /\b(sk-[A-Za-z0-9]{20,}|AKIA[0-9A-Z]{16}|ghp_[A-Za-z0-9]{30,})\b|-----BEGIN [A-Z ]*PRIVATE KEY-----/;
  const found = files.filter((file) => {
    if (/\.(png|ico|woff2?|lock|json)$/.test(file) || file.startsWith('tests/')) return false;
    try {
      return secrets.test(readFileSync(resolve(root, file), 'utf8'));
    } catch {
      return false;
    }
  });
  assert.deepEqual(found, []);
});
