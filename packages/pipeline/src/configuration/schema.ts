import * as v from "valibot";
import { isReleaseName, valueName } from "@release-actions/deploy";
import { schemeOf } from "@release-actions/versions";
import { Fault } from "@release-actions/codes";
import { parseReference } from "@release-actions/registry";
import { recordId } from "@release-actions/zenodo";
import { wrongPlace } from "../elsewhere.ts";
import { milliseconds } from "./duration.ts";
import { languages } from "./languages.ts";
import { envKeysIn, unknownPlaceholders } from "./placeholders.ts";
import { wrongInTag } from "./tag-template.ts";

const longest = 1000;
const text = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(longest),
  v.check((value) => !/\p{Cc}/u.test(value), "has a control character"),
  v.check(
    (value) => !/[\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u.test(value),
    "has a character that ends a line or turns the reading direction",
  ),
);
const template = v.pipe(
  text,
  v.check(
    (value) => unknownPlaceholders(value).length === 0,
    (issue) => unknownPlaceholder(String(issue.input)),
  ),
);
/** A template that may also ask env files, with `${env:KEY}`. */
const envTemplate = v.pipe(
  text,
  v.check(
    (value) => unknownPlaceholders(withoutEnvKeys(value)).length === 0,
    (issue) => unknownPlaceholder(withoutEnvKeys(String(issue.input))),
  ),
);
/** A path in the released commit, or `owner/repo/path@ref`. */
const place = v.pipe(
  template,
  v.check(
    // What is filled in later is looked at again when it is read.
    (value) => wrongPlace(value.replaceAll(/\$\{[^}]*\}/g, "x")) === undefined,
    "is neither a path inside the repository nor owner/repo/path@ref",
  ),
);
/** A template of image tags; with `time` it may have `${date:…}` and `${unix}`. */
const tagTemplate = (time: boolean) =>
  v.pipe(
    text,
    v.check(
      (value) => wrongInTag(value, time).length === 0,
      (issue) => doesNotExist(wrongInTag(String(issue.input), time)),
    ),
  );
const duration = v.pipe(
  text,
  v.check(
    (value) => milliseconds(value) !== undefined,
    "is not a duration such as 90s, 10m, 24h or 14d",
  ),
  v.transform((value) => milliseconds(value) ?? 0),
);
/** A path in the repository, never out of it. */
const path = v.pipe(
  text,
  v.check(
    (value) => !value.startsWith("/") && !value.split("/").includes(".."),
    "is not a path inside the repository",
  ),
);
const url = v.pipe(
  text,
  v.check(
    (value) => /^https?:$/.test(URL.parse(value)?.protocol ?? ""),
    "is not an http or https address",
  ),
);
/** A login, or `@org/team`. */
const login = v.pipe(
  text,
  v.regex(
    /^(?:@?[A-Za-z0-9][A-Za-z0-9-]{0,38}(?:\[bot\])?|@[A-Za-z0-9][A-Za-z0-9-]{0,38}\/[A-Za-z0-9._-]{1,100})$/,
    "is neither a GitHub login nor a team, @org/team",
  ),
);

/** Lists may be written as one value. */
function listOf<Item extends v.GenericSchema<unknown>>(item: Item) {
  return v.pipe(
    v.unknown(),
    v.transform((value) =>
      value === undefined || value === null
        ? []
        : Array.isArray(value)
          ? (value as unknown[])
          : [value],
    ),
    v.array(item),
  );
}

/** Where mail is handed over: the password comes from the environment, never from here. */
const mailServer = v.pipe(
  text,
  v.check((value) => {
    const parsed = URL.parse(value);
    return (
      parsed !== null &&
      /^smtps?:$/.test(parsed.protocol) &&
      parsed.hostname !== "" &&
      /^\/?$/.test(parsed.pathname) &&
      parsed.search === ""
    );
  }, "is not of the form smtps://smtp.example.org, smtp://smtp.example.org:587 or smtps://user@smtp.example.org"),
  v.check(
    (value) => (URL.parse(value)?.password ?? "") === "",
    "has a password in it: name an environment variable under `secret`",
  ),
);
/** `releases@example.org` or `Release team <releases@example.org>`. */
const mailbox = v.pipe(
  text,
  v.regex(
    /^(?:[^<>]{1,200} <[^\s<>@]{1,100}@[^\s<>@]{1,200}>|[^\s<>@]{1,100}@[^\s<>@]{1,200})$/,
    'is not a mail address or "Name <address>"',
  ),
);
const variable = v.pipe(
  text,
  v.regex(
    /^[A-Z][A-Z0-9_]{0,99}$/,
    "is not the name of an environment variable, such as SMTP_PASSWORD",
  ),
);
const repositoryName = v.pipe(
  text,
  v.regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/[A-Za-z0-9._-]{1,100}$/, "is not owner/repo"),
);

const name = v.pipe(
  text,
  v.regex(
    /^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/i,
    "is not a name of letters, digits, dots and hyphens",
  ),
);

const scheme = v.pipe(
  text,
  v.check(
    (value) => holds(() => schemeOf(value)),
    "is not a tag scheme: semver, v-semver, pep440, or calver: and a pattern of calver.org's tokens",
  ),
);

const tag = v.strictObject({
  scheme: v.optional(scheme),
  prefix: v.optional(
    v.pipe(
      text,
      v.check((value) => !/^v$/i.test(value), "is refused: say scheme v-semver"),
    ),
  ),
  branch: v.optional(listOf(text)),
  manifests: v.optional(listOf(path)),
  "on-invalid": v.optional(v.picklist(["fail", "skip"])),
});

const component = v.strictObject({
  name,
  image: v.pipe(
    text,
    v.check((value) => holds(() => parseReference(value)), "is not the name of an image"),
    v.check(
      (value) => !value.includes("@") && !/:[^/]*$/.test(value),
      "is not an image name without tag and digest",
    ),
  ),
  "image-tag": v.optional(tagTemplate(false), "${commit}"),
  repository: v.optional(repositoryName),
});

/** Told when the file is read: after the deployment it would be too late. */
const pattern = v.pipe(
  template,
  v.check((value) => {
    const { checkPattern } = languages();
    return holds(() => checkPattern(value));
  }, "is not a regular expression (RE2)"),
);
const jsonPath = v.pipe(
  text,
  v.check((value) => {
    const { checkJsonPath } = languages();
    return holds(() => checkJsonPath(value));
  }, "is not a JSONPath, or uses match or search, for which there is `matches`"),
);
const expectedText = v.pipe(
  v.string(),
  v.check(
    (value) => unknownPlaceholders(value).length === 0,
    (issue) => unknownPlaceholder(String(issue.input)),
  ),
);
const expected = v.union([expectedText, v.number(), v.boolean(), v.null()]);
const comparison = v.union([
  expected,
  v.strictObject({
    equals: v.optional(expected),
    matches: v.optional(pattern),
    below: v.optional(v.number()),
    "at-least": v.optional(v.number()),
  }),
]);

/** One check of smoke.checks: first version, HTTP. */
export const checkSchema = v.pipe(
  v.strictObject({
    name: v.optional(text),
    get: v.optional(template),
    post: v.optional(template),
    send: v.optional(v.pipe(v.string(), v.maxLength(65_536))),
    status: v.optional(v.pipe(v.number(), v.integer(), v.minValue(100), v.maxValue(599))),
    headers: v.optional(v.record(text, v.union([template, v.strictObject({ matches: pattern })]))),
    body: v.optional(
      v.union([
        v.pipe(
          template,
          v.transform((contains) => ({ contains })),
        ),
        v.strictObject({ contains: v.optional(template), matches: v.optional(pattern) }),
      ]),
    ),
    json: v.optional(v.record(jsonPath, comparison)),
    p95: v.optional(v.pipe(text, v.regex(/^\d+ms of \d+$/, "is not of the form `200ms of 20`"))),
    timeout: v.optional(duration),
  }),
  v.check(
    (value) => (value.get === undefined) !== (value.post === undefined),
    "needs exactly one of get and post",
  ),
);

/** One check of gate.preflight: a check as in smoke.checks, a backup and how old it may be, or one that the ledger has. */
const preflight = v.union([
  checkSchema,
  v.strictObject({
    name: v.optional(text),
    backup: v.pipe(
      template,
      v.check(
        (value) =>
          /^cronjob\/[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/.test(value) ||
          /^https?:$/.test(URL.parse(value)?.protocol ?? ""),
        "is neither cronjob/<name> nor an http or https address",
      ),
    ),
    "max-age": duration,
    timeout: v.optional(duration),
  }),
  v.strictObject({
    name: v.optional(text),
    passed: text,
    in: v.optional(text),
    "max-age": v.optional(duration),
  }),
]);

const deploy = v.strictObject({
  manifests: v.optional(listOf(path)),
  chart: v.optional(place),
  script: v.optional(path),
  "awx-template": v.optional(
    v.pipe(v.union([text, v.pipe(v.number(), v.integer(), v.minValue(1))]), v.transform(String)),
  ),
  "awx-url": v.optional(url),
  vars: v.optional(
    v.record(
      v.pipe(text, v.regex(valueName, "is not the name of a variable")),
      v.union([envTemplate, v.pipe(v.union([v.number(), v.boolean()]), v.transform(String))]),
    ),
  ),
  values: v.optional(listOf(place)),
  "env-files": v.optional(listOf(place)),
  "release-name": v.optional(
    v.pipe(
      template,
      v.check(
        (value) => isReleaseName(value.replaceAll(/\$\{[^}]*\}/g, "x")),
        "is not the name of a Helm release: at most 53 small letters, digits, hyphens and dots",
      ),
    ),
  ),
  namespace: v.optional(
    v.pipe(
      template,
      v.check(
        (value) =>
          /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(value.replaceAll(/\$\{[^}]*\}/g, "x")),
        "is not the name of a namespace: at most 63 small letters, digits and hyphens",
      ),
    ),
  ),
  cluster: v.optional(text),
  timeout: v.optional(duration),
  "on-failure": v.optional(v.picklist(["rollback", "keep"])),
  before: v.optional(path),
  after: v.optional(path),
  restore: v.optional(path),
  "exercise-rollback": v.optional(v.boolean()),
});

const smoke = v.strictObject({
  checks: v.optional(v.union([path, v.array(checkSchema)])),
  deadline: v.optional(duration),
  settle: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100))),
  identity: v.optional(checkSchema),
});

const approval = v.union([
  v.pipe(
    text,
    v.transform((role) => ({ role, count: 1 })),
  ),
  v.strictObject({
    role: text,
    count: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(20)),
  }),
]);

const checklistItem = v.strictObject({
  item: text,
  "if-changed": v.optional(listOf(text)),
  "sub-issue": v.optional(v.boolean()),
});

/** Rules that may only warn: nothing that comes after leans on them. */
const mayWarn = ["labels", "rollback-image", "manifests", "status-checks", "checklist"] as const;

const gate = v.strictObject({
  warn: v.optional(listOf(v.picklist(mayWarn))),
  "status-checks": v.optional(listOf(text)),
  wait: v.optional(duration),
  approvals: v.optional(listOf(approval)),
  "run-by": v.optional(listOf(text)),
  "four-eyes": v.optional(v.boolean()),
  checklist: v.optional(
    v.pipe(
      listOf(checklistItem),
      v.check(
        (list) => new Set(list.map(({ item }) => item.trim().toLowerCase())).size === list.length,
        "names an item twice",
      ),
    ),
  ),
  preflight: v.optional(listOf(preflight)),
});

const exceptions = v.strictObject({
  rollback: v.optional(
    v.strictObject({ "run-by": v.optional(listOf(text)), approvals: v.optional(listOf(approval)) }),
  ),
  // Overwriting data without anybody's word is not offered.
  restore: v.optional(
    v.strictObject({
      "run-by": v.optional(listOf(text)),
      approvals: v.pipe(listOf(approval), v.minLength(1, "names nobody who approves it")),
    }),
  ),
});

export const environmentSchema = v.strictObject({
  from: v.optional(text),
  url: v.optional(url),
  "image-tags": v.optional(listOf(tagTemplate(true))),
  deploy: v.optional(deploy),
  smoke: v.optional(smoke),
  gate: v.optional(gate),
  "accept-by": v.optional(text),
  exceptions: v.optional(exceptions),
});

/** Moments that somebody can be told of. */
export const noticeEvents = [
  "requested",
  "approved",
  "refused",
  "started",
  "passed",
  "failed",
  "rolled-back",
  "accepted",
  "published",
] as const;

const message = v.strictObject({
  /** A role, `mail:<address>`, or `slack:`, `teams:`, `webhook:` and the variable that holds the address. */
  to: v.pipe(
    listOf(
      v.pipe(
        text,
        v.check(
          (value) =>
            /^(slack|teams|webhook):[A-Z][A-Z0-9_]{0,99}$/.test(value) ||
            /^mail:[^\s<>@]{1,100}@[^\s<>@]{1,200}$/.test(value) ||
            /^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/i.test(value),
          "is neither a role nor mail:<address>, slack:<VARIABLE>, teams:<VARIABLE> or webhook:<VARIABLE>",
        ),
      ),
    ),
    v.minLength(1, "names nobody"),
  ),
  on: v.pipe(listOf(v.picklist(noticeEvents)), v.minLength(1, "names no event")),
  environments: v.optional(listOf(text)),
});

const notify = v.strictObject({
  mail: v.optional(
    v.strictObject({ server: mailServer, from: mailbox, secret: v.optional(variable) }),
  ),
  contacts: v.optional(v.record(name, mailbox), {}),
  messages: v.optional(listOf(message), []),
});

/** The configuration language, first version: every key here does what the reference says, and no other key is taken. */
export const pipelineSchema = v.strictObject({
  product: v.pipe(text, v.maxLength(100)),
  timezone: v.optional(
    v.pipe(text, v.check(isTimeZone, "is not an IANA time zone such as Europe/Oslo")),
    "UTC",
  ),
  tag: v.optional(tag),
  components: v.pipe(
    listOf(component),
    v.minLength(1, "needs at least one component"),
    v.check(
      (list) => new Set(list.map((item) => item.name)).size === list.length,
      "names a component twice",
    ),
  ),
  roles: v.optional(v.record(name, listOf(login)), {}),
  environments: v.pipe(
    v.record(name, environmentSchema),
    v.check((all) => Object.keys(all).length <= 100, "has more than 100 environments"),
  ),
  defaults: v.optional(environmentSchema),
  issue: v.optional(
    v.strictObject({
      title: v.optional(template),
      labels: v.optional(listOf(text)),
      assignees: v.optional(listOf(text)),
      milestone: v.optional(template),
      links: v.optional(v.record(text, url)),
    }),
    {},
  ),
  release: v.optional(
    v.strictObject({
      changelog: v.optional(path),
      "pull-request": v.optional(v.boolean()),
      assets: v.optional(listOf(path)),
      latest: v.optional(
        v.pipe(
          v.union([v.picklist(["auto", "true", "false"]), v.boolean()]),
          v.transform((value) => (typeof value === "boolean" ? (value ? "true" : "false") : value)),
        ),
      ),
    }),
    {},
  ),
  zenodo: v.optional(
    v.strictObject({
      server: v.optional(url),
      concept: v.optional(
        v.pipe(
          v.union([v.string(), v.number()]),
          v.transform(String),
          v.check(
            (value) => holds(() => recordId(value)),
            "is neither a DOI such as 10.5281/zenodo.1000001 nor the number of a record",
          ),
        ),
      ),
      metadata: v.optional(path),
      files: v.optional(listOf(path)),
      "write-to": v.optional(listOf(path)),
    }),
  ),
  notify: v.optional(notify),
  ledger: v.optional(
    v.strictObject({
      branch: v.optional(
        v.pipe(
          text,
          v.regex(
            /^(?!.*(?:\.\.|\/\/|\/\.|\.lock(?:\/|$)))[A-Za-z0-9_][A-Za-z0-9._/-]{0,98}(?<![./])$/,
            "is not a branch name",
          ),
        ),
        "release-ledger",
      ),
    }),
    { branch: "release-ledger" },
  ),
});

export type PipelineFile = v.InferOutput<typeof pipelineSchema>;
export type EnvironmentFile = v.InferOutput<typeof environmentSchema>;
export type CheckFile = v.InferOutput<typeof checkSchema>;
export type PreflightFile = v.InferOutput<typeof preflight>;
export type ChecklistItem = v.InferOutput<typeof checklistItem>;
export type NotifyFile = v.InferOutput<typeof notify>;
export type NoticeEvent = (typeof noticeEvents)[number];

function unknownPlaceholder(value: string): string {
  return doesNotExist(unknownPlaceholders(value));
}

function withoutEnvKeys(value: string): string {
  return envKeysIn(value).reduce((left, key) => left.replaceAll(`\${env:${key}}`, ""), value);
}

function doesNotExist([first]: string[]): string {
  return `has the placeholder \${${first?.slice(0, 100)}}, which does not exist`;
}

/** Does a reader that throws take it? */
function holds(reader: () => unknown): boolean {
  try {
    reader();
    return true;
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}

function isTimeZone(zone: string): boolean {
  // The first format of a process takes 12 ms; the list has neither UTC nor newer names such as Europe/Kyiv.
  if (zone === "UTC" || Intl.supportedValuesOf("timeZone").includes(zone)) return true;
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
