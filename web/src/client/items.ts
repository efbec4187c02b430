// The things that a transcript consists of, and what can be read into them from frames and stored messages. Pure.

import { isRecord, type FrameError, type Sender, type ServerFrame, type StoredMessage } from './frames';

/** How far a message of ours has come. */
export type Delivery = 'queued' | 'sending' | 'sent' | 'failed';

/** How an answer stands. All but `waiting` and `streaming` are final. */
export type AnswerState = 'waiting' | 'streaming' | 'done' | 'stopped' | 'failed' | 'interrupted';

/** A file or a recording that a message brings. */
export interface FileRef {
  readonly id: string;
  /** As the server gave it: not looked at yet. A view shows it as a link only when it is one of the web. */
  readonly url: string;
  readonly kind: 'file' | 'voice';
  readonly name?: string;
  /** Bytes. */
  readonly size?: number;
  /** Media type. */
  readonly media?: string;
}

/** Who answers: the AI; the AI while a person was asked for; a person. */
export type Control = 'ai' | 'waiting' | 'human';

/** A line that nobody wrote: a person was asked for, came, or left. */
export type NoticeKind = 'help' | 'join' | 'leave';

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
  readonly file?: FileRef;
  readonly event?: NoticeKind;
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

export function isRunning(item: Item): boolean {
  return item.answer === 'waiting' || item.answer === 'streaming';
}

export function isCommitted(item: Item): boolean {
  return item.seq !== undefined;
}

/** Ends in doubt what only a live connection could confirm. */
export function unsettle(item: Item): Item {
  if (item.delivery === 'sending') return { ...item, delivery: 'queued' };
  return without(item, 'confirmed');
}

export function tooLarge(item: Item): Item {
  return item.delivery === 'sending' ? { ...item, delivery: 'failed', problem: { code: 'TOO_LARGE', text: '' } } : item;
}

/** An answer that may still grow: it runs, or we only concluded that it does not (see settle). */
export function isOpen(item: Item): boolean {
  return isRunning(item) || (item.answer === 'interrupted' && item.seq === undefined);
}

export function fromStored(message: StoredMessage, born: number, now: number): Item {
  const event = noticeOf(message.type);
  const item: Item = {
    key: `m${born}`, sender: event ? 'system' : message.sender, text: message.content, bytes: 0, time: timeOf(message.timestamp, now),
    // The store gives no seq to what is in no event; such a message keeps the place that the list gave it.
    order: message.seq ?? born / 1e9, born, ...identity({ message_id: message.id, seq: message.seq }),
    ...nameIn(message.metadata), ...fileIn(message), ...(event ? { event } : {}),
  };
  return message.sender === 'ai' ? { ...item, answer: endingFrom(message.status) } : item;
}

export function endingOf(frame: ServerFrame): AnswerState {
  return endingFrom(frame.status ?? frame.metadata?.['status']);
}

export function endingFrom(status: string | undefined): AnswerState {
  return status === 'stopped' || status === 'failed' || status === 'interrupted' ? status : 'done';
}

export function ended(item: Item, ending: AnswerState, frame: ServerFrame): Item {
  return commit(without({ ...item, answer: ending }, 'stopping'), frame.seq);
}

/** Gives an item its seq. An answer keeps the place where it began; everything else moves to its seq. */
export function commit(item: Item, seq: number | undefined): Item {
  if (seq === undefined) return item;
  return { ...item, seq, order: item.sender === 'ai' ? item.order : seq };
}

export function identity(frame: { message_id?: string | undefined; seq?: number | undefined }): Partial<Item> {
  return {
    ...(frame.message_id === undefined ? {} : { id: frame.message_id }),
    ...(frame.seq === undefined ? {} : { seq: frame.seq }),
  };
}

export function nameIn(metadata: Record<string, string> | undefined): Partial<Item> {
  const name = isRecord(metadata) ? metadata['admin_name'] : undefined;
  return name ? { name } : {};
}

export function noticeOf(type: string | undefined): NoticeKind | undefined {
  return type === 'help_request' ? 'help' : type === 'admin_join' ? 'join' : type === 'admin_leave' ? 'leave' : undefined;
}

/** A frame or a stored message that brings a file. */
type Bringing = Pick<ServerFrame, 'file_id' | 'file_url' | 'metadata'> & { type?: string | undefined };

export function fileIn({ type, file_id: id, file_url: url, metadata }: Bringing): { file?: FileRef } {
  if (!id || !url) return {};
  const size = Number(metadata?.['size'] ?? NaN);
  const name = metadata?.['filename'];
  const media = metadata?.['type'];
  return {
    file: {
      id, url, kind: type === 'voice_message' ? 'voice' : 'file', ...(name ? { name } : {}), ...(media ? { media } : {}),
      ...(Number.isSafeInteger(size) && size >= 0 ? { size } : {}),
    },
  };
}

export function sorted(items: Item[]): Item[] {
  return items.sort((a, b) => (a.order === b.order ? a.born - b.born : a.order - b.order));
}

export function without<T extends object, K extends keyof T>(value: T, key: K): T {
  if (value[key] === undefined) return value;
  const copy = { ...value };
  delete copy[key];
  return copy;
}

export function timeOf(timestamp: string | undefined, now: number): number {
  const time = timestamp ? Date.parse(timestamp) : NaN;
  return Number.isNaN(time) ? now : time;
}

export function problemOf(error: FrameError | undefined, now: number): Problem {
  const problem: Problem = { code: error?.code ?? 'SERVICE_ERROR', text: error?.message ?? '' };
  if (error?.retry_after !== undefined) problem.retryAt = now + error.retry_after;
  return problem;
}

export function sameMessage(a: Item, b: Item): boolean {
  return (a.id !== undefined && a.id === b.id) || (a.seq !== undefined && a.seq === b.seq);
}

export function sentIfOurs(item: Item): Partial<Item> {
  return item.delivery ? { delivery: 'sent' } : {};
}
