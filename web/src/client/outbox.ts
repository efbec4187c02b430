// Messages that are not acknowledged survive a reload of the page: they lie in the tab's storage until the ack comes.

import { isRecord } from './frames';
import type { FileRef } from './items';
import type { KeyValue } from './token';

export interface Unsent {
  clientId: string;
  text: string;
  /** Milliseconds since 1970. */
  time: number;
  file?: FileRef;
  failed?: boolean;
}

export class Outbox {
  private key = '';
  private written = '';

  /** `scope` keeps users and servers apart: what one of them typed is never sent as another. */
  constructor(
    private readonly storage: KeyValue,
    private readonly scope: string,
  ) {}

  /**
   * With `adopt`, what was typed before there was a session now belongs to this one: if it was stored, then here, and the
   * server will know it by its client id.
   */
  read(sessionId: string | undefined, adopt: boolean): Unsent[] {
    const homeless = sessionId && adopt ? this.take(undefined) : [];
    this.key = this.keyOf(sessionId);
    this.written = this.storage.getItem(this.key) ?? '';
    const list = [...homeless, ...parse(this.written)];
    this.write(sessionId, list);
    return list;
  }

  private take(sessionId: string | undefined): Unsent[] {
    const key = this.keyOf(sessionId);
    const list = parse(this.storage.getItem(key) ?? '');
    this.storage.removeItem(key);
    return list;
  }

  /** Keeps exactly `list`. A session that gets its id takes the messages that were kept without one along. */
  write(sessionId: string | undefined, list: Unsent[]): void {
    const key = this.keyOf(sessionId);
    const text = list.length === 0 ? '' : JSON.stringify(list);
    if (key === this.key && text === this.written) return;
    if (key !== this.key && this.written) this.storage.removeItem(this.key);
    if (text) this.storage.setItem(key, text);
    else this.storage.removeItem(key);
    this.key = key;
    this.written = text;
  }

  private keyOf(sessionId: string | undefined): string {
    return `chatbox.outbox:${this.scope}:${sessionId ?? 'new'}`;
  }
}

function parse(text: string): Unsent[] {
  try {
    const list: unknown = JSON.parse(text || '[]');
    return Array.isArray(list) ? list.flatMap(unsentFrom) : [];
  } catch {
    return [];
  }
}

function unsentFrom(value: unknown): Unsent[] {
  if (!isRecord(value)) return [];
  const { clientId, text, time, file, failed } = value;
  if (typeof clientId !== 'string' || typeof text !== 'string' || typeof time !== 'number') return [];
  if (file !== undefined && !isFile(file)) return [];
  return [{ clientId, text, time, ...(file ? { file } : {}), ...(failed === true ? { failed } : {}) }];
}

function isFile(value: unknown): value is FileRef {
  return (
    isRecord(value) && typeof value['id'] === 'string' && typeof value['url'] === 'string' &&
    (value['kind'] === 'file' || value['kind'] === 'voice')
  );
}
