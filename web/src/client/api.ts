// The HTTP routes, each with a deadline. Failures are values: what went wrong, in terms that a caller can act on.

import { isRecord, parseHistory, parseSessions, type History, type SessionSummary } from './frames';

export type ApiFailure =
  | 'unreachable'   // no answer: no network, or the server is down
  | 'unauthorized'  // the token is missing, wrong or expired
  | 'forbidden'     // the token lacks the role
  | 'not_found'
  | 'too_many'      // asked too often
  | 'server';       // the server failed, or its answer makes no sense

export type ApiResult<T> = { ok: true; value: T } | { ok: false; failure: ApiFailure };

export interface Health {
  live: boolean;
  ready: boolean;
  checks: { name: string; ok: boolean; reason?: string }[];
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface Api {
  sessions(): Promise<ApiResult<SessionSummary[]>>;
  history(sessionId: string): Promise<ApiResult<History>>;
  endSession(sessionId: string): Promise<ApiResult<undefined>>;
  /** A ticket that opens one socket, within seconds. `not_found`: this server has none. */
  ticket(): Promise<ApiResult<string>>;
  allSessions(): Promise<ApiResult<SessionSummary[]>>;
  health(): Promise<ApiResult<Health>>;
}

/** `base` is Place.http; `token` is asked for each time, because it may be renewed. */
export function makeApi(base: string, token: () => string | undefined, fetchFn: Fetch, deadline = 15_000): Api {
  const call = async (method: string, path: string): Promise<ApiResult<{ status: number; body: unknown }>> => {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), deadline);
    try {
      const bearer = token();
      const headers: Record<string, string> = bearer ? { Authorization: `Bearer ${bearer}` } : {};
      const response = await fetchFn(base + path, { method, headers, signal: abort.signal, credentials: 'omit', cache: 'no-store' });
      return { ok: true, value: { status: response.status, body: await jsonOf(response) } };
    } catch {
      return { ok: false, failure: 'unreachable' };
    } finally {
      clearTimeout(timer);
    }
  };
  const ask = async <T>(method: string, path: string, read: (body: unknown) => T | undefined): Promise<ApiResult<T>> => {
    const answer = await call(method, path);
    if (!answer.ok) return answer;
    const failure = failureOf(answer.value.status);
    if (failure) return { ok: false, failure };
    const value = read(answer.value.body);
    return value === undefined ? { ok: false, failure: 'server' } : { ok: true, value };
  };
  return {
    sessions: () => ask('GET', '/sessions', parseSessions),
    history: (sessionId) => ask('GET', `/sessions/${encodeURIComponent(sessionId)}`, parseHistory),
    endSession: async (sessionId) => {
      const answer = await ask('POST', `/sessions/${encodeURIComponent(sessionId)}/end`, () => true);
      return answer.ok ? { ok: true, value: undefined } : answer;
    },
    ticket: () => ask('POST', '/ws/ticket', ticketIn),
    allSessions: () => ask('GET', '/admin/sessions?limit=1000', parseSessions),
    health: async () => {
      const [live, ready] = await Promise.all([call('GET', '/healthz'), call('GET', '/readyz')]);
      if (!live.ok) return live;
      if (!ready.ok) return ready;
      return { ok: true, value: { live: live.value.status === 200, ready: ready.value.status === 200, checks: checksIn(ready.value.body) } };
    },
  };
}

function failureOf(status: number): ApiFailure | undefined {
  if (status >= 200 && status < 300) return undefined;
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'not_found';
  if (status === 429) return 'too_many';
  return 'server';
}

function ticketIn(body: unknown): string | undefined {
  const ticket = isRecord(body) ? body['ticket'] : undefined;
  return typeof ticket === 'string' && ticket ? ticket : undefined;
}

async function jsonOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return undefined;
  }
}

function checksIn(body: unknown): Health['checks'] {
  const checks = isRecord(body) ? body['checks'] : undefined;
  if (!isRecord(checks)) return [];
  return Object.entries(checks).flatMap(([name, check]) => {
    if (!isRecord(check)) return [];
    const reason = typeof check['reason'] === 'string' ? check['reason'] : undefined;
    return [{ name, ok: check['status'] === 'ready', ...(reason ? { reason } : {}) }];
  });
}
