// Our idea of the vendors' protocols against that of others: their own client libraries read what our scripted
// provider sends, and a published mock of their services answers our server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';
import * as scripted from '../support/provider.mjs';
import { stage } from '../support/stage.mjs';

const pieces = ['Grüße, ', '<b>&"\\ ', '👩‍👩‍👧‍👦', '\n\tend'];
const text = pieces.join('');
const messages = [{ role: 'user', content: 'Hello' }];

test("OpenAI's library reads what our scripted provider sends", async (t) => {
  const provider = await scripted.startProvider(t);
  provider.on('Hello', scripted.stream(pieces, { usage: [11, 5] }));
  const client = new OpenAI({ baseURL: provider.endpoint, apiKey: 'k', maxRetries: 0 });
  const request = { model: 'm', messages };
  let got = '';
  let usage;
  let reason;
  const stream = await client.chat.completions.create({ ...request, stream: true });
  for await (const chunk of stream) {
    got += chunk.choices[0]?.delta?.content ?? '';
    reason = chunk.choices[0]?.finish_reason ?? reason;
    usage = chunk.usage ?? usage;
  }
  assert.deepEqual([got, reason, usage.total_tokens], [text, 'stop', 16]);
  const whole = await client.chat.completions.create(request);
  assert.equal(whole.choices[0].message.content, text);
  assert.equal(whole.usage.total_tokens, 16);

  provider.on('Hello', scripted.errorInside(['Half']));
  await assert.rejects(async () => {
    for await (const chunk of await client.chat.completions.create({ ...request, stream: true })) void chunk;
  }, OpenAI.APIError);
  provider.on('Hello', scripted.refuse(429));
  await assert.rejects(client.chat.completions.create(request), OpenAI.RateLimitError);
});

const tooOld = Number(process.versions.node.split('.')[0]) < 20 && 'needs Node 20, as the peer does';

test("Anthropic's library reads what our scripted provider sends", { skip: tooOld }, async (t) => {
  const { default: Anthropic } = await import('@anthropic-ai/sdk');
  const provider = await scripted.startProvider(t);
  provider.on('Hello', scripted.stream(pieces, { usage: [11, 5] }));
  const client = new Anthropic({ baseURL: provider.endpoint.replace('/v1', ''), apiKey: 'k', maxRetries: 0 });
  const request = { model: 'm', max_tokens: 100, messages };
  const final = await client.messages.stream(request).finalMessage();
  assert.equal(final.content[0].text, text);
  assert.equal(final.stop_reason, 'end_turn');
  assert.deepEqual([final.usage.input_tokens, final.usage.output_tokens], [11, 5]);
  const whole = await client.messages.create(request);
  assert.equal(whole.content[0].text, text);

  provider.on('Hello', scripted.errorInside(['Half']));
  await assert.rejects(client.messages.stream(request).finalMessage(), Anthropic.APIError);
  provider.on('Hello', scripted.refuse(529));
  await assert.rejects(client.messages.create(request), Anthropic.APIError);
});

test('our server understands a mock of these services that others publish', { skip: tooOld }, async (t) => {
  const { LLMock } = await import('@copilotkit/aimock');
  const mock = new LLMock({ port: 0, host: '127.0.0.1' });
  mock.onMessage('Hello', { content: text });
  mock.onMessage('Again', { content: 'Again!' });
  await mock.start();
  t.after(() => mock.stop());
  for (const type of ['openai', 'anthropic']) {
    for (const stream of ['true', 'false']) {
      await t.test(`${type}, ${stream === 'true' ? 'streaming' : 'whole answers'}`, async (t) => {
        const { enter } = await stage(t, {
          type,
          provider: { endpoint: `${mock.url}/v1` },
          env: { LLM_PROVIDER_1_STREAM: stream },
        });
        const ada = await enter('ada', { v: 2 });
        const first = await ada.ask('Hello');
        assert.deepEqual([first.end.status, first.text], ['done', text]);
        assert.equal((await ada.ask('Again')).text, 'Again!');
        const bad = await ada.ask('Nothing is known about this');
        assert.equal(bad.end.error?.code, 'LLM_UNAVAILABLE');
      });
    }
  }
});
