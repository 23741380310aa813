import { codes, type Code } from "./table.ts";

/**
 * Something broke that is not a decision: the network, a foreign server, a file, an input.
 * The one error class of the project. `saw` may hold foreign text; the runner escapes it for each sink.
 */
export class Fault extends Error {
  readonly code: Code;
  /** What was seen, one sentence, without secrets. */
  readonly saw: string;
  /** What the reader does next, one sentence or a command. */
  readonly next: string;
  /** `unknown`: a write was sent and no answer says whether it took effect. It is read before it is sent again. */
  readonly outcome: "none" | "unknown";
  /** What people have to know before the cause, one sentence: what runs now. */
  readonly headline: string | undefined;

  constructor(
    code: Code,
    about: {
      saw: string;
      next?: string;
      cause?: unknown;
      outcome?: "none" | "unknown";
      headline?: string;
    },
  ) {
    super(
      `${code} ${codes[code].title}: ${about.saw}`,
      about.cause === undefined ? undefined : { cause: about.cause },
    );
    this.name = "Fault";
    this.code = code;
    this.saw = about.saw;
    this.next = about.next ?? codes[code].next;
    this.outcome = about.outcome ?? "none";
    this.headline = about.headline;
  }
}

/** A decision against going on. A value, never thrown across packages. */
export type Refusal = { code: Code; saw: string; next: string };

/** Makes a refusal; without `next` the code's own next step is used. */
export function refuse(code: Code, saw: string, next: string = codes[code].next): Refusal {
  return { code, saw, next };
}

/** One rule's answer, one sentence each, for people. */
export type Finding = {
  rule: string;
  holds: boolean;
  saw: string;
  next?: string;
  code?: Code;
  /** Does not hold, and does not stop. */
  warning?: true;
  /** Does not hold yet, and may hold by waiting. */
  pending?: true;
};
