// What travels between the server and a client (docs/protocol.md). Everything from the server is optional until it
// has been looked at: a frame is taken for what it says, and what it lacks is never guessed.

export type Sender = 'user' | 'ai' | 'admin' | 'system';

export interface Model {
  id: string;
  name: string;
}

export interface FrameError {
  code: string;
  message: string;
  recoverable?: boolean;
  /** Milliseconds. */
  retry_after?: number;
}

export interface ServerFrame {
  type: string;
  session_id?: string;
  user_id?: string;
  content?: string;
  model_id?: string;
  models?: Model[];
  timestamp?: string;
  sender?: Sender;
  metadata?: Record<string, string>;
  error?: FrameError;
  message_id?: string;
  seq?: number;
  /** Bytes of UTF-8 of the answer that come before `content`. */
  offset?: number;
  client_id?: string;
  status?: string;
  file_id?: string;
  file_url?: string;
  /** typing: somebody writes, or stopped. */
  active?: boolean;
  /** token_expiring, auth_refreshed: seconds. */
  expires_in?: number;
}

export type ClientFrame =
  | { type: 'user_message'; session_id?: string; content: string; client_id: string; timestamp?: string }
  | {
      type: 'file_upload' | 'voice_message';
      session_id?: string;
      file_id: string;
      file_url: string;
      content?: string;
      client_id: string;
      metadata?: Record<string, string>;
    }
  | { type: 'help_request'; session_id?: string }
  | { type: 'model_select'; session_id?: string; model_id: string }
  | { type: 'stop'; session_id?: string }
  | { type: 'typing'; session_id?: string; active: boolean }
  | { type: 'auth_refresh'; token: string };

/** One message of `GET {prefix}/sessions/{id}`. */
export interface StoredMessage {
  id?: string;
  seq?: number;
  type?: string;
  status?: string;
  content: string;
  timestamp: string;
  sender: Sender;
  metadata?: Record<string, string>;
  client_id?: string;
  file_id?: string;
  file_url?: string;
}

export interface History {
  session_id: string;
  name?: string;
  model_id?: string;
  messages: StoredMessage[];
  last_seq?: number;
  is_active?: boolean;
}

export interface SessionSummary {
  id: string;
  user_id: string;
  name: string;
  last_activity: string;
  message_count: number;
  is_active: boolean;
  start_time: string;
  end_time?: string;
  /** Seconds. */
  duration: number;
  total_tokens: number;
  admin_assisted?: boolean;
}

const texts = [
  'session_id', 'user_id', 'content', 'model_id', 'timestamp', 'message_id', 'client_id', 'status', 'file_id', 'file_url',
] as const;

/** Reads one WebSocket message. Undefined when it is not a frame: the caller drops it. */
export function parseFrame(data: unknown): ServerFrame | undefined {
  if (typeof data !== 'string') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const raw = value as Record<string, unknown>;
  if (typeof raw['type'] !== 'string') return undefined;
  const frame: ServerFrame = { type: raw['type'] };
  for (const key of texts) {
    const field = raw[key];
    if (typeof field === 'string') frame[key] = field;
  }
  for (const key of ['seq', 'offset', 'expires_in'] as const) {
    const field = raw[key];
    if (typeof field === 'number' && Number.isSafeInteger(field) && field >= 0) frame[key] = field;
  }
  if (typeof raw['active'] === 'boolean') frame.active = raw['active'];
  const sender = senderFrom(raw['sender']);
  if (sender) frame.sender = sender;
  if (isRecord(raw['metadata'])) frame.metadata = stringsOf(raw['metadata']);
  if (isRecord(raw['error'])) frame.error = errorFrom(raw['error']);
  if (Array.isArray(raw['models'])) frame.models = raw['models'].flatMap(modelFrom);
  return frame;
}

/** Reads the answer of `GET {prefix}/sessions/{id}`; drops what is not a message. */
export function parseHistory(value: unknown): History | undefined {
  if (!isRecord(value) || typeof value['session_id'] !== 'string' || !Array.isArray(value['messages'])) return undefined;
  // Who came and went stands apart from what was said; here it belongs in between.
  const notices = Array.isArray(value['notices']) ? value['notices'] : [];
  const messages = [...value['messages'], ...notices].flatMap(messageFrom).sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0));
  const history: History = { session_id: value['session_id'], messages };
  if (typeof value['name'] === 'string') history.name = value['name'];
  if (typeof value['model_id'] === 'string') history.model_id = value['model_id'];
  if (typeof value['last_seq'] === 'number') history.last_seq = value['last_seq'];
  if (typeof value['is_active'] === 'boolean') history.is_active = value['is_active'];
  return history;
}

export function parseSessions(value: unknown): SessionSummary[] | undefined {
  if (!isRecord(value) || !Array.isArray(value['sessions'])) return undefined;
  return value['sessions'].flatMap((raw: unknown) => {
    if (!isRecord(raw) || typeof raw['id'] !== 'string') return [];
    const summary: SessionSummary = {
      id: raw['id'],
      user_id: text(raw['user_id']),
      name: text(raw['name']),
      last_activity: text(raw['last_activity']),
      message_count: count(raw['message_count']),
      is_active: raw['is_active'] === true,
      start_time: text(raw['start_time']),
      duration: count(raw['duration']),
      total_tokens: count(raw['total_tokens']),
    };
    if (typeof raw['end_time'] === 'string') summary.end_time = raw['end_time'];
    if (raw['admin_assisted'] === true) summary.admin_assisted = true;
    return [summary];
  });
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function senderFrom(value: unknown): Sender | undefined {
  return value === 'user' || value === 'ai' || value === 'admin' || value === 'system' ? value : undefined;
}

function stringsOf(value: Record<string, unknown>): Record<string, string> {
  const strings: Record<string, string> = {};
  for (const [key, field] of Object.entries(value)) if (typeof field === 'string') strings[key] = field;
  return strings;
}

function errorFrom(value: Record<string, unknown>): FrameError {
  const error: FrameError = { code: text(value['code']), message: text(value['message']) };
  if (typeof value['recoverable'] === 'boolean') error.recoverable = value['recoverable'];
  if (typeof value['retry_after'] === 'number' && value['retry_after'] > 0) error.retry_after = value['retry_after'];
  return error;
}

function modelFrom(value: unknown): Model[] {
  if (!isRecord(value) || typeof value['id'] !== 'string') return [];
  return [{ id: value['id'], name: text(value['name']) || value['id'] }];
}

function messageFrom(value: unknown): StoredMessage[] {
  if (!isRecord(value)) return [];
  const sender = senderFrom(value['sender']);
  if (!sender) return [];
  const message: StoredMessage = { content: text(value['content']), timestamp: text(value['timestamp']), sender };
  for (const key of ['id', 'type', 'status', 'client_id', 'file_id', 'file_url'] as const) {
    const field = value[key];
    if (typeof field === 'string') message[key] = field;
  }
  if (typeof value['seq'] === 'number') message.seq = value['seq'];
  if (isRecord(value['metadata'])) message.metadata = stringsOf(value['metadata']);
  return [message];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
