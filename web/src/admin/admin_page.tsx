import { KeyRound, Pause, Play, RefreshCw, ShieldOff } from 'lucide-preact';
import type { ComponentChildren, JSX } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ChatMenu } from '../chat/header';
import { PageState } from '../chat/states';
import type { Api, ApiFailure, ApiResult, Health } from '../client/api';
import type { SessionSummary } from '../client/frames';
import { useNow } from '../ui/hooks';
import { clockTime, exactTime } from '../ui/time';
import { HealthPanel } from './health_panel';
import { SessionsTable } from './sessions_table';
import { visibleSessions, type Filter, type Sorting, type StatusFilter } from './table';

/** Milliseconds between two loads. The administrator's share of requests allows twenty a minute. */
const refreshEvery = 15_000;

interface AdminPageProps {
  /** Undefined when there is no token. */
  api: Api | undefined;
  name: string | undefined;
}

interface Loaded {
  health: ApiResult<Health>;
  sessions: ApiResult<SessionSummary[]>;
  at: number;
}

export function AdminPage({ api, name }: AdminPageProps): JSX.Element {
  const [auto, setAuto] = useState(true);
  const { loaded, kept, loading, load } = useLoading(api, auto);
  const failure = loaded && !loaded.sessions.ok ? loaded.sessions.failure : undefined;
  useShortcut('r', load);
  return (
    <div id="app" class="console">
      <header class="bar">
        <h1>Chatbox console</h1>
        {name && <span class="who">{name}</span>}
        <div class="tools">
          <button
            type="button"
            id="auto-refresh-status"
            class="quiet-button"
            aria-pressed={auto}
            title={`Load again every ${refreshEvery / 1000} s`}
            onClick={() => setAuto(!auto)}
          >
            {auto ? <Pause size={16} aria-hidden="true" /> : <Play size={16} aria-hidden="true" />}
            <span class="button-text">{auto ? 'Auto-refresh: ON' : 'Auto-refresh: OFF'}</span>
          </button>
          <button type="button" id="refresh-btn" class="quiet-button" title="Refresh (R)" aria-label="Refresh" disabled={!api || loading} onClick={load}>
            <RefreshCw size={16} aria-hidden="true" />
            <span class="button-text">Refresh</span>
            <kbd>R</kbd>
          </button>
          <ChatMenu />
        </div>
      </header>
      {!api || failure === 'unauthorized' ? (
        <NotSignedIn had={api !== undefined} />
      ) : failure === 'forbidden' ? (
        <NoPermission />
      ) : (
        <main class="content">
          <HealthPanel health={loaded?.health} />
          <Sessions sessions={kept} failure={failure} at={loaded?.at} onRetry={load} />
        </main>
      )}
    </div>
  );
}

function NotSignedIn({ had }: { had: boolean }): JSX.Element {
  return (
    <PageState id="signed-out" icon={<KeyRound size={28} />} title={had ? 'Your sign-in has expired' : 'You are not signed in'}>
      <p>Open the console again with an administrator's link or from your own application.</p>
      <p>
        On the server, <code>chatbox token --user NAME --role admin</code> makes a token.
      </p>
    </PageState>
  );
}

function NoPermission(): JSX.Element {
  return (
    <PageState id="no-permission" icon={<ShieldOff size={28} />} title="No permission">
      <p>You are signed in, but not as an administrator. Ask whoever runs this server for the role “admin” or “chat_admin”.</p>
    </PageState>
  );
}

interface SessionsProps {
  sessions: SessionSummary[] | undefined;
  failure: ApiFailure | undefined;
  at: number | undefined;
  onRetry: () => void;
}

const filters: { status: StatusFilter; label: string }[] = [
  { status: 'all', label: 'All' },
  { status: 'active', label: 'Active' },
  { status: 'ended', label: 'Ended' },
];

function Sessions({ sessions, failure, at, onRetry }: SessionsProps): JSX.Element {
  const [sorting, setSorting] = useState<Sorting>({ column: 'last_activity', descending: true });
  const [filter, setFilter] = useState<Filter>({ status: 'all', text: '' });
  const search = useRef<HTMLInputElement>(null);
  const now = useNow(30_000);
  useShortcut('/', () => search.current?.focus());
  const shown = sessions && visibleSessions(sessions, filter, sorting);
  return (
    <section aria-labelledby="sessions-title">
      <div class="section-head">
        <h2 id="sessions-title">Sessions</h2>
        <p role="status">{sessions && at && <Count sessions={sessions} at={at} failure={failure} />}</p>
        <input
          ref={search}
          type="search"
          class="search"
          id="filter-text"
          placeholder="Find a name, user or id"
          title="Find (/)"
          aria-label="Find a session by name, user or id"
          value={filter.text}
          onInput={(event) => setFilter({ ...filter, text: event.currentTarget.value })}
        />
        <div class="chips" role="group" aria-label="Status">
          {filters.map(({ status, label }) => (
            <button key={status} type="button" class="chip" aria-pressed={filter.status === status} onClick={() => setFilter({ ...filter, status })}>
              {label}
            </button>
          ))}
        </div>
      </div>
      {shown && shown.length > 0 ? (
        <SessionsTable sessions={shown} sorting={sorting} now={now} onSort={setSorting} />
      ) : shown && sessions && sessions.length > 0 ? (
        <TableState title="No session matches">
          <button type="button" class="quiet-button" onClick={() => setFilter({ status: 'all', text: '' })}>
            Show all
          </button>
        </TableState>
      ) : (
        <NoRows loaded={sessions !== undefined} failure={failure} onRetry={onRetry} />
      )}
    </section>
  );
}

function Count({ sessions, at, failure }: { sessions: SessionSummary[]; at: number; failure: ApiFailure | undefined }): JSX.Element {
  const active = sessions.filter((session) => session.is_active).length;
  return (
    <>
      {sessions.length === 1 ? '1 session' : `${sessions.length.toLocaleString()} sessions`}, {active.toLocaleString()} active.{' '}
      <span class={failure ? 'stale' : ''} title={exactTime(at)}>
        {failure ? `The last refresh failed: ${failureWords[failure]}.` : `As of ${clockTime(at)}.`}
      </span>
    </>
  );
}

const failureWords: Record<ApiFailure, string> = {
  unreachable: 'the server does not answer',
  unauthorized: 'the sign-in has expired',
  forbidden: 'you may not see this',
  not_found: 'the server does not know this list',
  too_many: 'too many requests, wait a moment',
  server: 'the server could not answer',
};

function NoRows({ loaded, failure, onRetry }: { loaded: boolean; failure: ApiFailure | undefined; onRetry: () => void }): JSX.Element {
  if (failure) {
    return (
      <TableState title="The sessions could not be loaded" id="load-error">
        <p>{`It says: ${failureWords[failure]}.`}</p>
        <button type="button" class="quiet-button" onClick={onRetry}>
          Try again
        </button>
      </TableState>
    );
  }
  if (loaded) {
    return (
      <TableState title="No sessions yet" id="empty-state">
        <p>A session appears here as soon as a visitor writes the first message.</p>
      </TableState>
    );
  }
  return (
    <div class="table-frame skeleton-rows" id="loading" aria-busy="true" aria-label="Loading sessions">
      <span />
      <span />
      <span />
      <span />
    </div>
  );
}

function TableState({ id, title, children }: { id?: string; title: string; children: ComponentChildren }): JSX.Element {
  return (
    <div class="table-frame table-state" id={id}>
      <h3>{title}</h3>
      {children}
    </div>
  );
}

/** Loads at once and, while `auto` and the page is looked at, again and again. Rows outlive a refresh that failed. */
function useLoading(api: Api | undefined, auto: boolean): { loaded: Loaded | undefined; kept: SessionSummary[] | undefined; loading: boolean; load: () => void } {
  const [loaded, setLoaded] = useState<Loaded>();
  const [kept, setKept] = useState<SessionSummary[]>();
  const [loading, setLoading] = useState(false);
  const busy = useRef(false);
  const load = useCallback(() => {
    if (!api || busy.current) return;
    busy.current = true;
    setLoading(true);
    void Promise.all([api.health(), api.allSessions()]).then(([health, sessions]) => {
      busy.current = false;
      setLoading(false);
      setLoaded({ health, sessions, at: Date.now() });
      if (sessions.ok) setKept(sessions.value);
    });
  }, [api]);
  useEffect(load, [load]);
  const refused = loaded !== undefined && !loaded.sessions.ok && ['unauthorized', 'forbidden'].includes(loaded.sessions.failure);
  useEffect(() => {
    if (!auto || refused) return undefined;
    const timer = setInterval(() => {
      if (!document.hidden) load();
    }, refreshEvery);
    return () => clearInterval(timer);
  }, [auto, refused, load]);
  return { loaded, kept, loading, load };
}

function useShortcut(key: string, action: () => void): void {
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => {
      const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
      if (event.key !== key || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      action();
    };
    document.addEventListener('keydown', listener);
    return () => document.removeEventListener('keydown', listener);
  }, [key, action]);
}
