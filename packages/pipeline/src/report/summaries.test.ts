import type { Finding } from "@release-actions/codes";
import type { Entry, Release } from "@release-actions/ledger";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Approved, Ending } from "../bring-or-take-back.ts";
import type { EnvironmentSettings, Pipeline } from "../configuration/pipeline-file.ts";
import { acceptedSummary, notAcceptedSummary } from "./acceptance.ts";
import { entryNotice } from "./entry-notice.ts";
import {
  dryRunSummary,
  earlierSummary,
  endSummary,
  noticeLines,
  refusedSummary,
} from "./summaries.ts";

const at = "2026-01-06T10:00:00.000Z";
const digest = `sha256:${"4be7a90f1d22".padEnd(64, "0")}`;

/** Every summary with foreign text in each place that people, clusters and receivers fill. */
function summariesWith(text: string): Record<string, string> {
  const pipeline = { product: "Shop", timezone: "UTC" } as Pipeline;
  const environment: EnvironmentSettings = { name: "production", "accept-by": "owner" };
  const releaseOf = (version: string): Release => ({
    version,
    tag: version,
    commit: "c".repeat(40),
    components: [{ name: text, image: text, digest }],
  });
  const finding = (more: Partial<Finding> = {}): Finding => ({
    rule: "tag",
    holds: false,
    saw: text,
    next: `Ask \`${"/accept 1"}\` ${text.replaceAll("`", "")}`,
    ...more,
  });
  const entry = {
    id: "production-2",
    environment: "production",
    action: "release",
    actor: text,
    reason: text,
    release: releaseOf(text),
    replaced: releaseOf(text),
    approvals: [{ role: text, login: text, at, url: `https://example.org/${text}`, comment: 1 }],
    openedAt: at,
    result: "passed",
  } as unknown as Entry;
  const decision = { pipeline, environment, request: {}, world: {} } as unknown as Parameters<
    typeof refusedSummary
  >[0]["decision"];
  const run = {
    ...decision,
    release: releaseOf(text),
    world: { records: [{ title: text, result: "done" }], transport: { sent: [] } },
  } as unknown as Approved;
  const notices = [finding({ warning: true }), finding({ holds: true })];
  const running = [{ name: text, ready: 1, wanted: 2, images: [{ digest }] }];
  const ending = (more: object) =>
    ({ runs: releaseOf(text), outcome: {}, running, notices, ...more }) as unknown as Ending & {
      notices: Finding[];
    };
  const end = (more: object) => endSummary({ run, entry, ending: ending(more), milliseconds: 1 });
  const trouble = {
    code: "RA3108",
    plain: text,
    said: text,
    object: text,
    log: [text],
    otherLog: [text],
    warnings: [text],
    next: text.replaceAll("`", ""),
    command: text,
  };
  const acceptance = {
    environment: "production",
    entry: "production-2",
    login: text,
    role: text,
    at,
  };
  return {
    passed: end({ result: "passed" }),
    failed: end({ result: "failed", trouble, noWayBack: text }),
    failedOnCluster: end({
      result: "failed",
      trouble,
      noWayBack: text,
      standing: { runs: "mixed", what: text },
    }),
    refused: refusedSummary({
      decision,
      version: text,
      findings: [finding(), finding({ warning: true })],
      runs: releaseOf(text),
      skipped: false,
    }),
    dryRun: dryRunSummary({
      decision,
      release: releaseOf(text),
      findings: [finding()],
      tags: [text],
      gitTags: [{ repository: text, tag: text, commit: text }],
      objects: [text],
      script: text,
    }),
    earlier: earlierSummary({ decision, own: entry, newer: entry, did: "", told: notices }),
    accepted: acceptedSummary(pipeline, environment, {
      acceptance,
      version: text,
      notices,
      dryRun: false,
    }),
    notAccepted: notAcceptedSummary(pipeline, environment, finding()),
    notices: noticeLines(notices).join("\n"),
  };
}

/** Without the insides of code blocks: whoever reads Markdown ends a block at the first fence that is as long as its own. */
function withoutBlocks(markdown: string): string {
  let fence: string | undefined;
  return markdown
    .split("\n")
    .filter((line) => {
      const [, run = "", rest = ""] = /^(`{3,})(.*)$/.exec(line) ?? [];
      if (fence === undefined) {
        if (run !== "") fence = run;
        return true;
      }
      if (run.length < fence.length || rest.trim() !== "") return false;
      fence = undefined;
      return true;
    })
    .map((line) => line.replace(/^`{3,}/, "```"))
    .join("\n");
}

/** What gives a text its structure: lines, cells, links, tags, mentions, marks; what is escaped or code gives none. */
function structureOf(markdown: string): string {
  return withoutBlocks(markdown)
    .split("\n")
    .map((line) =>
      live(line)
        .replaceAll(/(?<!^#*)#(?!\w)/g, "")
        .replaceAll(/[^`*_[\]|~<>@#]/g, ""),
    )
    .join("\n");
}

/** A line without what is escaped, and without the inside of its code and of its links' addresses. */
function live(line: string): string {
  let rest = line
    .replaceAll(/&(?:amp|lt|gt);|@\u2060/g, " ")
    .replaceAll(/\]\(<[^<>\s]*>\)/g, "]()");
  let seen = "";
  while (rest !== "") {
    const fence = /^`+/.exec(rest)?.[0];
    const close =
      fence && new RegExp(`(?<!\`)\`{${fence.length}}(?!\`)`).exec(rest.slice(fence.length));
    if (rest.startsWith("\\")) {
      seen += " ";
      rest = rest.slice(2);
    } else if (fence && close) {
      // A cell ends at `|` even within code.
      const inside = rest.slice(fence.length, fence.length + close.index);
      seen += ` ${inside.replaceAll("\\|", "").replaceAll(/[^|]/g, "")}`;
      rest = rest.slice(fence.length * 2 + close.index);
    } else {
      seen += fence ?? rest[0];
      rest = rest.slice(fence?.length ?? 1);
    }
  }
  return seen;
}

const hostile = fc
  .array(
    fc.constantFrom(
      ..."`*_[]()<>&@#|~\\\n\r\u2028\u202e a1.-+:/!".split(""),
      "<img src=x>",
      "\n# heading\n",
      "|cell|",
      "](https://evil.example.org)",
      "<!-- ra:issue -->",
      "@olga",
      "```\n",
      "</details>",
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map((parts) => `x${parts.join("")}x`);

test("foreign text changes no summary's structure", () => {
  const plain = summariesWith("x");
  fc.assert(
    fc.property(hostile, (text) => {
      for (const [name, summary] of Object.entries(summariesWith(text)))
        expect([name, structureOf(summary)]).toEqual([name, structureOf(plain[name] ?? "")]);
    }),
    { numRuns: 400 },
  );
});

test("the check itself sees what is live", () => {
  expect(structureOf("a | b <img> @olga [x](<https://a>) `|`")).toBe("|<>@[]|");
  expect(structureOf("a \\| b &lt;img&gt; @\u2060olga `\\|` ``a`b``")).toBe("");
});

const messageOf = (event: Parameters<typeof entryNotice>[0]["event"], more: object = {}) => {
  const release = { version: "1.1.0" };
  const entry = {
    id: "production-2",
    action: "release",
    actor: "pia",
    run: { id: 1, url: "https://example.org/run" },
    release,
    replaced: { version: "1.0.0" },
    ...more,
  } as unknown as Entry;
  const trouble = { code: "RA3108", plain: "it crashed", next: "Mend it." };
  return entryNotice({
    pipeline: { product: "Shop", notify: { contacts: { owner: "o@example.org" }, messages: [] } },
    environment: { name: "production", "accept-by": "owner" },
    entry,
    event,
    issue: undefined,
    ending:
      event === "started"
        ? undefined
        : ({
            result: event,
            runs: event === "passed" ? release : undefined,
            trouble: event === "passed" ? undefined : trouble,
          } as unknown as Ending),
  });
};
const labelled = (message: ReturnType<typeof messageOf>, label: string) =>
  message.lines.filter((line) => line.label === label).map(({ text }) => text);

test.each([
  ["started", {}, "Shop 1.1.0 is on its way to production", [], []],
  [
    "passed",
    {},
    "Shop 1.1.0 runs in production",
    [],
    ["owner: test it more widely, then comment /accept 1.1.0"],
  ],
  ["failed", {}, "Shop 1.1.0 failed in production", ["o@example.org"], ["Mend it."]],
  [
    "rolled-back",
    {},
    "Shop 1.1.0 failed in production and was rolled back",
    ["o@example.org"],
    ["Mend it."],
  ],
  ["started", { action: "rollback" }, "production is being rolled back to Shop 1.1.0", [], []],
  ["passed", { action: "rollback" }, "production was rolled back: Shop 1.1.0 runs again", [], []],
] as const)("%s %j: “%s”", (event, more, title, contacts, next) => {
  const message = messageOf(event, more);
  expect(message.title).toBe(title);
  expect(labelled(message, "owner")).toEqual(contacts);
  expect(labelled(message, "Next")).toEqual(next);
});

test("a message is plain text: its receiver's form escapes it", () => {
  const text = "<b>|@olga\n`";
  const message = messageOf("passed", { actor: text, reason: text, replaced: { version: text } });
  for (const label of ["Started by", "Reason", "Before"])
    expect(labelled(message, label)).toEqual([text]);
});
