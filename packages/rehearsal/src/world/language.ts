import { enterpriseVersions } from "@release-actions/stand-ins";
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
  "awx-token": optional(text),
  "smtp-password": optional(text),
  "chat-hook": optional(text),
  "app-key": optional(text),
  value: optional(text),
});

const githubEnvironment = group({
  /** Which refs may use it; none = every ref. */
  branches: optional(texts),
  tags: optional(texts),
  /** People, one of whom has to let each job in. */
  reviewers: optional(texts),
  secrets: entriesOf(secret),
  vars: entriesOf(text),
});

const component = group({
  image: text,
  /** The repository that it is built from; without it the pipeline's own. */
  repository: optional(text),
  /** Folders laid over each other, by variant of the build. */
  variants: mapOf(texts),
  entrypoint: texts,
});

/** An issue or pull request: the one that an act opened, or the last one of a title, whoever opened it. */
const subject = { of: optional(text), titled: optional(text) };

const aboutOne = <Value extends { of?: string | undefined; titled?: string | undefined }>(
  value: Value,
): boolean => (value.of === undefined) !== (value.titled === undefined);
const oneSubject = "exactly one of `of` (an act) and `titled` (a title) is needed here";

const on = { on: optional(text), titled: optional(text) };
const onOne = <Value extends { on?: string | undefined; titled?: string | undefined }>(
  value: Value,
): boolean => (value.on === undefined) !== (value.titled === undefined);
const oneOn = "exactly one of `on` (an act) and `titled` (a title) is needed here";

const tickOf = v.pipe(group({ ...on, item: text }), v.check(onOne, oneOn));
const closingOf = v.pipe(group(subject), v.check(aboutOne, oneSubject));

const verbs = {
  commit: optional(
    group({
      repository: optional(text),
      message: text,
      branch: optional(text),
      /** Paths of the pipeline's folder that the commit takes over. */
      from: optional(texts, []),
      files: entriesOf(text),
      /** Path to old texts and what stands in their place; each is there once. */
      edits: entriesOf(mapOf(text)),
    }),
  ),
  merge: optional(
    group({
      repository: optional(text),
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
  branch: optional(group({ repository: optional(text), name: text, at: text })),
  milestone: optional(group({ repository: optional(text), title: text })),
  issue: optional(
    group({
      repository: optional(text),
      title: text,
      body: optional(text, ""),
      labels: optional(texts, []),
      milestone: optional(text),
    }),
  ),
  "close-issue": optional(closingOf),
  "reopen-issue": optional(closingOf),
  "edit-issue": optional(
    v.pipe(
      group({ ...subject, title: optional(text), body: optional(text) }),
      v.check(aboutOne, oneSubject),
    ),
  ),
  tick: optional(tickOf),
  untick: optional(tickOf),
  "merge-pull": optional(closingOf),
  build: optional(
    group({
      /** A commit, or one commit of each repository. */
      of: v.union([text, v.pipe(texts, v.minLength(1))], "an act or a list of acts is needed here"),
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
  tag: optional(
    group({ repository: optional(text), name: text, at: text, message: optional(text) }),
  ),
  comment: optional(v.pipe(group({ ...on, body: text }), v.check(onOne, oneOn))),
  "edit-comment": optional(group({ of: text, body: text })),
  dispatch: optional(group({ workflow: text, ref: optional(text), inputs: entriesOf(text) })),
  "re-run": optional(group({ of: text, workflow: optional(text) })),
  "review-environment": optional(
    group({
      of: text,
      workflow: optional(text),
      environment: text,
      state: v.picklist(["approved", "rejected"], "approved or rejected is needed here"),
      comment: optional(text, ""),
    }),
  ),
  apply: optional(group({ cluster: text, from: texts })),
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
};

const whoAndName = { by: optional(text), as: optional(text) };

/** An act without others in it. */
const plainAct = v.pipe(
  group({ ...verbs, ...whoAndName }),
  v.check(
    (one) => Object.keys(verbs).filter((verb) => one[verb as keyof typeof verbs]).length === 1,
    `an act that happens at once with others has exactly one of ${Object.keys(verbs).join(", ")}`,
  ),
);

const allVerbs = {
  ...verbs,
  /** Acts that do not wait for what each other starts. */
  "at-once": optional(v.pipe(v.array(plainAct), v.minLength(2, "two acts at least"))),
  prelude: optional(text),
};

/** The verbs of acts, one of which each act has. */
export const verbNames = Object.keys(allVerbs) as (keyof typeof allVerbs)[];

const act = v.pipe(
  group({ ...allVerbs, ...whoAndName }),
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

const repository = group({
  name: v.pipe(text, v.regex(/^[\w.-]+\/[\w.-]+$/, "owner/name is needed here")),
  "default-branch": optional(text, "main"),
});

const hook = v.pipe(
  group({ slack: optional(text), teams: optional(text), webhook: optional(text) }),
  v.check(
    (one) => Object.values(one).filter((host) => host !== undefined).length === 1,
    "exactly one of slack, teams and webhook, with its host, is needed here",
  ),
);

/** rehearsal.yml as docs/reference/rehearsal.md describes it. */
export const rehearsalFile = group({
  title: text,
  repository,
  /** The other repositories of the product. */
  repositories: optional(v.array(repository, "a list of repositories is needed here"), []),
  /** A GitHub Enterprise Server in the place of github.com. */
  github: optional(
    group({
      server: v.pipe(text, v.regex(/^[a-z0-9.-]+$/, "a host name is needed here")),
      version: optional(
        v.pipe(
          text,
          v.picklist(
            enterpriseVersions,
            `one of ${enterpriseVersions.join(", ")} is needed here, in quotes`,
          ),
        ),
        enterpriseVersions.at(-1) as string,
      ),
    }),
  ),
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
        /^(registry|zenodo|awx|smtp|chat|kubernetes [\w-]+|ingress [\w-]+)$/,
        "registry, zenodo, awx, smtp, chat, kubernetes <cluster> or ingress <cluster> is needed here",
      ),
    ),
  ),
  secrets: entriesOf(secret),
  vars: entriesOf(text),
  environments: entriesOf(githubEnvironment),
  /** GitHub Apps that are installed in the repositories. */
  apps: entriesOf(
    group({
      id: v.pipe(v.number("a number is needed here"), v.integer(), v.minValue(1)),
      repositories: optional(texts),
      permissions: mapOf(v.picklist(["read", "write"], "read or write is needed here")),
    }),
  ),
  /** Names of the accounts of the mail server. */
  smtp: optional(group({ accounts: texts })),
  chat: optional(group({ hooks: mapOf(hook) })),
  /** A folder whose programs stand before all others on the PATH of steps. */
  programs: optional(text),
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
  /** Its users, and its job templates with what their playbooks apply. */
  awx: optional(
    group({
      accounts: texts,
      templates: mapOf(
        group({
          cluster: text,
          applies: texts,
          "asks-for-variables": optional(v.boolean("true or false is needed here"), true),
        }),
      ),
    }),
  ),
  components: entriesOf(component),
  history: optional(v.array(act), []),
  preludes: entriesOf(v.array(act)),
  scenarios: v.pipe(v.array(scenario), v.minLength(1, "at least one scenario is needed")),
  /** Acts whose runs `rehearse --kill` disturbs at every write. */
  faults: optional(
    v.array(
      group({ scenario: text, acts: v.pipe(texts, v.minLength(1, "name an act")) }),
      "a list of scenarios with acts is needed here",
    ),
    [],
  ),
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
export type Hook = v.InferOutput<typeof hook>;
/** Names an issue or pull request. */
export type Subject = { of?: string | undefined; titled?: string | undefined };
export type Scenario = v.InferOutput<typeof scenario>;
export type Secret = v.InferOutput<typeof secret>;
export type GitHubEnvironment = v.InferOutput<typeof githubEnvironment>;
