import { describe, expect, it } from 'vitest';
import type { ServerFrame } from '../src/client/frames';
import { emptyTranscript, position, reduce, runningAnswer, unacknowledged, type Transcript, type TranscriptEvent } from '../src/client/transcript';

const piece = (id: string, offset: number, content: string): ServerFrame => ({
  type: 'ai_response', session_id: 's', sender: 'ai', message_id: id, offset, content, metadata: { streaming: 'true', done: 'false' },
});
const done = (id: string, offset: number, seq: number, status = 'done'): ServerFrame => ({
  type: 'ai_response', session_id: 's', sender: 'ai', message_id: id, offset, seq, status, metadata: { streaming: 'true', done: 'true', status },
});
const ack = (clientId: string, id: string, seq: number): ServerFrame => ({ type: 'ack', session_id: 's', client_id: clientId, message_id: id, seq });
const frames = (...list: ServerFrame[]): TranscriptEvent[] => list.map((frame) => ({ type: 'frame', frame, now: 1000 }));
const run = (events: TranscriptEvent[], from: Transcript = emptyTranscript): Transcript => events.reduce(reduce, from);
const compose = (clientId: string, text: string): TranscriptEvent => ({ type: 'compose', clientId, text, now: 1 });
const texts = (state: Transcript): string[] => state.items.map((item) => `${item.sender}: ${item.text}`);

describe('a question and its answer', () => {
  it('shows a message at once and marks it as sent with its ack', () => {
    const typed = run([compose('c1', 'Hello'), { type: 'sending', clientId: 'c1' }]);
    expect(typed.items[0]).toMatchObject({ text: 'Hello', delivery: 'sending' });
    const acked = run(frames(ack('c1', 'u1', 1)), typed);
    expect(acked.items[0]).toMatchObject({ id: 'u1', seq: 1, delivery: 'sent' });
    expect(acked.sessionId).toBe('s');
    expect(acked.lastSeq).toBe(1);
  });

  it('grows the answer by its pieces and ends it once', () => {
    const state = run([
      compose('c1', 'Hello'),
      ...frames(ack('c1', 'u1', 1), { type: 'loading', session_id: 's', message_id: 'a1' }, piece('a1', 0, 'Hi'), piece('a1', 2, ' there'), done('a1', 8, 2)),
    ]);
    expect(texts(state)).toEqual(['user: Hello', 'ai: Hi there']);
    expect(state.items[1]).toMatchObject({ answer: 'done', seq: 2 });
    expect(runningAnswer(state)).toBeUndefined();
  });

  it('knows an answer that waits for its first word', () => {
    const state = run(frames({ type: 'loading', session_id: 's', message_id: 'a1' }));
    expect(runningAnswer(state)).toMatchObject({ id: 'a1', answer: 'waiting', text: '' });
  });

  it('keeps the text that came before a stop, and says that it was stopped', () => {
    const state = run([...frames(piece('a1', 0, 'Half a')), { type: 'stop' }, ...frames(done('a1', 6, 2, 'stopped'))]);
    expect(state.items[0]).toMatchObject({ text: 'Half a', answer: 'stopped' });
    expect(state.items[0]?.stopping).toBeUndefined();
  });

  it('takes text that comes with the last frame', () => {
    const last = { ...done('a1', 2, 2), content: '!' };
    expect(texts(run(frames(piece('a1', 0, 'Hi'), last)))).toEqual(['ai: Hi!']);
  });
});

describe('frames that come twice, late or torn', () => {
  it('skips the bytes of a piece that it has, also inside a piece', () => {
    const state = run(frames(piece('a1', 0, 'näher'), piece('a1', 0, 'näher'), piece('a1', 3, 'her dran')));
    expect(texts(state)).toEqual(['ai: näher dran']);
    expect(state.holes).toBe(0);
  });

  it('counts offsets in bytes of UTF-8', () => {
    const state = run(frames(piece('a1', 0, 'é漢🙂'), piece('a1', 9, '!')));
    expect(texts(state)).toEqual(['ai: é漢🙂!']);
    expect(position(state)).toMatchObject({ message_id: 'a1', offset: '10' });
  });

  it('reports a hole in place of guessing', () => {
    const state = run(frames(piece('a1', 0, 'Hi'), piece('a1', 5, 'lost')));
    expect(texts(state)).toEqual(['ai: Hi']);
    expect(state.holes).toBe(1);
  });

  it('does not end an answer of which a part is missing', () => {
    const state = run(frames(piece('a1', 0, 'Hi'), done('a1', 8, 2)));
    expect(runningAnswer(state)).toBeDefined();
    expect(position(state)).toEqual({ session_id: 's', after_seq: '0', message_id: 'a1', offset: '2' });
  });

  it('leaves an ended answer as it is', () => {
    const ended = run(frames(piece('a1', 0, 'Hi'), done('a1', 2, 2)));
    expect(texts(run(frames(piece('a1', 2, ' again'), done('a1', 2, 2)), ended))).toEqual(['ai: Hi']);
  });

  it('knows its own message again when it is replayed before the ack', () => {
    const replay: ServerFrame = { type: 'user_message', session_id: 's', sender: 'user', message_id: 'u1', seq: 1, content: 'Hello' };
    const state = run([compose('c1', 'Hello'), ...frames(replay, ack('c1', 'u1', 1))]);
    expect(texts(state)).toEqual(['user: Hello']);
    expect(unacknowledged(state)).toEqual([]);
  });

  it('shows an event once, however often it comes', () => {
    const event: ServerFrame = { type: 'user_message', session_id: 's', sender: 'admin', message_id: 'p1', seq: 4, content: 'I can help' };
    expect(run(frames(event, event, { ...event }))).toMatchObject({ items: [{ sender: 'admin' }], lastSeq: 4 });
  });
});

describe('order', () => {
  it('sorts committed messages by seq', () => {
    const message = (seq: number): ServerFrame => ({ type: 'user_message', session_id: 's', sender: 'user', message_id: `u${seq}`, seq, content: String(seq) });
    expect(texts(run(frames(message(3), message(1), message(2))))).toEqual(['user: 1', 'user: 2', 'user: 3']);
  });

  it('keeps a running answer where it began when another message is stored meanwhile', () => {
    const state = run([
      compose('c1', 'one'), ...frames(ack('c1', 'u1', 1), piece('a1', 0, 'first')),
      compose('c2', 'two'), ...frames(ack('c2', 'u2', 2), piece('a1', 5, ' answer'), done('a1', 12, 3)),
    ]);
    expect(texts(state)).toEqual(['user: one', 'ai: first answer', 'user: two']);
    expect(state.lastSeq).toBe(3);
  });

  it('keeps messages that are not acknowledged last', () => {
    const other: ServerFrame = { type: 'user_message', session_id: 's', sender: 'user', message_id: 'u9', seq: 9, content: 'from my phone' };
    expect(texts(run([compose('c1', 'typed offline'), ...frames(other)]))).toEqual(['user: from my phone', 'user: typed offline']);
  });
});

describe('resuming', () => {
  const half = run([compose('c1', 'Hello'), ...frames(ack('c1', 'u1', 1), piece('a1', 0, 'Half')), { type: 'disconnected' }]);

  it('names the session, the last event and the bytes that it has', () => {
    expect(position(half)).toEqual({ session_id: 's', after_seq: '1', message_id: 'a1', offset: '4' });
    expect(position(emptyTranscript)).toEqual({});
  });

  it('continues from a snapshot at its offset', () => {
    const state = run(frames({ type: 'snapshot', session_id: 's', message_id: 'a1', offset: 4, content: ' done' }, { type: 'resumed', session_id: 's', seq: 1 }, piece('a1', 9, '.')), half);
    expect(texts(state)).toEqual(['user: Hello', 'ai: Half done.']);
  });

  it('takes a snapshot from the beginning in place of what it held', () => {
    const state = run(frames({ type: 'snapshot', session_id: 's', message_id: 'a1', offset: 0, content: 'Other text' }), half);
    expect(texts(state)).toEqual(['user: Hello', 'ai: Other text']);
  });

  it('takes the whole answer when it ended meanwhile', () => {
    const whole: ServerFrame = { type: 'ai_response', session_id: 's', message_id: 'a1', seq: 2, content: 'Half and more', status: 'interrupted', metadata: { streaming: 'false' } };
    const state = run(frames(whole, { type: 'resumed', session_id: 's', seq: 2 }), half);
    expect(state.items[1]).toMatchObject({ text: 'Half and more', answer: 'interrupted', seq: 2 });
  });

  it('marks an answer that the server no longer knows as interrupted, and forgets one without text', () => {
    expect(run(frames({ type: 'resumed', session_id: 's', seq: 1 }), half).items[1]).toMatchObject({ text: 'Half', answer: 'interrupted' });
    const waiting = run([...frames({ type: 'loading', session_id: 's', message_id: 'a1' }), { type: 'disconnected' }]);
    expect(run(frames({ type: 'resumed', session_id: 's' }), waiting).items).toEqual([]);
  });

  it('lets an answer grow on that was thought to be over', () => {
    const state = run(frames({ type: 'resumed', session_id: 's', seq: 1 }, piece('a1', 4, ' more')), half);
    expect(state.items[1]).toMatchObject({ text: 'Half more', answer: 'streaming' });
  });

  it('forgets everything but its own unsent messages on reset', () => {
    const state = run([compose('c2', 'not sent yet'), ...frames({ type: 'reset', session_id: 's' })], half);
    expect(texts(state)).toEqual(['user: not sent yet']);
    expect(state.lastSeq).toBe(0);
  });

  it('puts a message whose ack did not come back into the queue', () => {
    const state = run([compose('c1', 'Hello'), { type: 'sending', clientId: 'c1' }, { type: 'disconnected' }]);
    expect(unacknowledged(state)).toMatchObject([{ delivery: 'queued' }]);
  });

  it('takes over another session when the server says that it is one, and asks for what happened there', () => {
    const state = run(frames({ type: 'connection_status', session_id: 't' }), half);
    expect(state).toMatchObject({ sessionId: 't', items: [], lastSeq: 0, holes: 1 });
  });
});

describe('errors', () => {
  const sending = run([compose('c1', 'Hello'), { type: 'sending', clientId: 'c1' }]);
  const error = (code: string, more: Partial<ServerFrame> = {}, retry?: number): TranscriptEvent[] =>
    frames({ type: 'error', session_id: 's', error: { code, message: 'Why', recoverable: true, ...(retry ? { retry_after: retry } : {}) }, ...more });

  it('stand at the message that was being sent', () => {
    expect(run(error('DATABASE_ERROR'), sending).items[0]).toMatchObject({ delivery: 'failed', problem: { code: 'DATABASE_ERROR', text: 'Why' } });
  });

  it('stand at the message that they name', () => {
    const two = run([compose('c2', 'Second')], sending);
    const state = run(error('SERVICE_ERROR', { client_id: 'c2' }), two);
    expect(state.items.map((item) => item.delivery)).toEqual(['sending', 'failed']);
  });

  it('keep a message in the queue when it may be sent again later', () => {
    expect(run(error('TOO_MANY_REQUESTS', {}, 5000), sending).items[0]).toMatchObject({ delivery: 'queued', problem: { retryAt: 6000 } });
  });

  it('end the answer that failed, and keep its text', () => {
    const running = run(frames(piece('a1', 0, 'So far')));
    const state = run(error('LLM_UNAVAILABLE', { message_id: 'a1', seq: 3, status: 'failed' }), running);
    expect(state.items[0]).toMatchObject({ text: 'So far', answer: 'failed', seq: 3, problem: { code: 'LLM_UNAVAILABLE' } });
    expect(state.lastSeq).toBe(3);
  });

  it('of an answer that never began get a place of their own', () => {
    const state = run(error('LLM_TIMEOUT', { message_id: 'a1', seq: 2, status: 'failed' }));
    expect(state.items).toMatchObject([{ sender: 'ai', text: '', answer: 'failed', problem: { code: 'LLM_TIMEOUT' } }]);
  });

  it('that belong to no message become a notice', () => {
    const state = run(error('INVALID_FORMAT'));
    expect(state.notice).toMatchObject({ code: 'INVALID_FORMAT', text: 'Why' });
    expect(reduce(state, { type: 'dismiss' }).notice).toBeUndefined();
  });

  it('go when the message is sent again', () => {
    const failed = run(error('DATABASE_ERROR'), sending);
    expect(run([{ type: 'retry', clientId: 'c1' }], failed).items[0]).toMatchObject({ delivery: 'queued' });
    expect(run([{ type: 'retry', clientId: 'c1' }], failed).items[0]?.problem).toBeUndefined();
  });
});

describe('history', () => {
  const history: TranscriptEvent = {
    type: 'history', now: 5,
    history: {
      session_id: 's', name: 'Hello', last_seq: 2, is_active: true,
      messages: [
        { id: 'u1', seq: 1, sender: 'user', content: 'Hello', timestamp: '2026-02-22T10:00:00Z' },
        { id: 'a1', seq: 2, sender: 'ai', content: 'Hi', timestamp: '2026-02-22T10:00:01Z', status: 'stopped' },
      ],
    },
  };

  it('becomes the transcript, with how each answer ended', () => {
    const state = reduce(emptyTranscript, history);
    expect(texts(state)).toEqual(['user: Hello', 'ai: Hi']);
    expect(state.items[1]).toMatchObject({ answer: 'stopped' });
    expect(position(state)).toEqual({ session_id: 's', after_seq: '2' });
  });

  it('keeps what was typed meanwhile', () => {
    expect(texts(run([compose('c9', 'and?'), history]))).toEqual(['user: Hello', 'ai: Hi', 'user: and?']);
  });

  it('of a session that ended says so', () => {
    if (history.type !== 'history') return;
    expect(reduce(emptyTranscript, { ...history, history: { ...history.history, is_active: false } }).ended).toBe(true);
  });
});
