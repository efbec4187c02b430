// What a close code asks of us (docs/protocol.md, "Closing"). A code that is not known is judged by its range, so that a newer
// server can say more without a newer client.

export type AfterClose =
  | 'resume'   // come back after a wait, from where we were
  | 'renew'    // come back with a new token
  | 'end';     // coming back as we are would end the same way

export const closeCode = {
  normal: 1000,
  restarting: 1001,
  policy: 1008,
  tooLarge: 1009,
  slow: 1013,
} as const;

export function afterClose(code: number, reason = ''): AfterClose {
  if (code >= 4000 && code < 4100) return 'renew';
  if (code >= 4200 && code < 4300) return 'end';
  // Version 1 closes with this when the token has expired; version 2 has 4001 for that.
  if (code === closeCode.policy) return /token/i.test(reason) ? 'renew' : 'end';
  return 'resume';
}
