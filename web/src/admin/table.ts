// Sorting and filtering of the session table. Pure.

import type { SessionSummary } from '../client/frames';

export type Column = 'name' | 'user_id' | 'is_active' | 'start_time' | 'last_activity' | 'duration' | 'message_count' | 'total_tokens';

export interface Sorting {
  column: Column;
  descending: boolean;
}

export type StatusFilter = 'all' | 'active' | 'ended';

export interface Filter {
  status: StatusFilter;
  /** Found in the name, the user or the session id; upper and lower case alike. */
  text: string;
}

export function visibleSessions(sessions: readonly SessionSummary[], filter: Filter, sorting: Sorting): SessionSummary[] {
  const wanted = filter.text.trim().toLowerCase();
  const kept = sessions.filter(
    (session) =>
      (filter.status === 'all' || session.is_active === (filter.status === 'active')) &&
      (wanted === '' || [session.name, session.user_id, session.id].some((text) => text.toLowerCase().includes(wanted))),
  );
  const sign = sorting.descending ? -1 : 1;
  // Equal values in the order of their ids, so that a refresh does not shuffle them.
  return kept.sort((a, b) => sign * compare(a, b, sorting.column) || (a.id < b.id ? -1 : 1));
}

/** The next sorting when a column's head is pressed: the same column turns round, another starts with what is asked most. */
export function nextSorting(current: Sorting, column: Column): Sorting {
  if (current.column === column) return { column, descending: !current.descending };
  return { column, descending: column !== 'name' && column !== 'user_id' };
}

function compare(a: SessionSummary, b: SessionSummary, column: Column): number {
  switch (column) {
    case 'name':
    case 'user_id':
      return a[column].localeCompare(b[column]);
    case 'start_time':
    case 'last_activity':
      return time(a[column]) - time(b[column]);
    case 'is_active':
      return Number(a.is_active) - Number(b.is_active);
    default:
      return a[column] - b[column];
  }
}

function time(text: string): number {
  return Date.parse(text) || 0;
}
