import { ArrowDown, ArrowUp } from 'lucide-preact';
import type { JSX } from 'preact';
import type { SessionSummary } from '../client/frames';
import { exactTime, relativeTime, spanOfTime } from '../ui/time';
import { nextSorting, type Column, type Sorting } from './table';

interface SessionsTableProps {
  sessions: SessionSummary[];
  sorting: Sorting;
  now: number;
  onSort(sorting: Sorting): void;
}

const columns: { column: Column; label: string; number?: boolean }[] = [
  { column: 'name', label: 'Session' },
  { column: 'user_id', label: 'User' },
  { column: 'is_active', label: 'Status' },
  { column: 'last_activity', label: 'Last activity' },
  { column: 'start_time', label: 'Started' },
  { column: 'duration', label: 'Duration', number: true },
  { column: 'message_count', label: 'Messages', number: true },
  { column: 'total_tokens', label: 'Tokens', number: true },
];

export function SessionsTable({ sessions, sorting, now, onSort }: SessionsTableProps): JSX.Element {
  return (
    <div class="table-frame" id="sessions-container" tabIndex={0} role="region" aria-label="Sessions, scrollable">
      <table id="sessions-table">
        <thead>
          <tr>
            {columns.map(({ column, label, number }) => (
              <th key={column} scope="col" class={number ? 'number' : ''} aria-sort={ariaSort(sorting, column)}>
                <button type="button" onClick={() => onSort(nextSorting(sorting, column))}>
                  {label}
                  <SortArrow sorting={sorting} column={column} />
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody id="sessions-tbody">
          {sessions.map((session) => (
            <Row key={session.id} session={session} now={now} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ariaSort(sorting: Sorting, column: Column): 'ascending' | 'descending' | 'none' {
  if (sorting.column !== column) return 'none';
  return sorting.descending ? 'descending' : 'ascending';
}

function SortArrow({ sorting, column }: { sorting: Sorting; column: Column }): JSX.Element | null {
  if (sorting.column !== column) return null;
  return sorting.descending ? <ArrowDown size={14} aria-hidden="true" /> : <ArrowUp size={14} aria-hidden="true" />;
}

function Row({ session, now }: { session: SessionSummary; now: number }): JSX.Element {
  return (
    <tr data-session-id={session.id}>
      <td class="name" title={`${session.name || 'Untitled chat'}\n${session.id}`}>
        {session.name || <span class="untitled">Untitled chat</span>}
        {session.admin_assisted && <span class="admin-badge">Assisted</span>}
      </td>
      <td title={session.user_id}>{session.user_id}</td>
      <td>
        <span class={`status-badge ${session.is_active ? 'active' : 'ended'}`}>
          <span class={`indicator ${session.is_active ? 'connected' : ''}`} aria-hidden="true" />
          {session.is_active ? 'Active' : 'Ended'}
        </span>
      </td>
      <TimeCell text={session.last_activity} now={now} />
      <TimeCell text={session.start_time} now={now} />
      <td class="number">{spanOfTime(session.duration)}</td>
      <td class="number">{session.message_count.toLocaleString()}</td>
      <td class="number">{session.total_tokens.toLocaleString()}</td>
    </tr>
  );
}

function TimeCell({ text, now }: { text: string; now: number }): JSX.Element {
  const time = Date.parse(text);
  if (Number.isNaN(time)) return <td class="quiet">unknown</td>;
  return (
    <td>
      <time dateTime={text} title={exactTime(time)}>
        {relativeTime(time, now)}
      </time>
    </td>
  );
}
