// How the vendors of models say things. Each dialect turns what a scenario wants to say into the bytes of a body.
const data = (value) => `data: ${JSON.stringify(value)}\n\n`;

const chunk = (delta, finish = null) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1700000000,
  model: 'scripted',
  choices: [{ index: 0, delta, finish_reason: finish }],
});
const openaiUsage = ([prompt, completion, total = prompt + completion]) => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: total,
});

// platform.openai.com/docs/api-reference/chat
const openai = {
  name: 'openai',
  path: /\/chat\/completions(\?|$)/,
  key: (headers) => headers.authorization?.replace(/^Bearer /, ''),
  wantsStream: (body) => body.stream === true,
  question: (body) => body.messages?.at(-1)?.content ?? '',
  begin: () => data(chunk({ role: 'assistant', content: '' })),
  token: (text) => data(chunk({ content: text })),
  usage: (usage) => data({ ...chunk({}), choices: [], usage: openaiUsage(usage) }),
  finish: ({ reason = 'stop', usage }) =>
    data(chunk({}, reason)) + (usage ? openai.usage(usage) : '') + 'data: [DONE]\n\n',
  error: (type, message) => data(openai.errorBody(type, message)),
  errorBody: (type, message) => ({ error: { message, type, code: null, param: null } }),
  whole: (text, { reason = 'stop', usage } = {}) => ({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1700000000,
    model: 'scripted',
    choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: reason }],
    ...(usage && { usage: openaiUsage(usage) }),
  }),
};

const named = (event) => `event: ${event.type}\n${data(event)}`;
const message = (more) => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'scripted',
  content: [],
  stop_reason: null,
  stop_sequence: null,
  ...more,
});
const stopReason = (reason) => (reason === 'stop' ? 'end_turn' : reason);

// docs.claude.com/en/api/messages-streaming
const anthropic = {
  name: 'anthropic',
  path: /\/messages(\?|$)/,
  key: (headers) => headers['x-api-key'],
  wantsStream: (body) => body.stream === true,
  question: openai.question,
  begin: (usage = [0, 0]) =>
    named({ type: 'message_start', message: message({ usage: { input_tokens: usage[0], output_tokens: 1 } }) }) +
    named({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }) +
    named({ type: 'ping' }),
  token: (text) => named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
  finish: ({ reason = 'stop', usage }) =>
    named({ type: 'content_block_stop', index: 0 }) +
    named({
      type: 'message_delta',
      delta: { stop_reason: stopReason(reason), stop_sequence: null },
      usage: usage ? { input_tokens: usage[0], output_tokens: usage[1] } : { output_tokens: 0 },
    }) +
    named({ type: 'message_stop' }),
  error: (type, text) => named(anthropic.errorBody(type, text)),
  errorBody: (type, text) => ({ type: 'error', error: { type, message: text } }),
  whole: (text, { reason = 'stop', usage = [0, 0] } = {}) =>
    message({
      content: [{ type: 'text', text }],
      stop_reason: stopReason(reason),
      usage: { input_tokens: usage[0], output_tokens: usage[1] },
    }),
};

const inConversation = (body) => body.conversation_id || 'conversation-1';

// docs.dify.ai, Send Chat Message
const dify = {
  name: 'dify',
  path: /\/chat-messages(\?|$)/,
  key: openai.key,
  wantsStream: (body) => body.response_mode === 'streaming',
  question: (body) => body.query ?? '',
  begin: () => 'event: ping\n\n',
  token: (text, body) =>
    data({ event: 'message', message_id: 'm', conversation_id: inConversation(body), answer: text }),
  finish: ({ usage }, body) =>
    data({
      event: 'message_end',
      conversation_id: inConversation(body),
      metadata: usage ? { usage: openaiUsage(usage) } : {},
    }),
  error: (type, text) => data({ event: 'error', status: 500, code: type, message: text }),
  errorBody: (type, text) => ({ code: type, message: text, status: 500 }),
  whole: (text, { usage } = {}, body) => ({
    event: 'message',
    conversation_id: inConversation(body),
    answer: text,
    metadata: usage ? { usage: openaiUsage(usage) } : {},
  }),
};

export const dialects = { openai, anthropic, dify };
export const dialectOf = (url) => Object.values(dialects).find(({ path }) => path.test(url)) ?? openai;
