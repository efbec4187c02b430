// The three kinds of models, each asked as its vendor wants it and understood as it answers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { history } from '../support/http.mjs';
import * as scripted from '../support/provider.mjs';
import { stage } from '../support/stage.mjs';

const kinds = ['openai', 'anthropic', 'dify'];
const paths = { openai: '/v1/chat/completions', anthropic: '/v1/messages', dify: '/v1/chat-messages' };

for (const type of kinds) {
  test(`${type}: an answer streams, is stored, and its tokens are counted`, async (t) => {
    const { provider, server, enter } = await stage(t, { type });
    provider.on('Grüße <b>&" 👋', scripted.stream(['Hel', 'lo ', '👋'], { usage: [11, 5] }));
    const ada = await enter('ada', { v: 2 });
    const { end, text } = await ada.ask('Grüße <b>&" 👋');
    assert.equal(text, 'Hello 👋');
    assert.equal(end.status, 'done');
    const [asked] = provider.requests;
    assert.equal(asked.path, paths[type]);
    assert.equal(asked.key, 'key-of-alpha');
    assert.equal(asked.text, 'Grüße <b>&" 👋');
    assert.equal(asked.wantsStream, true);
    assert.equal(asked.headers.accept, 'text/event-stream');
    const stored = await history(server, ada.token, ada.sessionId);
    assert.deepEqual(
      stored.messages.map(({ sender, content }) => [sender, content]),
      [
        ['user', 'Grüße <b>&" 👋'],
        ['ai', 'Hello 👋'],
      ],
    );
  });

  test(`${type}: characters that are torn apart arrive whole`, async (t) => {
    const { provider, enter } = await stage(t, { type });
    const text = 'Zürich 東京 👩‍👩‍👧‍👦 \\" \u0001 end';
    provider.on('Hello', scripted.byteByByte(text));
    const ada = await enter('ada', { v: 2 });
    assert.equal((await ada.ask('Hello')).text, text);
  });

  test(`${type}: an error inside the answer is an error, with the text that came`, async (t) => {
    const { provider, server, enter } = await stage(t, { type });
    provider.on('Hello', scripted.errorInside(['Half']));
    const ada = await enter('ada', { v: 2 });
    const { end, text } = await ada.ask('Hello');
    assert.deepEqual([end.type, end.error.code, end.status, text], ['error', 'LLM_UNAVAILABLE', 'failed', 'Half']);
    assert.ok(!JSON.stringify(ada.frames).includes('secret'), 'clients are not told what the vendor says');
    const asked = provider.requests.filter(({ text: question }) => question === 'Hello');
    assert.equal(asked.length, 1, 'not asked again once text has come');
    assert.equal((await ada.ask('After')).end.status, 'done');
    assert.ok(!server.stderr.includes('key-of-alpha'));
  });

  test(`${type}: a stream that is cut is an error, with the text that came`, async (t) => {
    const { provider, enter } = await stage(t, { type });
    provider.on('Hello', (x) => (x.start().begin(), x.token('Half'), x.cut()));
    const ada = await enter('ada', { v: 2 });
    const { end, text } = await ada.ask('Hello');
    assert.deepEqual([end.error?.code, text], ['LLM_UNAVAILABLE', 'Half']);
  });

  test(`${type}: a model that cannot stream is asked for the whole answer`, async (t) => {
    const { provider, enter } = await stage(t, { type, env: { LLM_PROVIDER_1_STREAM: 'false' } });
    const ada = await enter('ada', { v: 2 });
    const { end, text } = await ada.ask('Hello');
    assert.deepEqual([end.status, text], ['done', 'You said: Hello']);
    assert.equal(provider.requests[0].wantsStream, false);
    assert.equal(provider.requests[0].headers.accept, 'application/json');
  });
}

test('openai and anthropic are told the conversation, their instructions and their settings', async (t) => {
  const env = {
    CHATBOX_LLM_SYSTEM_PROMPT: 'General.',
    LLM_PROVIDER_1_SYSTEM_PROMPT: 'Own.',
    LLM_PROVIDER_1_TEMPERATURE: '0.5',
    LLM_PROVIDER_1_MAX_TOKENS: '123',
    LLM_PROVIDER_1_EXTRA_BODY: '{"top_p": 0.9}',
    LLM_PROVIDER_1_EXTRA_HEADERS: 'X-Team: support',
  };
  const conversation = [
    { role: 'user', content: 'One' },
    { role: 'assistant', content: 'You said: One' },
    { role: 'user', content: 'Two' },
  ];
  for (const type of ['openai', 'anthropic']) {
    const { provider, enter } = await stage(t, { type, env });
    const ada = await enter('ada');
    await ada.ask('One');
    await ada.ask('Two');
    const { body, headers } = provider.requests[1];
    assert.deepEqual([body.temperature, body.max_tokens, body.top_p], [0.5, 123, 0.9]);
    assert.equal(body.model, 'vendor-alpha');
    assert.equal(headers['x-team'], 'support');
    if (type === 'anthropic') {
      assert.equal(body.system, 'Own.\n\nGeneral.');
      assert.deepEqual(body.messages, conversation);
      assert.equal(headers['anthropic-version'], '2023-06-01');
    } else {
      assert.deepEqual(body.messages, [{ role: 'system', content: 'Own.\n\nGeneral.' }, ...conversation]);
    }
  }
});

test('anthropic is asked for 4096 tokens when nothing is set', async (t) => {
  const { provider, enter } = await stage(t, { type: 'anthropic' });
  await (await enter('ada')).ask('Hello');
  const { body } = provider.requests[0];
  assert.deepEqual(body, {
    model: 'vendor-alpha',
    messages: [{ role: 'user', content: 'Hello' }],
    max_tokens: 4096,
    stream: true,
  });
});

test('dify is told the question alone, its conversation and a pseudonym', async (t) => {
  const { provider, enter } = await stage(t, { type: 'dify' });
  const conversations = ['c-ada', 'c-bob'];
  for (const [i, name] of ['ada', 'bob'].entries()) {
    const answer = (x) => {
      x.body.conversation_id ??= conversations[i];
      return scripted.stream(['ok'])(x);
    };
    const user = await enter(name);
    const seen = [];
    for (const question of [`First of ${name}`, `Second of ${name}`]) {
      provider.on(question, (x) => {
        seen.push(structuredClone(x.body));
        return answer(x);
      });
      await user.ask(question);
    }
    assert.deepEqual(Object.keys(seen[0]).sort(), ['inputs', 'query', 'response_mode', 'user']);
    assert.deepEqual([seen[0].query, seen[1].query], [`First of ${name}`, `Second of ${name}`]);
    assert.deepEqual([seen[0].inputs, seen[0].response_mode], [{}, 'streaming']);
    assert.equal(seen[1].conversation_id, conversations[i]);
    assert.match(seen[0].user, /^user-[0-9a-f]{32}$/);
    assert.equal(seen[1].user, seen[0].user);
  }
  const users = new Set(provider.requests.map(({ body }) => body.user));
  assert.equal(users.size, 2, 'one pseudonym for each user');
});

test('dify begins anew when it has forgotten the conversation', async (t) => {
  const { provider, enter } = await stage(t, { type: 'dify' });
  const ada = await enter('ada', { v: 2 });
  await ada.ask('One');
  provider.on(
    (x) => x.text === 'Two' && x.body.conversation_id,
    scripted.refuse(404, { body: '{"code":"not_found","message":"Conversation Not Exists.","status":404}' }),
  );
  const { end, text } = await ada.ask('Two');
  assert.deepEqual([end.status, text], ['done', 'You said: Two']);
  assert.equal(provider.requests.at(-1).body.conversation_id, undefined);
});

test('a base URL with a query and a key in its own header, as Azure has it', async (t) => {
  const provider = await scripted.startProvider(t);
  const endpoint = provider.endpoint.replace('/v1', '/openai/deployments/gpt?api-version=2024-06-01');
  const { enter } = await stage(t, {
    provider,
    env: { LLM_PROVIDER_1_ENDPOINT: endpoint, LLM_PROVIDER_1_AUTH_HEADER: 'api-key' },
  });
  const ada = await enter('ada');
  assert.equal((await ada.ask('Hello')).text, 'You said: Hello');
  const [asked] = provider.requests;
  assert.equal(asked.path, '/openai/deployments/gpt/chat/completions?api-version=2024-06-01');
  assert.equal(asked.headers['api-key'], 'key-of-alpha');
  assert.equal(asked.headers.authorization, undefined);
});
