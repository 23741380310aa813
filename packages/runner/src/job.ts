import * as core from "@actions/core";
import { readEnvironment, type RunnerEnvironment } from "./environment.ts";
import { logText, logTitle } from "./log-text.ts";
import type { Secrets } from "./secrets.ts";

/** An annotation keeps this many characters, its title these. */
const longestAnnotation = 4000;
const longestTitle = 250;

/** What an action's body may know of the runner and say through it. */
export type Job = {
  readonly env: RunnerEnvironment;
  /** The process's variables, for proxies and for secrets that a configuration names. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Writes text to the log; the one door for foreign text. */
  say(text: string): void;
  /** Folds what the body says under a title. */
  group<T>(title: string, body: () => Promise<T>): Promise<T>;
  /** A yellow annotation of one line. */
  warn(title: string, text: string): void;
  /** Hides a secret from now on; call it before the first use. */
  mask(secret: string): void;
  /** Shown only where the run has debug logging. */
  debug(text: string): void;
};

/** The job of this process. */
export function createJob(
  variables: Readonly<Record<string, string | undefined>>,
  secrets: Secrets,
): Job {
  const plain = (text: string): string => logText(secrets.redact(text));
  const env = readEnvironment(variables);
  return {
    env,
    variables,
    say: (text) => core.info(plain(text)),
    group: (title, body) => core.group(annotationTitle(secrets.redact(title)), body),
    warn: (title, text) =>
      core.warning(annotation(secrets.redact(text)), {
        title: annotationTitle(secrets.redact(title)),
      }),
    mask: (secret) => secrets.add(secret),
    debug: (text) => {
      if (env.debug) core.debug(plain(text));
    },
  };
}

/** The end of a text that is too long is kept to this length: the next step stands there. */
const keptEnd = 1000;

/** Foreign or own text as an annotation's one line; what is too long loses its middle. */
export function annotation(text: string): string {
  const line = logTitle(text);
  if (line.length <= longestAnnotation) return line;
  const start = line.slice(0, longestAnnotation - keptEnd).toWellFormed();
  return `${start} … ${line.slice(-keptEnd).toWellFormed()}`;
}

/** The title of an annotation or a group. */
export function annotationTitle(text: string): string {
  const line = logTitle(text);
  return line.length <= longestTitle ? line : `${line.slice(0, longestTitle).toWellFormed()} …`;
}
