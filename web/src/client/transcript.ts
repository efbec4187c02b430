// What a client knows of one session, as a pure function: state and event in, state out. No clock, no socket, no DOM.
//
// Order: committed messages stand in the order of their `seq`. An answer that began while we watched keeps the place where
// it began, so that nothing jumps when it ends; messages that are not acknowledged yet stand last.
//
// Every frame may arrive twice. What the state already holds is recognised by message id, then by seq, then by client id.

import type { History, Model, ServerFrame, StoredMessage } from './frames';
import {
  commit, ended, endingOf, fileIn, fromStored, identity, isCommitted, isOpen, isRunning, nameIn, noticeOf, problemOf,
  sameMessage, sentIfOurs, sorted, timeOf, tooLarge, unsettle, without,
  type AnswerState, type Control, type Delivery, type FileRef, type Item, type Problem,
} from './items';
import { dropUtf8, takeUtf8, utf8Length } from './utf8';

export { isRunning } from './items';
export type { AnswerState, Control, Delivery, FileRef, Item, NoticeKind, Problem } from './items';

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
  readonly control: Control;
  /** Name of the person who answers, when it is known. */
  readonly helper?: string;
  /** A person was asked for, and the server has not confirmed it yet. */
  readonly asking: boolean;
  /** What comes next may have any seq: the server said that it starts elsewhere. */
  readonly anySeq: boolean;
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
  | { type: 'compose'; clientId: string; text: string; now: number; file?: FileRef; failed?: boolean }
  | { type: 'sending'; clientId: string }
  | { type: 'retry'; clientId: string }
  | { type: 'discard'; clientId: string }
  | { type: 'too_large' }
  | { type: 'disconnected' }
  | { type: 'help' }
  | { type: 'stop' }
  | { type: 'model'; modelId: string }
  | { type: 'dismiss' }
  | { type: 'gone' }
  | { type: 'ended' }
  | { type: 'clear' };

export const emptyTranscript: Transcript = {
  models: [], items: [], lastSeq: 0, control: 'ai', asking: false, anySeq: false, ended: false, holes: 0, born: 0,
};

export function reduce(state: Transcript, event: TranscriptEvent): Transcript {
  switch (event.type) {
    case 'frame':
      return applyFrame(state, event.frame, event.now);
    case 'history':
      return applyHistory(state, event.history, event.now);
    case 'compose':
      return add(state, {
        sender: 'user', text: event.text, bytes: 0, time: event.now, clientId: event.clientId,
        delivery: event.failed ? 'failed' : 'queued', order: Infinity, ...(event.file ? { file: event.file } : {}),
      });
    case 'sending':
      return changeOwn(state, event.clientId, (item) => without({ ...item, delivery: 'sending' }, 'problem'));
    case 'retry':
      return changeOwn(state, event.clientId, (item) => without({ ...item, delivery: 'queued' }, 'problem'));
    case 'discard':
      return { ...state, items: state.items.filter((item) => item.clientId !== event.clientId || isCommitted(item)) };
    case 'too_large':
      return { ...state, items: state.items.map(tooLarge) };
    case 'help':
      return state.control === 'ai' ? { ...state, asking: true } : state;
    case 'disconnected':
      return { ...state, items: state.items.map(unsettle) };
    case 'stop':
      return { ...state, items: state.items.map((item) => (isRunning(item) ? { ...item, stopping: true } : item)) };
    case 'model':
      return { ...state, modelId: event.modelId };
    case 'dismiss':
      return without(state, 'notice');
    case 'gone':
      return { ...without(forget(state), 'helper'), sessionId: undefined, control: 'ai', ended: false };
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

// --- frames ---

function applyFrame(before: Transcript, frame: ServerFrame, now: number): Transcript {
  const adopted = adopt(before, frame);
  if (leavesHole(adopted, frame)) return { ...adopted, holes: adopted.holes + 1 };
  const state = isEvent(frame) && adopted.anySeq ? { ...adopted, anySeq: false } : adopted;
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
    case 'file_upload':
    case 'voice_message':
      return applyMessage(state, frame, time);
    case 'help_request':
    case 'admin_join':
    case 'admin_leave':
      return applyControl(state, frame, time);
    case 'reset':
      return { ...forget(state), anySeq: true };
    case 'resumed':
      return { ...settle(advance(state, frame.seq)), anySeq: false };
    case 'error':
      return applyError(state, frame, now);
    case 'notification':
      return { ...state, notice: { code: 'NOTIFICATION', text: frame.content ?? '', time: now } };
    default:
      return state;
  }
}

/** Frames with a seq that stands for an event. `reset` and `resumed` only speak of one. */
function isEvent(frame: ServerFrame): boolean {
  return frame.seq !== undefined && frame.type !== 'reset' && frame.type !== 'resumed';
}

/** Something between what we have and this never came. */
function leavesHole(state: Transcript, frame: ServerFrame): boolean {
  if (frame.seq === undefined || frame.type === 'reset' || state.anySeq) return false;
  return frame.seq > state.lastSeq + (isEvent(frame) ? 1 : 0);
}

/** Takes over the frame's session. Another one than ours means that ours is not there any more: its messages go. */
function adopt(state: Transcript, frame: ServerFrame): Transcript {
  if (!frame.session_id || frame.session_id === state.sessionId) return state;
  if (!state.sessionId) return { ...state, sessionId: frame.session_id };
  if (frame.type === 'error') return state;
  return {
    ...without(forget(state), 'helper'), sessionId: frame.session_id, control: 'ai', ended: false, holes: state.holes + 1,
  };
}

/** Drops everything that came from the server; what is not acknowledged stays. */
function forget(state: Transcript): Transcript {
  return { ...state, items: unacknowledged(state), lastSeq: 0, anySeq: false };
}

function applyStatus(state: Transcript, frame: ServerFrame): Transcript {
  const next = { ...state };
  if (frame.models) next.models = frame.models;
  if (frame.user_id) next.userId = frame.user_id;
  if (frame.model_id) next.modelId = frame.model_id;
  // The answer to a command; version 2 tells the rest with an event.
  if (frame.content && frame.sender === 'ai') next.asking = false;
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

function applyMessage(state: Transcript, frame: ServerFrame, time: number): Transcript {
  const known = findCommitted(state, frame) ?? findOwn(state, frame.client_id);
  const next = known
    ? change(state, known, (item) => commit(without({ ...item, id: frame.message_id ?? item.id, ...sentIfOurs(item) }, 'problem'), frame.seq))
    : add(state, {
        sender: frame.sender ?? 'user', text: frame.content ?? '', bytes: 0, time, order: frame.seq ?? Infinity,
        ...identity(frame), ...nameIn(frame.metadata), ...fileIn(frame),
      });
  return advance(frame.sender === 'admin' && !known ? taken(next, frame.metadata) : next, frame.seq);
}

/** Who answers has changed. */
function applyControl(state: Transcript, frame: ServerFrame, time: number): Transcript {
  if (findCommitted(state, frame)) return advance(state, frame.seq);
  const event = noticeOf(frame.type);
  const next = add(state, {
    sender: 'system', text: frame.content ?? '', bytes: 0, time, order: frame.seq ?? state.lastSeq + 0.5,
    ...identity(frame), ...nameIn(frame.metadata), ...(event ? { event } : {}),
  });
  return advance(withControl(next, frame.type, frame.metadata), frame.seq);
}

function withControl(state: Transcript, type: string | undefined, metadata: Record<string, string> | undefined): Transcript {
  if (type === 'admin_join') return taken(state, metadata);
  if (type === 'admin_leave') return { ...without(state, 'helper'), control: 'ai', asking: false };
  if (type !== 'help_request') return state;
  return { ...state, asking: false, control: state.control === 'human' ? 'human' : 'waiting' };
}

function taken(state: Transcript, metadata: Record<string, string> | undefined): Transcript {
  const { name } = nameIn(metadata);
  return { ...state, control: 'human', asking: false, ...(name ? { helper: name } : {}) };
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
  if (state.asking && frame.client_id === undefined && !state.items.some((item) => item.delivery === 'sending')) {
    return { ...state, asking: false, notice: { code: `HELP_${problem.code}`, text: problem.text, time: now } };
  }
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
  if ((frame.offset ?? 0) > (known?.bytes ?? 0) && (!known || isOpen(known))) return { ...state, holes: state.holes + 1 };
  const next = known
    ? change(state, known, (item) => ({ ...ended(item, 'failed', frame), problem }))
    : add(state, {
        sender: 'ai', text: '', bytes: 0, time: timeOf(frame.timestamp, now), answer: 'failed', problem,
        order: frame.seq ?? state.lastSeq + 0.5, ...identity(frame),
      });
  return advance(next, frame.seq);
}

// --- history ---

function applyHistory(state: Transcript, history: History, now: number): Transcript {
  const pending = unacknowledged(state).filter((item) => !history.messages.some((message) => isOurs(message, item)));
  let born = state.born;
  const items = history.messages.map((message): Item => {
    born += 1;
    return fromStored(message, born, now);
  });
  const blank: Transcript = { ...without(state, 'helper'), control: 'ai' };
  const { control, helper } = history.messages.reduce(
    (sum, message) => (message.sender === 'admin' && !noticeOf(message.type) ? taken(sum, message.metadata) : withControl(sum, message.type, message.metadata)),
    blank,
  );
  const lastSeq = items.reduce((highest, item) => Math.max(highest, item.seq ?? 0), history.last_seq ?? 0);
  return {
    ...blank,
    control,
    ...(helper ? { helper } : {}),
    anySeq: false,
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

// --- small parts ---

function advance(state: Transcript, seq: number | undefined): Transcript {
  return seq !== undefined && seq > state.lastSeq ? { ...state, lastSeq: seq } : state;
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

