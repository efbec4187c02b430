// What a client knows of one session, as a pure function: state and event in, state out. No clock, no socket, no DOM.
//
// Order: committed messages stand in the order of their `seq`. An answer that began while we watched keeps the place where
// it began, so that nothing jumps when it ends; messages that are not acknowledged yet stand last.
//
// Every frame may arrive twice. What the state already holds is recognised by message id, then by seq, then by client id.

import { isRecord, type FrameError, type History, type Model, type Sender, type ServerFrame, type StoredMessage } from './frames';
import { dropUtf8, takeUtf8, utf8Length } from './utf8';

/** How far a message of ours has come. */
export type Delivery = 'queued' | 'sending' | 'sent' | 'failed';

/** How an answer stands. All but `waiting` and `streaming` are final. */
export type AnswerState = 'waiting' | 'streaming' | 'done' | 'stopped' | 'failed' | 'interrupted';

export interface Problem {
  code: string;
  text: string;
  /** Time in milliseconds at which it is worth trying again by itself. */
  retryAt?: number;
}

export interface Item {
  /** Stays the same for the life of the item: what a view may use to recognise it. */
  readonly key: string;
  readonly sender: Sender;
  readonly text: string;
  /** Bytes of UTF-8 in `text`; kept only while an answer grows. */
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly id?: string;
  readonly seq?: number;
  readonly clientId?: string;
  /** Name of the person, when one is known. */
  readonly name?: string;
  readonly delivery?: Delivery;
  readonly answer?: AnswerState;
  /** Stop was asked for and is not confirmed yet. */
  readonly stopping?: boolean;
  readonly problem?: Problem;
  /** The server has spoken of this running answer since the last connect. */
  readonly confirmed?: boolean;
  /** Where it stands: `seq`, or a number between two of them, or infinity. */
  readonly order: number;
  readonly born: number;
}

export interface Notice {
  code: string;
  text: string;
  time: number;
}

export interface Transcript {
  readonly sessionId?: string;
  readonly userId?: string;
  readonly name?: string;
  readonly models: readonly Model[];
  readonly modelId?: string;
  readonly items: readonly Item[];
  /** The highest seq that has been applied. */
  readonly lastSeq: number;
  /** The session has ended: nothing more can be said in it. */
  readonly ended: boolean;
  /** Something about the connection or a command that belongs to no message. */
  readonly notice?: Notice;
  /** Grows whenever a hole was seen that only a resume can fill. */
  readonly holes: number;
  readonly born: number;
}

export type TranscriptEvent =
  | { type: 'frame'; frame: ServerFrame; now: number }
  | { type: 'history'; history: History; now: number }
  | { type: 'compose'; clientId: string; text: string; now: number; failed?: boolean }
  | { type: 'sending'; clientId: string }
  | { type: 'retry'; clientId: string }
  | { type: 'discard'; clientId: string }
  | { type: 'disconnected' }
  | { type: 'stop' }
  | { type: 'model'; modelId: string }
  | { type: 'dismiss' }
  | { type: 'gone' }
  | { type: 'ended' }
  | { type: 'clear' };

export const emptyTranscript: Transcript = { models: [], items: [], lastSeq: 0, ended: false, holes: 0, born: 0 };

export function reduce(state: Transcript, event: TranscriptEvent): Transcript {
  switch (event.type) {
    case 'frame':
      return applyFrame(state, event.frame, event.now);
    case 'history':
      return applyHistory(state, event.history, event.now);
    case 'compose':
      return add(state, {
        sender: 'user', text: event.text, bytes: 0, time: event.now, clientId: event.clientId,
        delivery: event.failed ? 'failed' : 'queued', order: Infinity,
      });
    case 'sending':
      return changeOwn(state, event.clientId, (item) => without({ ...item, delivery: 'sending' }, 'problem'));
    case 'retry':
      return changeOwn(state, event.clientId, (item) => without({ ...item, delivery: 'queued' }, 'problem'));
    case 'discard':
      return { ...state, items: state.items.filter((item) => item.clientId !== event.clientId || isCommitted(item)) };
    case 'disconnected':
      return { ...state, items: state.items.map(unsettle) };
    case 'stop':
      return { ...state, items: state.items.map((item) => (isRunning(item) ? { ...item, stopping: true } : item)) };
    case 'model':
      return { ...state, modelId: event.modelId };
    case 'dismiss':
      return without(state, 'notice');
    case 'gone':
      return { ...forget(state), sessionId: undefined, ended: false };
    case 'ended':
      return { ...state, ended: true };
    case 'clear':
      return { ...emptyTranscript, models: state.models, userId: state.userId, holes: state.holes, born: state.born };
  }
}

/** The answer that is being written, if there is one. */
export function runningAnswer(state: Transcript): Item | undefined {
  for (let i = state.items.length - 1; i >= 0; i--) {
    const item = state.items[i];
    if (item && isRunning(item)) return item;
  }
  return undefined;
}

export function isRunning(item: Item): boolean {
  return item.answer === 'waiting' || item.answer === 'streaming';
}

/** Messages of ours that are not acknowledged, oldest first. */
export function unacknowledged(state: Transcript): Item[] {
  return state.items.filter((item) => item.delivery !== undefined && item.delivery !== 'sent');
}

/** The query parameters that let the server send exactly what is missing. */
export function position(state: Transcript): Record<string, string> {
  if (!state.sessionId) return {};
  const parameters: Record<string, string> = { session_id: state.sessionId, after_seq: String(state.lastSeq) };
  const answer = runningAnswer(state);
  if (answer?.id) {
    parameters['message_id'] = answer.id;
    parameters['offset'] = String(answer.bytes);
  }
  return parameters;
}

function isCommitted(item: Item): boolean {
  return item.seq !== undefined;
}

/** Ends in doubt what only a live connection could confirm. */
function unsettle(item: Item): Item {
  if (item.delivery === 'sending') return { ...item, delivery: 'queued' };
  return without(item, 'confirmed');
}

/** An answer that may still grow: it runs, or we only concluded that it does not (see settle). */
function isOpen(item: Item): boolean {
  return isRunning(item) || (item.answer === 'interrupted' && item.seq === undefined);
}

// --- frames ---

function applyFrame(before: Transcript, frame: ServerFrame, now: number): Transcript {
  const state = adopt(before, frame);
  const time = timeOf(frame.timestamp, now);
  switch (frame.type) {
    case 'connection_status':
      return applyStatus(state, frame);
    case 'ack':
      return applyAck(state, frame);
    case 'loading':
      return frame.message_id ? growAnswer(state, frame.message_id, undefined, '', time) : state;
    case 'snapshot':
      return frame.message_id ? applySnapshot(state, frame.message_id, frame, time) : state;
    case 'ai_response':
      return applyAnswer(state, frame, time);
    case 'user_message':
      return applyMessage(state, frame, time);
    case 'reset':
      return forget(state);
    case 'resumed':
      return settle(advance(state, frame.seq));
    case 'error':
      return applyError(state, frame, now);
    case 'notification':
      return { ...state, notice: { code: 'NOTIFICATION', text: frame.content ?? '', time: now } };
    default:
      return state;
  }
}

/** Takes over the frame's session. Another one than ours means that ours is not there any more: its messages go. */
function adopt(state: Transcript, frame: ServerFrame): Transcript {
  if (!frame.session_id || frame.session_id === state.sessionId) return state;
  if (!state.sessionId) return { ...state, sessionId: frame.session_id };
  if (frame.type === 'error') return state;
  return { ...forget(state), sessionId: frame.session_id, ended: false, holes: state.holes + 1 };
}

/** Drops everything that came from the server; what is not acknowledged stays. */
function forget(state: Transcript): Transcript {
  return { ...state, items: unacknowledged(state), lastSeq: 0 };
}

function applyStatus(state: Transcript, frame: ServerFrame): Transcript {
  const next = { ...state };
  if (frame.models) next.models = frame.models;
  if (frame.user_id) next.userId = frame.user_id;
  if (frame.model_id) next.modelId = frame.model_id;
  return next;
}

function applyAck(state: Transcript, frame: ServerFrame): Transcript {
  if (!frame.client_id) return state;
  const marked = changeOwn(state, frame.client_id, (item) =>
    commit(without({ ...item, delivery: 'sent', id: frame.message_id ?? item.id }, 'problem'), frame.seq),
  );
  return advance(mergeTwins(marked, frame.client_id), frame.seq);
}

/** The same message can be there twice: as ours, and as an event that was replayed before its ack came. One stays. */
function mergeTwins(state: Transcript, clientId: string): Transcript {
  const ours = state.items.find((item) => item.clientId === clientId);
  if (!ours) return state;
  const items = state.items.filter((item) => item === ours || !sameMessage(item, ours));
  return items.length === state.items.length ? state : { ...state, items };
}

function sameMessage(a: Item, b: Item): boolean {
  return (a.id !== undefined && a.id === b.id) || (a.seq !== undefined && a.seq === b.seq);
}

function applyMessage(state: Transcript, frame: ServerFrame, time: number): Transcript {
  const known = findCommitted(state, frame) ?? findOwn(state, frame.client_id);
  const next = known
    ? change(state, known, (item) => commit(without({ ...item, id: frame.message_id ?? item.id, ...sentIfOurs(item) }, 'problem'), frame.seq))
    : add(state, {
        sender: frame.sender ?? 'user', text: frame.content ?? '', bytes: 0, time, order: frame.seq ?? Infinity,
        ...identity(frame), ...nameIn(frame.metadata),
      });
  return advance(next, frame.seq);
}

function sentIfOurs(item: Item): Partial<Item> {
  return item.delivery ? { delivery: 'sent' } : {};
}

function applyAnswer(state: Transcript, frame: ServerFrame, time: number): Transcript {
  const id = frame.message_id;
  const streamed = frame.metadata?.['streaming'] === 'true';
  if (!id && streamed) return state;  // a piece that belongs to no known answer cannot be placed
  if (!streamed) return applyWholeAnswer(state, frame, time);
  const grown = growAnswer(state, id as string, frame.offset, frame.content ?? '', time);
  if (frame.metadata?.['done'] !== 'true') return grown;
  if (grown.holes > state.holes) return grown;  // text is missing: the resume brings the whole answer
  return finishAnswer(grown, id as string, frame);
}

function applyWholeAnswer(state: Transcript, frame: ServerFrame, time: number): Transcript {
  const ending = endingOf(frame);
  const known = findCommitted(state, frame);
  const next = known
    ? change(state, known, (item) => ended({ ...item, text: frame.content ?? '', bytes: 0 }, ending, frame))
    : add(state, {
        sender: 'ai', text: frame.content ?? '', bytes: 0, time, answer: ending, order: frame.seq ?? Infinity, ...identity(frame),
      });
  return advance(next, frame.seq);
}

function finishAnswer(state: Transcript, id: string, frame: ServerFrame): Transcript {
  const item = state.items.find((candidate) => candidate.id === id);
  const next = item ? change(state, item, (found) => ended(found, endingOf(frame), frame)) : state;
  return advance(next, frame.seq);
}

/** Adds a piece of an answer that starts at byte `offset`. Bytes that are there already are skipped. */
function growAnswer(state: Transcript, id: string, offset: number | undefined, content: string, time: number): Transcript {
  const known = state.items.find((item) => item.id === id);
  if (known && !isOpen(known)) return state;
  const have = known?.bytes ?? 0;
  const at = offset ?? have;
  if (at > have) return { ...(known ? state : addAnswer(state, id, time)), holes: state.holes + 1 };
  const rest = dropUtf8(content, Math.min(have - at, utf8Length(content)));
  if (rest === undefined) return { ...state, holes: state.holes + 1 };
  if (!known) return growAnswer(addAnswer(state, id, time), id, offset, content, time);
  const text = known.text + rest;
  const answer: AnswerState = text ? 'streaming' : 'waiting';
  return change(state, known, (item) => ({ ...item, text, bytes: have + utf8Length(rest), answer, confirmed: true }));
}

function addAnswer(state: Transcript, id: string, time: number): Transcript {
  return add(state, { sender: 'ai', text: '', bytes: 0, time, id, answer: 'waiting', order: state.lastSeq + 0.5 });
}

/** The server's text of the running answer from `offset` on replaces what we hold from there. */
function applySnapshot(state: Transcript, id: string, frame: ServerFrame, time: number): Transcript {
  const known = state.items.find((item) => item.id === id);
  if (known && !isOpen(known)) return state;
  if (!known) return applySnapshot(addAnswer(state, id, time), id, frame, time);
  const offset = frame.offset ?? 0;
  const kept = takeUtf8(known.text, offset);
  if (kept === undefined) return { ...state, holes: state.holes + 1 };
  const text = kept + (frame.content ?? '');
  return change(state, known, (item) => ({ ...item, text, bytes: utf8Length(text), answer: text ? 'streaming' : 'waiting', confirmed: true }));
}

/** After `resumed`: an answer that neither the events nor the snapshot spoke of is not being written any more. */
function settle(state: Transcript): Transcript {
  const items = state.items.flatMap((item): Item[] => {
    if (!isRunning(item) || item.confirmed) return [item];
    return item.text ? [{ ...item, answer: 'interrupted' }] : [];
  });
  return { ...state, items };
}

// --- errors ---

const answerErrors = new Set(['LLM_UNAVAILABLE', 'LLM_TIMEOUT']);

/** An error belongs to the message that it names, else to the one it can only be about; what is left is a notice. */
function applyError(state: Transcript, frame: ServerFrame, now: number): Transcript {
  const problem = problemOf(frame.error, now);
  if (frame.message_id || answerErrors.has(problem.code)) return failAnswer(state, frame, problem, now);
  // Ours are sent one at a time, each after the ack of the one before: at most one can be meant.
  const ours = findOwn(state, frame.client_id) ?? state.items.find((item) => item.delivery === 'sending');
  if (ours && ours.delivery !== 'sent') {
    const delivery: Delivery = problem.retryAt === undefined ? 'failed' : 'queued';
    return change(state, ours, (item) => ({ ...item, delivery, problem }));
  }
  return { ...state, notice: { code: problem.code, text: problem.text, time: now } };
}

function failAnswer(state: Transcript, frame: ServerFrame, problem: Problem, now: number): Transcript {
  const known = frame.message_id ? state.items.find((item) => item.id === frame.message_id) : runningAnswer(state);
  const next = known
    ? change(state, known, (item) => ({ ...ended(item, 'failed', frame), problem }))
    : add(state, {
        sender: 'ai', text: '', bytes: 0, time: timeOf(frame.timestamp, now), answer: 'failed', problem,
        order: frame.seq ?? state.lastSeq + 0.5, ...identity(frame),
      });
  return advance(next, frame.seq);
}

function problemOf(error: FrameError | undefined, now: number): Problem {
  const problem: Problem = { code: error?.code ?? 'SERVICE_ERROR', text: error?.message ?? '' };
  if (error?.retry_after !== undefined) problem.retryAt = now + error.retry_after;
  return problem;
}

// --- history ---

function applyHistory(state: Transcript, history: History, now: number): Transcript {
  const pending = unacknowledged(state).filter((item) => !history.messages.some((message) => isOurs(message, item)));
  let born = state.born;
  const items = history.messages.map((message): Item => {
    born += 1;
    return fromStored(message, born, now);
  });
  const lastSeq = items.reduce((highest, item) => Math.max(highest, item.seq ?? 0), history.last_seq ?? 0);
  return {
    ...state,
    sessionId: history.session_id,
    name: history.name || state.name,
    modelId: history.model_id || state.modelId,
    ended: history.is_active === false,
    items: sorted([...items, ...pending]),
    lastSeq,
    born,
  };
}

function isOurs(message: StoredMessage, item: Item): boolean {
  return message.client_id !== undefined && message.client_id === item.clientId;
}

function fromStored(message: StoredMessage, born: number, now: number): Item {
  const item: Item = {
    key: `m${born}`, sender: message.sender, text: message.content, bytes: 0, time: timeOf(message.timestamp, now),
    // The store gives no seq to what is in no event; such a message keeps the place that the list gave it.
    order: message.seq ?? born / 1e9, born, ...identity({ message_id: message.id, seq: message.seq }), ...nameIn(message.metadata),
  };
  return message.sender === 'ai' ? { ...item, answer: endingFrom(message.status) } : item;
}

// --- small parts ---

function endingOf(frame: ServerFrame): AnswerState {
  return endingFrom(frame.status ?? frame.metadata?.['status']);
}

function endingFrom(status: string | undefined): AnswerState {
  return status === 'stopped' || status === 'failed' || status === 'interrupted' ? status : 'done';
}

function ended(item: Item, ending: AnswerState, frame: ServerFrame): Item {
  return commit(without({ ...item, answer: ending }, 'stopping'), frame.seq);
}

/** Gives an item its seq. An answer keeps the place where it began; everything else moves to its seq. */
function commit(item: Item, seq: number | undefined): Item {
  if (seq === undefined) return item;
  return { ...item, seq, order: item.sender === 'ai' ? item.order : seq };
}

function advance(state: Transcript, seq: number | undefined): Transcript {
  return seq !== undefined && seq > state.lastSeq ? { ...state, lastSeq: seq } : state;
}

function identity(frame: { message_id?: string | undefined; seq?: number | undefined }): Partial<Item> {
  return {
    ...(frame.message_id === undefined ? {} : { id: frame.message_id }),
    ...(frame.seq === undefined ? {} : { seq: frame.seq }),
  };
}

function nameIn(metadata: Record<string, string> | undefined): Partial<Item> {
  const name = isRecord(metadata) ? metadata['admin_name'] : undefined;
  return name ? { name } : {};
}

function findCommitted(state: Transcript, frame: ServerFrame): Item | undefined {
  return state.items.find(
    (item) =>
      (frame.message_id !== undefined && item.id === frame.message_id) || (frame.seq !== undefined && item.seq === frame.seq),
  );
}

function findOwn(state: Transcript, clientId: string | undefined): Item | undefined {
  return clientId === undefined ? undefined : state.items.find((item) => item.clientId === clientId);
}

function changeOwn(state: Transcript, clientId: string, edit: (item: Item) => Item): Transcript {
  const item = findOwn(state, clientId);
  // A late ack or a late command must not touch what is committed.
  return item && item.delivery !== 'sent' ? change(state, item, edit) : state;
}

function change(state: Transcript, item: Item, edit: (item: Item) => Item): Transcript {
  const edited = edit(item);
  const items = state.items.map((other) => (other === item ? edited : other));
  return { ...state, items: edited.order === item.order ? items : sorted(items) };
}

function add(state: Transcript, item: Omit<Item, 'key' | 'born'>): Transcript {
  const born = state.born + 1;
  return { ...state, born, items: sorted([...state.items, { ...item, key: `m${born}`, born }]) };
}

function sorted(items: Item[]): Item[] {
  return items.sort((a, b) => (a.order === b.order ? a.born - b.born : a.order - b.order));
}

function without<T extends object, K extends keyof T>(value: T, key: K): T {
  if (value[key] === undefined) return value;
  const copy = { ...value };
  delete copy[key];
  return copy;
}

function timeOf(timestamp: string | undefined, now: number): number {
  const time = timestamp ? Date.parse(timestamp) : NaN;
  return Number.isNaN(time) ? now : time;
}
