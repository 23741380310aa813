import { codes, Fault, type Code } from "@release-actions/codes";

/** What people read of an error: the same three parts whatever was thrown. */
export type ErrorReport = {
  code: Code;
  title: string;
  saw: string;
  next: string;
  /** What is told first, before the title. */
  headline?: string;
};

/** What was seen is told up to this length; it may quote a foreigner. */
const longestSaw = 3000;

/** Faults speak for themselves; anything else is RA1004, with its message only where that cannot hold a secret. */
export function reportError(error: unknown): ErrorReport {
  if (error instanceof Fault) {
    return {
      code: error.code,
      title: `${error.code} ${codes[error.code].title}`,
      saw: error.saw.length <= longestSaw ? error.saw : `${error.saw.slice(0, longestSaw)}…`,
      next: error.next,
      ...(error.headline ? { headline: error.headline } : {}),
    };
  }
  return {
    code: "RA1004",
    title: `RA1004 ${codes.RA1004.title}`,
    saw: describeUnexpected(error),
    next: codes.RA1004.next,
  };
}

/** The chain of causes with stacks, for the debug log only: libraries put headers and bodies into their messages. */
export function causeChain(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  for (let depth = 0; current !== undefined && depth < 10; depth += 1) {
    parts.push(
      current instanceof Error
        ? (current.stack ?? `${current.name}: ${current.message}`)
        : String(current),
    );
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join("\ncaused by: ");
}

function describeUnexpected(error: unknown): string {
  if (!(error instanceof Error)) return "Something was thrown that is not an error.";
  const ours =
    error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof ReferenceError ||
    "syscall" in error;
  if (ours) return `${error.name}: ${error.message}.`;
  return `An error of the kind ${error.name}. Its message is in the log of a run with debug logging.`;
}
