// 8. LLM streams without a deadline.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { history } from '../support/http.mjs';
import { endless, headersOnly, neverAnswers } from '../support/provider.mjs';
import { stage } from '../support/stage.mjs';

const stopsMidLine = (x) => {
  x.start().token('half');
  x.raw('data: {"choices":[{"index":0,"delta":{"cont');
};

for (const [what, scenario, partial] of [
  ['never sends headers', neverAnswers, ''],
  ['sends headers and then nothing', headersOnly, ''],
  ['sends pieces for ever', endless({ everyMs: 50 }), /^0 1 /],
  ['stops in the middle of a line', stopsMidLine, 'half'],
]) {
  test(`a vendor that ${what} is left at the deadline, with one error and what came so far`, async (t) => {
    const { provider, server, enter } = await stage(t, { env: { LLM_STREAM_TIMEOUT: '1s' } });
    provider.on('Question', scenario);
    const ada = await enter('ada', { v: 2 });
    ada.say('Question');
    const began = performance.now();
    const { end, frames } = await ada.answer();
    const patience = Number(process.env.CHATBOX_TEST_PATIENCE ?? 1);
    assert.ok(performance.now() - began < 1000 + 1000 * patience, `${performance.now() - began} ms`);
    assert.equal(end.error.code, 'LLM_TIMEOUT');
    assert.equal(end.error.message, 'AI service request timed out after 1s');
    assert.equal(frames.filter((frame) => frame.type === 'error' || frame.metadata?.done === 'true').length, 1);
    assert.deepEqual(await ada.settled(), [], 'nothing follows the end');
    assert.equal(await provider.requests[0].gone, true, 'the vendor sees that we have left');
    const { messages } = await history(server, ada.token, ada.sessionId);
    assert.equal(messages[1].status, 'failed');
    assert.match(messages[1].content, partial instanceof RegExp ? partial : new RegExp(`^${partial}$`));
    provider.on('Next', (x) => provider.otherwise(x));
    assert.equal((await ada.ask('Next')).text, 'You said: Next');
  });
}
