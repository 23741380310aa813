import type { EndState } from "./end-state.ts";
import { mailPlace, postPlace } from "./end-state.ts";

/** One place whose end is not that of the clean run. */
export type Difference = { place: string; clean: string | undefined; saw: string | undefined };

export type Comparison = {
  differences: Difference[];
  /** Notices of which the ledger says that they may have arrived. */
  unknown: string[];
};

/**
 * Compares an end state with the clean run's. A notice that was sent there may be marked unknown here: nobody can know
 * whether it arrived. Then it may be missing, and nothing else may differ.
 */
export function compare(clean: EndState, other: EndState): Comparison {
  const unknown: string[] = [];
  const places = [...new Set([...Object.keys(clean), ...Object.keys(other)])];
  const differences = places.flatMap((place): Difference[] => {
    const [wanted, found] = [clean[place], other[place]];
    if (wanted === found) return [];
    if (wanted !== undefined && found !== undefined) {
      const excused = withoutUnknown(wanted, found);
      if (excused !== undefined) {
        unknown.push(...excused);
        return [];
      }
    }
    return [{ place, clean: wanted, saw: found }];
  });
  let excuses = unknown.length;
  return {
    unknown,
    differences: differences.filter(({ place, saw }) => {
      const lost =
        saw === undefined && (place.startsWith(mailPlace) || place.startsWith(postPlace));
      if (!lost || excuses === 0) return true;
      excuses -= 1;
      return false;
    }),
  };
}

type WithNotices = { notices?: { key: string; state: string; said?: string }[] };

/** Keys of notices, where nothing but their state differs, from `sent` to `unknown`. */
function withoutUnknown(wanted: string, found: string): string[] | undefined {
  const [clean, other] = [wanted, found].map(notices);
  if (!clean?.notices || !other?.notices) return undefined;
  const marked = new Set<string>();
  const told = other.notices.map((notice, index) => {
    const same = clean.notices?.[index];
    if (same?.key !== notice.key || same.state !== "sent" || notice.state !== "unknown")
      return notice;
    marked.add(notice.key);
    const { said: _said, ...rest } = notice;
    return { ...rest, state: "sent" };
  });
  if (marked.size === 0) return undefined;
  const equal = JSON.stringify({ ...other, notices: told }) === JSON.stringify(clean);
  return equal ? [...marked] : undefined;
}

function notices(text: string): WithNotices | undefined {
  if (!text.startsWith("{")) return undefined;
  return JSON.parse(text) as WithNotices;
}

/** A difference in a line or two: the first place where the texts part, with what stands around it. */
export function describeDifference({ place, clean, saw }: Difference): string {
  if (clean === undefined)
    return `${place} is there, and a clean run leaves none: ${cut(saw ?? "", 0)}`;
  if (saw === undefined) return `${place} is missing; a clean run leaves ${cut(clean, 0)}`;
  let at = 0;
  while (clean[at] === saw[at]) at += 1;
  return `${place}: ${cut(saw, at)}, and after a clean run ${cut(clean, at)}`;
}

function cut(text: string, at: number): string {
  const start = Math.max(0, at - 60);
  return `${start > 0 ? "…" : ""}${text.slice(start, at + 100)}${text.length > at + 100 ? "…" : ""}`;
}
