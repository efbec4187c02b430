// 7. Message validation not enforced.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stage } from '../support/stage.mjs';

const message = (more) => JSON.stringify({ type: 'user_message', content: 'hi', ...more });
const invalid = 'Invalid message format';
const failed = 'Message validation failed';

const refused = [
  ['not JSON', 'not json', invalid],
  ['null', 'null', invalid],
  ['an array', '[]', invalid],
  ['a string', '"x"', invalid],
  ['two objects', '{}{}', invalid],
  ['deep nesting', `{"type":"user_message","content":"x","a":${'['.repeat(5000)}${']'.repeat(5000)}}`, invalid],
  ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]), invalid],
  ['no type', '{"content":"x"}', failed],
  ['empty content', message({ content: ' \n\t ' }), failed],
  ['NUL only', message({ content: '\u0000\u0000' }), failed],
  ['content + 1', message({ content: 'x'.repeat(10_001) }), failed],
  ['multi-byte content + 1', message({ content: `${'é'.repeat(5000)}x` }), failed],
  ['session_id + 1', message({ session_id: 'x'.repeat(129) }), failed],
  ['a sender that is none', message({ sender: 'root' }), failed],
  ['a time in the future', message({ timestamp: new Date(Date.now() + 180_000).toISOString() }), failed],
  ['a time without zone', message({ timestamp: '2026-02-22T10:00:00' }), invalid],
  ['metadata of the wrong type', message({ metadata: { a: { b: 1 } } }), invalid],
  ['a metadata value + 1', message({ metadata: { a: 'x'.repeat(1001) } }), failed],
  ['content of the wrong type', message({ content: 7 }), invalid],
  ['an unknown type', '{"type":"ping"}', 'Invalid message format: unknown message type ping'],
  ['a type of the server', '{"type":"loading"}', 'Invalid message format: unknown message type loading'],
  ['a model that nobody has', '{"type":"model_select","model_id":"nobody"}', 'Invalid model ID: nobody'],
];

for (const [what, frame, text] of refused) {
  test(`refused before anything happens: ${what}`, async (t) => {
    const { provider, enter } = await stage(t);
    const ada = await enter('ada');
    ada.send(frame);
    const { error } = await ada.nextOf('error');
    assert.deepEqual([error.code, error.message, error.recoverable], ['INVALID_FORMAT', text, true]);
    assert.equal(provider.requests.length, 0);
    assert.equal((await ada.ask('Still fine?')).text, 'You said: Still fine?');
  });
}

test('what is allowed to the last byte is taken', async (t) => {
  const { provider, enter } = await stage(t);
  const ada = await enter('ada');
  for (const content of ['x'.repeat(10_000), 'é'.repeat(5000), `${'🙂'.repeat(2499)}abcd`]) {
    await ada.ask(content);
    assert.equal(provider.requests.at(-1).text, content);
  }
});

test('text reaches the model byte for byte', async (t) => {
  const { provider, enter } = await stage(t);
  const ada = await enter('ada');
  await ada.ask('<b>&"\'</b> \\ \u2028');
  assert.equal(provider.requests.at(-1).text, '<b>&"\'</b> \\');
});

test('a message of 1 MiB is read, one more byte closes the connection with 1009', async (t) => {
  const { enter } = await stage(t);
  const ada = await enter('ada');
  const size = 1_048_576;
  const frame = (bytes) => `{"type":"x","pad":"${'p'.repeat(bytes - 21)}"}`;
  ada.send(frame(size));
  assert.match((await ada.nextOf('error')).error.message, /unknown message type x/);
  ada.send(frame(size + 1));
  assert.equal((await ada.closed).code, 1009);
});
