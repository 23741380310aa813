import * as v from "valibot";
import { group } from "./document.ts";
import { expectation } from "./expectation-language.ts";

const text = v.pipe(
  v.union([v.string(), v.number(), v.boolean()], "a text is needed here"),
  v.transform(String),
);
const texts = v.array(text, "a list is needed here");
const optional = v.optional;
const mapOf = <Value extends v.GenericSchema>(value: Value) =>
  v.record(v.string(), value, "a mapping is needed here");
/** A mapping that may be left out, or stand there without entries. */
const entriesOf = <Value extends v.GenericSchema>(value: Value) => v.nullish(mapOf(value), {});
const duration = v.pipe(
  v.string("a duration is needed here, such as 90s, 30m, 24h or 14d"),
  v.regex(/^\d+[smhd]$/, "a duration is a number and s, m, h or d, such as 30m"),
);

/** Where a secret's value comes from: exactly one of the keys. */
const secret = group({
  kubeconfig: optional(text),
  "registry-username": optional(text),
  "registry-password": optional(text),
  "zenodo-token": optional(text),
  value: optional(text),
});

const githubEnvironment = group({
  /** Which refs may use it; none = every ref. */
  branches: optional(texts),
  tags: optional(texts),
  secrets: entriesOf(secret),
  vars: entriesOf(text),
});

const component = group({
  image: text,
  /** Folders laid over each other, by variant of the build. */
  variants: mapOf(texts),
  entrypoint: texts,
});

const verbs = {
  commit: optional(
    group({
      message: text,
      branch: optional(text),
      /** Paths of the pipeline's folder that the commit takes over. */
      from: optional(texts, []),
      files: entriesOf(text),
    }),
  ),
  merge: optional(
    group({
      title: text,
      body: optional(text, ""),
      from: optional(texts, []),
      files: entriesOf(text),
      labels: optional(texts, []),
      milestone: optional(text),
      closes: optional(texts, []),
      "reviewed-by": optional(text),
      branch: optional(text),
    }),
  ),
  branch: optional(group({ name: text, at: text })),
  milestone: optional(group({ title: text })),
  issue: optional(
    group({
      title: text,
      body: optional(text, ""),
      labels: optional(texts, []),
      milestone: optional(text),
    }),
  ),
  "close-issue": optional(group({ of: text })),
  build: optional(
    group({
      of: text,
      version: text,
      variant: optional(text, "good"),
      components: optional(texts),
      checks: optional(
        mapOf(
          v.picklist(
            ["success", "failure", "pending"],
            "success, failure or pending is needed here",
          ),
        ),
        {},
      ),
    }),
  ),
  tag: optional(group({ name: text, at: text, message: optional(text) })),
  comment: optional(group({ on: text, body: text })),
  "edit-comment": optional(group({ of: text, body: text })),
  dispatch: optional(group({ workflow: text, ref: optional(text), inputs: entriesOf(text) })),
  "re-run": optional(group({ of: text, workflow: optional(text) })),
  advance: optional(duration),
  fault: optional(
    group({
      at: text,
      method: optional(text),
      path: text,
      when: optional(v.picklist(["before", "after"], "before or after is needed here"), "before"),
      does: v.union(
        [
          v.literal("reset"),
          v.literal("hang"),
          v.literal("kill"),
          v.pipe(v.number(), v.integer(), v.minValue(100), v.maxValue(599)),
        ],
        "reset, hang, kill or a status is needed here",
      ),
    }),
  ),
  prelude: optional(text),
};

/** The verbs of acts, one of which each act has. */
export const verbNames = Object.keys(verbs) as (keyof typeof verbs)[];

const act = v.pipe(
  group({ ...verbs, by: optional(text), as: optional(text) }),
  v.check(
    (one) => verbNames.filter((verb) => one[verb] !== undefined).length === 1,
    `an act has exactly one of ${verbNames.join(", ")}`,
  ),
);

const scenario = group({
  name: text,
  about: optional(text),
  acts: v.array(act, "a list of acts is needed here"),
  expect: v.array(expectation, "a list of expectations is needed here"),
});

/** rehearsal.yml as docs/reference/rehearsal.md describes it. */
export const rehearsalFile = group({
  title: text,
  repository: group({
    name: v.pipe(text, v.regex(/^[\w.-]+\/[\w.-]+$/, "owner/name is needed here")),
    "default-branch": optional(text, "main"),
  }),
  start: v.pipe(text, v.isoTimestamp("an instant such as 2026-03-02T09:00:00Z is needed here")),
  people: mapOf(
    group({
      name: optional(text),
      access: v.picklist(
        ["read", "triage", "write", "maintain", "admin"],
        "read, triage, write, maintain or admin is needed here",
      ),
    }),
  ),
  hosts: mapOf(
    v.pipe(
      text,
      v.regex(
        /^(registry|zenodo|kubernetes [\w-]+|ingress [\w-]+)$/,
        "registry, zenodo, kubernetes <cluster> or ingress <cluster> is needed here",
      ),
    ),
  ),
  secrets: entriesOf(secret),
  vars: entriesOf(text),
  environments: entriesOf(githubEnvironment),
  registry: optional(
    group({
      accounts: mapOf(v.picklist(["push", "pull"], "push or pull is needed here")),
      "anonymous-pull": optional(v.boolean("true or false is needed here"), false),
    }),
  ),
  clusters: entriesOf(
    group({
      server: v.pipe(text, v.regex(/^[a-z0-9.-]+$/, "a host name is needed here")),
      namespaces: optional(texts, []),
      objects: optional(texts, []),
    }),
  ),
  zenodo: optional(
    group({
      accounts: texts,
      records: optional(
        v.array(
          group({
            owner: text,
            concept: text,
            id: text,
            metadata: mapOf(v.unknown()),
            files: entriesOf(text),
          }),
        ),
        [],
      ),
    }),
  ),
  components: entriesOf(component),
  history: optional(v.array(act), []),
  preludes: entriesOf(v.array(act)),
  scenarios: v.pipe(v.array(scenario), v.minLength(1, "at least one scenario is needed")),
  requirements: optional(
    v.array(
      group({
        id: text,
        text,
        proof: v.pipe(
          v.array(
            group({ scenario: text, holds: v.pipe(texts, v.minLength(1, "name an expectation")) }),
          ),
          v.minLength(1, "a requirement needs a proof"),
        ),
      }),
    ),
    [],
  ),
});

export type RehearsalFile = v.InferOutput<typeof rehearsalFile>;
export type Act = v.InferOutput<typeof act>;
export type Scenario = v.InferOutput<typeof scenario>;
export type Secret = v.InferOutput<typeof secret>;
export type GitHubEnvironment = v.InferOutput<typeof githubEnvironment>;
