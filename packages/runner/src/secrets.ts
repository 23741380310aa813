/** The secrets of a job: registered with the runner's mask and taken out of everything this process writes. */
export type Secrets = {
  /** Registers a secret, each of its lines, and the forms in which it travels. Empty texts are skipped. */
  add(secret: string): void;
  /** The text with every registered form replaced by `***`. */
  redact(text: string): string;
};

/** Lines shorter than this (`{`, `- a`) are no secret by themselves; masked they would black out the log. */
const shortestLine = 4;

/** What some reader of the log takes for the end of a line, beyond CR and LF, which the runner's command escapes. */
const oddLineEnds = /[\v\f\u0085\u2028\u2029]/;

/** `register` is called once for each form that can be on a line of the log, before anything else is written. */
export function createSecrets(register: (form: string) => void): Secrets {
  let forms: string[] = [];
  return {
    add: (secret) => {
      const fresh = maskedForms(secret).filter((form) => !forms.includes(form));
      for (const form of fresh) if (!oddLineEnds.test(form)) register(form);
      forms = [...forms, ...fresh].toSorted((a, b) => b.length - a.length);
    },
    redact: (text) => forms.reduce((left, form) => left.replaceAll(form, "***"), text),
  };
}

/** The secret, its lines, and base64 and URL forms of each, without repetition. */
export function maskedForms(secret: string): string[] {
  const whole = secret.trim();
  if (whole === "") return [];
  const lines = whole
    .split(/[\r\n\v\f\u0085\u2028\u2029]+/)
    .map((line) => line.trim())
    .filter((line) => line.length >= shortestLine);
  const plain = [...new Set([secret, whole, ...lines])];
  return [...new Set(plain.flatMap((text) => [text, ...encodedForms(text)]))];
}

function encodedForms(text: string): string[] {
  const bytes = Buffer.from(text);
  const padded = bytes.toString("base64");
  return [
    padded,
    padded.replace(/=+$/, ""),
    bytes.toString("base64url"),
    encodeURIComponent(text.toWellFormed()),
  ];
}
