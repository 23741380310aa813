import * as v from "valibot";
import { group } from "./document.ts";

const text = v.pipe(
  v.union([v.string(), v.number(), v.boolean()], "a text is needed here"),
  v.transform(String),
);
const texts = v.array(text, "a list is needed here");
const count = v.pipe(v.number("a number is needed here"), v.integer(), v.minValue(0));
const optional = v.optional;
const scalar = v.union(
  [v.string(), v.number(), v.boolean(), v.null()],
  "a text, number, true, false or null is needed here",
);
const mapOf = <Value extends v.GenericSchema>(value: Value) => v.record(v.string(), value);
const components = optional(texts);

const kinds = {
  /** Result of the run that an act started; `none`: it started no run. */
  run: optional(
    group({
      of: text,
      workflow: optional(text),
      is: v.picklist(
        ["success", "failure", "cancelled", "waiting", "none"],
        "success, failure, cancelled, waiting or none is needed here",
      ),
    }),
  ),
  job: optional(
    group({
      of: text,
      workflow: optional(text),
      job: text,
      is: v.picklist(
        ["success", "failure", "cancelled", "skipped"],
        "success, failure, cancelled or skipped is needed here",
      ),
      outputs: optional(mapOf(text), {}),
    }),
  ),
  /** Which build's images a registry tag names; `none`: the tag is not there. */
  tag: optional(group({ name: text, is: text, components })),
  /** Which build every running pod of the components has. */
  running: optional(
    group({
      cluster: text,
      is: text,
      replicas: optional(count),
      components,
      /** The pods name their images by digest, never by a tag alone. */
      pinned: optional(v.boolean("true or false is needed here")),
    }),
  ),
  answers: optional(
    group({
      get: text,
      status: optional(count, 200),
      json: optional(mapOf(scalar), {}),
      contains: optional(texts, []),
    }),
  ),
  /** How many requests changed a system's state from the start of one act to the start of another, or to the end. */
  writes: optional(
    group({
      since: text,
      until: optional(text),
      to: mapOf(v.union([count, v.literal("some")], "a number or some is needed here")),
    }),
  ),
  requests: optional(
    group({
      since: optional(text),
      until: optional(text),
      to: text,
      method: optional(text),
      path: optional(text),
      count,
    }),
  ),
  release: optional(
    group({
      tag: text,
      is: v.picklist(["published", "draft", "none"], "published, draft or none is needed here"),
      contains: optional(texts, []),
      assets: optional(texts, []),
    }),
  ),
  record: optional(
    group({
      version: text,
      is: v.picklist(["published", "draft", "none"], "published, draft or none is needed here"),
      doi: optional(text),
      files: optional(mapOf(text), {}),
      metadata: optional(mapOf(scalar), {}),
    }),
  ),
  file: optional(
    group({
      repository: optional(text),
      branch: text,
      path: text,
      is: optional(v.picklist(["there", "none"]), "there"),
      json: optional(mapOf(scalar), {}),
      contains: optional(texts, []),
      lacks: optional(texts, []),
    }),
  ),
  issue: optional(
    v.pipe(
      group({
        of: optional(text),
        titled: optional(text),
        is: optional(v.picklist(["open", "closed", "none"], "open, closed or none is needed here")),
        contains: optional(texts, []),
        lacks: optional(texts, []),
        comments: optional(count),
        /** How many issues of that title there are. */
        count: optional(count),
      }),
      v.check(
        (one) => (one.of === undefined) !== (one.titled === undefined),
        "exactly one of `of` (an act) and `titled` (a title) is needed here",
      ),
    ),
  ),
  milestone: optional(
    group({
      title: text,
      repository: optional(text),
      is: v.picklist(["open", "closed", "none"], "open, closed or none is needed here"),
    }),
  ),
  pull: optional(
    v.pipe(
      group({
        of: optional(text),
        titled: optional(text),
        is: v.picklist(
          ["open", "closed", "merged", "none"],
          "open, closed, merged or none is needed here",
        ),
        contains: optional(texts, []),
        by: optional(text),
        /** How many pull requests of that title there are. */
        count: optional(count),
      }),
      v.check(
        (one) => (one.of === undefined) !== (one.titled === undefined),
        "exactly one of `of` (an act) and `titled` (a title) is needed here",
      ),
    ),
  ),
  /** The commit that a git tag names. */
  "git-tag": optional(group({ repository: optional(text), name: text, is: text })),
  /** Mails that the server took. */
  mail: optional(
    group({
      since: optional(text),
      until: optional(text),
      to: optional(text),
      contains: optional(texts, []),
      count: optional(count),
    }),
  ),
  /** Messages that a channel shows, or that a receiver took. */
  chat: optional(
    group({
      since: optional(text),
      until: optional(text),
      hook: optional(text),
      contains: optional(texts, []),
      count: optional(count),
    }),
  ),
  deployment: optional(
    group({ environment: text, is: text, of: optional(text), count: optional(count) }),
  ),
  /** Text of a run's summary and annotations: for people, never a requirement's proof. */
  message: optional(group({ of: text, workflow: optional(text), contains: texts })),
};

/** The kinds of effects, one of which each expectation has. */
export const kindNames = Object.keys(kinds) as (keyof typeof kinds)[];

/** Kinds that repeat what the product says of itself. */
export const ownWords: readonly string[] = ["run", "job", "message"];

export const expectation = v.pipe(
  group({ name: text, ...kinds }),
  v.check(
    (one) => kindNames.filter((kind) => one[kind] !== undefined).length === 1,
    `an expectation has exactly one of ${kindNames.join(", ")}`,
  ),
);

export type Expectation = v.InferOutput<typeof expectation>;
export type Kinds = { [Kind in keyof typeof kinds]-?: NonNullable<Expectation[Kind]> };
