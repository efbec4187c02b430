import { describe, expect, it } from 'vitest';
import { parseHistory, type ServerFrame } from '../src/client/frames';
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
/** As if the events up to `seq` had been seen. */
const after = (seq: number): Transcript => ({ ...emptyTranscript, lastSeq: seq });
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
    const state = run([...frames(piece('a1', 0, 'Half a')), { type: 'stop' }, ...frames(done('a1', 6, 2, 'stopped'))], after(1));
    expect(state.items[0]).toMatchObject({ text: 'Half a', answer: 'stopped' });
    expect(state.items[0]?.stopping).toBeUndefined();
  });

  it('takes text that comes with the last frame', () => {
    const last = { ...done('a1', 2, 2), content: '!' };
    expect(texts(run(frames(piece('a1', 0, 'Hi'), last), after(1)))).toEqual(['ai: Hi!']);
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
    const state = run(frames(piece('a1', 0, 'Hi'), done('a1', 8, 2)), after(1));
    expect(runningAnswer(state)).toBeDefined();
    expect(position(state)).toEqual({ session_id: 's', after_seq: '1', message_id: 'a1', offset: '2' });
  });

  it('leaves an ended answer as it is', () => {
    const ended = run(frames(piece('a1', 0, 'Hi'), done('a1', 2, 2)), after(1));
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
    expect(run(frames(event, event, { ...event }), after(3))).toMatchObject({ items: [{ sender: 'admin' }], lastSeq: 4 });
  });
});

describe('order', () => {
  const message = (seq: number): ServerFrame => ({ type: 'user_message', session_id: 's', sender: 'user', message_id: `u${seq}`, seq, content: String(seq) });

  it('is that of seq, also for what comes again', () => {
    expect(texts(run(frames(message(1), message(2), message(1), message(3))))).toEqual(['user: 1', 'user: 2', 'user: 3']);
  });

  it('with an event left out is a hole, and what follows is not taken before that is filled', () => {
    const state = run(frames(message(1), message(3)));
    expect(state).toMatchObject({ holes: 1, lastSeq: 1 });
    expect(texts(run(frames(message(2), message(3)), state))).toEqual(['user: 1', 'user: 2', 'user: 3']);
  });

  it('has a hole when less came than the server says has come', () => {
    expect(run(frames(message(1), { type: 'resumed', session_id: 's', seq: 2 })).holes).toBe(1);
  });

  it('starts anywhere after a reset, and only then', () => {
    const state = run(frames(message(1), { type: 'reset', session_id: 's', seq: 400 }, message(201), message(202)));
    expect(state).toMatchObject({ holes: 0, lastSeq: 202 });
    expect(run(frames(message(204)), state).holes).toBe(1);
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
    expect(texts(run([compose('c1', 'typed offline'), ...frames(other)], after(8)))).toEqual(['user: from my phone', 'user: typed offline']);
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

describe('who answers', () => {
  const help: ServerFrame = { type: 'help_request', session_id: 's', sender: 'user', message_id: 'h1', seq: 1 };
  const who = { admin_id: 'adm-1', admin_name: 'Jane Doe' };
  const join: ServerFrame = { type: 'admin_join', session_id: 's', sender: 'admin', content: 'Administrator Jane Doe has joined the session', metadata: who, message_id: 'j1', seq: 2 };
  const leave: ServerFrame = { ...join, type: 'admin_leave', message_id: 'l1', seq: 3 };

  it('changes with a call for help, a person who joins and one who leaves, each with a line of its own', () => {
    const asked = run([{ type: 'help' }]);
    expect(asked).toMatchObject({ control: 'ai', asking: true });
    const waiting = run(frames(help), asked);
    expect(waiting).toMatchObject({ control: 'waiting', asking: false, items: [{ sender: 'system', event: 'help' }] });
    const human = run(frames(join), waiting);
    expect(human).toMatchObject({ control: 'human', helper: 'Jane Doe' });
    expect(human.items[1]).toMatchObject({ sender: 'system', event: 'join', name: 'Jane Doe' });
    const over = run(frames(leave, leave), human);
    expect(over).toMatchObject({ control: 'ai', lastSeq: 3 });
    expect(over.helper).toBeUndefined();
    expect(over.items).toHaveLength(3);
  });

  it('is a person when one speaks', () => {
    const said: ServerFrame = { type: 'user_message', session_id: 's', sender: 'admin', content: 'Hi', metadata: who };
    expect(run(frames(said))).toMatchObject({ control: 'human', helper: 'Jane Doe' });
  });

  it('is known from the history', () => {
    const stored = (frame: ServerFrame): object => ({ ...frame, id: frame.message_id, timestamp: '2026-02-22T10:00:00Z', content: frame.content ?? '' });
    const from = (...list: ServerFrame[]): Transcript => {
      const history = parseHistory({ session_id: 's', is_active: true, last_seq: list.length, messages: list.map(stored) });
      return history ? run([{ type: 'history', history, now: 5 }], run(frames(join), after(1))) : emptyTranscript;
    };
    expect(from(help)).toMatchObject({ control: 'waiting', items: [{ sender: 'system', event: 'help' }] });
    expect(from(help, join)).toMatchObject({ control: 'human', helper: 'Jane Doe' });
    expect(from(help, join, leave)).toMatchObject({ control: 'ai' });
    expect(from(help, join, leave).helper).toBeUndefined();
  });

  it('stays as it was when help cannot be had, with a notice that says why', () => {
    const state = run([{ type: 'help' }, ...frames({ type: 'error', error: { code: 'DATABASE_ERROR', message: 'no' } })]);
    expect(state).toMatchObject({ asking: false, control: 'ai', notice: { code: 'HELP_DATABASE_ERROR' } });
  });

  it('starts anew in another session', () => {
    expect(run(frames(join, { type: 'connection_status', session_id: 't' }), after(1))).toMatchObject({ sessionId: 't', control: 'ai' });
  });
});

describe('files', () => {
  const file: ServerFrame = {
    type: 'file_upload', session_id: 's', sender: 'user', message_id: 'f1', seq: 1, content: 'The invoice', file_id: 'f', file_url: 'https://a.example/f',
    metadata: { filename: 'a.pdf', size: '12345', type: 'application/pdf' },
  };

  it('are typed, with name, size and kind', () => {
    expect(run(frames(file)).items[0]).toMatchObject({
      text: 'The invoice', file: { id: 'f', url: 'https://a.example/f', kind: 'file', name: 'a.pdf', size: 12345, media: 'application/pdf' },
    });
    const voice = run(frames({ ...file, type: 'voice_message', metadata: { size: 'many' } })).items[0]?.file;
    expect(voice).toEqual({ id: 'f', url: 'https://a.example/f', kind: 'voice' });
  });

  it('of ours are shown once, although the server sends them back', () => {
    const ours = { id: 'f', url: 'https://a.example/f', kind: 'file' } as const;
    const sent = run([{ type: 'compose', clientId: 'c1', text: '', file: ours, now: 1 }, { type: 'sending', clientId: 'c1' }]);
    const state = run(frames(ack('c1', 'f1', 1), { ...file, client_id: 'c1' }), sent);
    expect(state.items).toHaveLength(1);
    expect(state.items[0]).toMatchObject({ delivery: 'sent', file: ours });
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
    const running = run(frames(piece('a1', 0, 'So far')), after(2));
    const state = run(error('LLM_UNAVAILABLE', { message_id: 'a1', seq: 3, status: 'failed' }), running);
    expect(state.items[0]).toMatchObject({ text: 'So far', answer: 'failed', seq: 3, problem: { code: 'LLM_UNAVAILABLE' } });
    expect(state.lastSeq).toBe(3);
  });

  it('of an answer that never began get a place of their own', () => {
    const state = run(error('LLM_TIMEOUT', { message_id: 'a1', seq: 2, status: 'failed' }), after(1));
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
