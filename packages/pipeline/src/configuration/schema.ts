import * as v from "valibot";
import { schemeOf } from "@release-actions/versions";
import { Fault } from "@release-actions/codes";
import { milliseconds } from "./duration.ts";
import { unknownPlaceholders } from "./placeholders.ts";

const longest = 1000;
const text = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(longest),
  v.check((value) => !/\p{Cc}/u.test(value), "has a control character"),
);
const template = v.pipe(
  text,
  v.check(
    (value) => unknownPlaceholders(value).length === 0,
    (issue) =>
      `has the placeholder \${${unknownPlaceholders(String(issue.input))[0]}}, which does not exist`,
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
const login = v.pipe(
  text,
  v.regex(/^(@?[A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))(\[bot\])?$/, "is not a GitHub login"),
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

const name = v.pipe(
  text,
  v.regex(
    /^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/i,
    "is not a name of letters, digits, dots and hyphens",
  ),
);

const scheme = v.pipe(
  text,
  v.check((value) => {
    try {
      schemeOf(value);
      return true;
    } catch (error) {
      if (error instanceof Fault) return false;
      throw error;
    }
  }, "is not a tag scheme: semver, v-semver, pep440, or calver: and a pattern of calver.org's tokens"),
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
    v.check(
      (value) => !value.includes("@") && !/:[^/]*$/.test(value),
      "is not an image name without tag and digest",
    ),
  ),
  "image-tag": v.optional(template, "${commit}"),
});

const expected = v.union([v.string(), v.number(), v.boolean(), v.null()]);
const comparison = v.union([
  expected,
  v.strictObject({
    equals: v.optional(expected),
    matches: v.optional(text),
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
    headers: v.optional(v.record(text, v.union([template, v.strictObject({ matches: text })]))),
    body: v.optional(
      v.union([
        v.pipe(
          template,
          v.transform((contains) => ({ contains })),
        ),
        v.strictObject({ contains: v.optional(template), matches: v.optional(text) }),
      ]),
    ),
    json: v.optional(v.record(text, comparison)),
    p95: v.optional(v.pipe(text, v.regex(/^\d+ms of \d+$/, "is not of the form `200ms of 20`"))),
    timeout: v.optional(duration),
  }),
  v.check(
    (value) => (value.get === undefined) !== (value.post === undefined),
    "needs exactly one of get and post",
  ),
);

const deploy = v.strictObject({
  manifests: v.optional(listOf(path)),
  namespace: v.optional(v.pipe(template, v.maxLength(63))),
  cluster: v.optional(text),
  timeout: v.optional(duration),
  "on-failure": v.optional(v.picklist(["rollback", "keep"])),
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

const gate = v.strictObject({
  "status-checks": v.optional(listOf(text)),
  wait: v.optional(duration),
  approvals: v.optional(listOf(approval)),
  "run-by": v.optional(listOf(text)),
});

const exceptions = v.strictObject({
  rollback: v.optional(
    v.strictObject({ "run-by": v.optional(listOf(text)), approvals: v.optional(listOf(approval)) }),
  ),
});

export const environmentSchema = v.strictObject({
  from: v.optional(text),
  url: v.optional(url),
  "image-tags": v.optional(listOf(template)),
  deploy: v.optional(deploy),
  smoke: v.optional(smoke),
  gate: v.optional(gate),
  exceptions: v.optional(exceptions),
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
  defaults: v.optional(v.unknown()),
  environments: v.record(name, environmentSchema),
  issue: v.optional(
    v.strictObject({ title: v.optional(template), labels: v.optional(listOf(text)) }),
    {},
  ),
  release: v.optional(
    v.strictObject({
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
      concept: v.optional(v.pipe(v.union([v.string(), v.number()]), v.transform(String))),
      metadata: v.optional(path),
      files: v.optional(listOf(path)),
    }),
  ),
  ledger: v.optional(
    v.strictObject({
      branch: v.optional(
        v.pipe(text, v.regex(/^[A-Za-z0-9._/-]{1,100}$/, "is not a branch name")),
        "release-ledger",
      ),
    }),
    { branch: "release-ledger" },
  ),
});

export type PipelineFile = v.InferOutput<typeof pipelineSchema>;
export type EnvironmentFile = v.InferOutput<typeof environmentSchema>;
export type CheckFile = v.InferOutput<typeof checkSchema>;

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
