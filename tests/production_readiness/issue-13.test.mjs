// 13. Origin check: data race, open default.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusal } from '../support/client.mjs';
import { stage } from '../support/stage.mjs';

const allowed = 'https://app.example.com';
const foreign = [
  'http://app.example.com', 'https://app.example.com:8443', 'https://evil.app.example.com',
  'https://app.example.com.evil.example', 'https://app.example.com/', 'null', 'https://example.com',
];

test('exactly the listed origins may connect', async (t) => {
  const { server, enter } = await stage(t, { env: { WS_ALLOWED_ORIGINS: allowed } });
  await enter('ada', { origin: allowed });
  for (const origin of foreign) {
    assert.equal((await refusal(server, server.token('eve'), { origin })).status, 403, origin);
  }
});

test('many checks at once do not disturb each other', async (t) => {
  const { server, enter } = await stage(t, { env: { WS_ALLOWED_ORIGINS: allowed } });
  await Promise.all(
    Array.from({ length: 60 }, async (_, i) => {
      if (i % 2) return enter(`user-${i}`, { origin: allowed });
      const { status } = await refusal(server, server.token(`user-${i}`), { origin: foreign[i % foreign.length] });
      assert.equal(status, 403);
    }),
  );
});
