import { json, type Clock, type Reply } from "../stand-in.ts";

/** Requests that one client may send. */
export type Limits = { minute: number; hour: number };

/** Counts requests a client in fixed windows of a minute and an hour of the stand-in's clock. */
export function createLimiter(clock: Clock, limits: { user: Limits; guest: Limits }) {
  const windows = new Map<
    string,
    { minute: number; inMinute: number; hour: number; inHour: number }
  >();

  /** Counts one request; the headers of its answer, or the refusal. */
  return (client: string, known: boolean): { headers: Record<string, string>; refusal?: Reply } => {
    const now = clock.now().getTime();
    const minute = Math.floor(now / 60_000);
    const hour = Math.floor(now / 3_600_000);
    const window = windows.get(client) ?? { minute, inMinute: 0, hour, inHour: 0 };
    windows.set(client, window);
    if (window.minute !== minute) Object.assign(window, { minute, inMinute: 0 });
    if (window.hour !== hour) Object.assign(window, { hour, inHour: 0 });
    const limit = known ? limits.user : limits.guest;
    const byHour = window.inHour >= limit.hour;
    const refused = byHour || window.inMinute >= limit.minute;
    if (!refused) {
      window.inMinute += 1;
      window.inHour += 1;
    }
    const reset = byHour ? (hour + 1) * 3600 : (minute + 1) * 60;
    const headers = {
      "x-ratelimit-limit": String(byHour ? limit.hour : limit.minute),
      "x-ratelimit-remaining": String(Math.max(0, byHour ? 0 : limit.minute - window.inMinute)),
      "x-ratelimit-reset": String(reset),
      "retry-after": String(Math.max(1, Math.ceil(reset - now / 1000))),
    };
    if (!refused) return { headers };
    const message = byHour ? `${limit.hour} per 1 hour` : `${limit.minute} per 1 minute`;
    return { headers, refusal: json(429, { status: 429, message }, { headers }) };
  };
}
