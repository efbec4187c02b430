import { describe, expect, it } from 'vitest';
import { nextSorting, visibleSessions } from '../src/admin/table';
import type { SessionSummary } from '../src/client/frames';
import { dayName, relativeTime, spanOfTime } from '../src/ui/time';

const now = new Date(2026, 2, 10, 12, 0, 0).getTime();
const minute = 60_000;

describe('times in words', () => {
  it('are relative for a week, then a date', () => {
    expect([0, 1, 59, 60, 23 * 60, 24 * 60, 6 * 24 * 60].map((minutes) => relativeTime(now - minutes * minute, now))).toEqual([
      'just now', '1 min ago', '59 min ago', '1 h ago', '23 h ago', '1 day ago', '6 days ago',
    ]);
    expect(relativeTime(now - 8 * 24 * 60 * minute, now)).toMatch(/2026/);
  });

  it('do not speak of the future when a clock is ahead', () => {
    expect(relativeTime(now + 5 * minute, now)).toBe('just now');
  });

  it('name the days that are near', () => {
    expect(dayName(now, now)).toBe('Today');
    expect(dayName(new Date(2026, 2, 9, 23, 59).getTime(), now)).toBe('Yesterday');
    expect(dayName(new Date(2025, 2, 9).getTime(), now)).toMatch(/2025/);
  });

  it('round spans down', () => {
    expect([-5, 0, 59, 60, 3599, 3600, 5400, 90_000].map(spanOfTime)).toEqual(['0 s', '0 s', '59 s', '1 min', '59 min', '1 h', '1 h 30 min', '1 d 1 h']);
  });
});

describe('the session table', () => {
  const session = (id: string, more: Partial<SessionSummary> = {}): SessionSummary => ({
    id, user_id: `u-${id}`, name: '', last_activity: '', message_count: 0, is_active: true, start_time: '', duration: 0, total_tokens: 0, ...more,
  });
  const list = [
    session('b', { name: 'Refund', message_count: 2, last_activity: '2026-03-01T10:00:00Z' }),
    session('a', { name: 'Invoice', message_count: 2, is_active: false, last_activity: '2026-03-02T10:00:00+05:00' }),
    session('c', { name: 'invoice again', message_count: 9, last_activity: '2026-03-02T06:00:00Z' }),
  ];
  const ids = (rows: SessionSummary[]): string => rows.map((row) => row.id).join('');

  it('sorts by what a column means, and equal rows by id', () => {
    const all = { status: 'all', text: '' } as const;
    expect(ids(visibleSessions(list, all, { column: 'last_activity', descending: true }))).toBe('cab');
    expect(ids(visibleSessions(list, all, { column: 'message_count', descending: true }))).toBe('cab');
    expect(ids(visibleSessions(list, all, { column: 'message_count', descending: false }))).toBe('abc');
    expect(ids(visibleSessions(list, all, { column: 'name', descending: false }))).toBe('acb');
  });

  it('filters by status and by words', () => {
    const sorting = { column: 'name', descending: false } as const;
    expect(ids(visibleSessions(list, { status: 'ended', text: '' }, sorting))).toBe('a');
    expect(ids(visibleSessions(list, { status: 'active', text: ' INVOICE ' }, sorting))).toBe('c');
    expect(ids(visibleSessions(list, { status: 'all', text: 'u-b' }, sorting))).toBe('b');
  });

  it('turns a column round when it is pressed again', () => {
    const first = nextSorting({ column: 'name', descending: false }, 'duration');
    expect(first).toEqual({ column: 'duration', descending: true });
    expect(nextSorting(first, 'duration')).toEqual({ column: 'duration', descending: false });
  });
});
