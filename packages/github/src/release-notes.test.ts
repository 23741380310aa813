import { describe, expect, test } from "vitest";
import type { ChangedBy, ReleaseFacts } from "./release-changes.ts";
import { renderNotes } from "./release-notes.ts";

function pull(number: number, more: Partial<ChangedBy> = {}): ChangedBy {
  return {
    number,
    title: `Change ${number}`,
    url: `https://github.com/cessda/cdc/pull/${number}`,
    author: { login: "ada", bot: false },
    labels: [],
    closes: [],
    ...more,
  };
}

function facts(more: Partial<ReleaseFacts> = {}): ReleaseFacts {
  return {
    repository: { owner: "cessda", name: "cdc" },
    serverUrl: "https://github.com",
    tag: "2.0.0",
    previousTag: "1.0.0",
    commit: "c".repeat(40),
    commits: 1,
    pullRequests: [],
    directCommits: [],
    release: null,
    latestTag: "1.0.0",
    ...more,
  };
}

const issue = {
  number: 7,
  title: "It is slow",
  url: "https://github.com/cessda/cdc/issues/7",
  author: { login: "rita", bot: false },
};

test("the whole of it, section by section", () => {
  const notes = renderNotes(
    facts({
      pullRequests: [
        pull(11, { title: "Faster search", labels: ["Feature"], closes: [issue] }),
        pull(12, {
          title: "Do not crash",
          labels: ["bug"],
          author: { login: "renovate[bot]", bot: true },
          closes: [issue],
        }),
        pull(13, { title: "Words" }),
      ],
      directCommits: [{ sha: "abcdef0123456789", headline: "Fix a typo" }],
    }),
    {
      doi: "10.5281/zenodo.20000001",
      images: [
        {
          name: "searcher",
          reference: "registry.example.org/cdc/searcher:2.0.0",
          digest: `sha256:${"a".repeat(64)}`,
        },
      ],
      approvals: [
        {
          login: "olga",
          role: "service-owner",
          at: "2026-01-06T10:00:00Z",
          url: "https://github.com/cessda/cdc/issues/9#issuecomment-1",
        },
      ],
    },
  );
  expect(notes.full).toBeUndefined();
  expect(notes.body).toBe(`DOI: [10.5281/zenodo.20000001](https://doi.org/10.5281/zenodo.20000001)

### Images

- searcher: \`registry.example.org/cdc/searcher:2.0.0@sha256:${"a".repeat(64)}\`

### Approved by

- [olga](https://github.com/olga) as service-owner, [2026-01-06T10:00:00Z](https://github.com/cessda/cdc/issues/9#issuecomment-1)

### Features

- Faster search by [ada](https://github.com/ada) in [#11](https://github.com/cessda/cdc/pull/11) (closes [#7](https://github.com/cessda/cdc/issues/7))

### Fixes

- Do not crash by [renovate](https://github.com/apps/renovate) in [#12](https://github.com/cessda/cdc/pull/12) (closes [#7](https://github.com/cessda/cdc/issues/7))

### Other changes

- Words by [ada](https://github.com/ada) in [#13](https://github.com/cessda/cdc/pull/13)

### Closed issues

- [#7](https://github.com/cessda/cdc/issues/7) It is slow, reported by [rita](https://github.com/rita)

### Commits without a pull request

- Fix a typo [abcdef01](https://github.com/cessda/cdc/commit/abcdef0123456789)

All changes: [1.0.0...2.0.0](https://github.com/cessda/cdc/compare/1.0.0...2.0.0)
`);
});

test("sections are the caller's to name", () => {
  const notes = renderNotes(facts({ pullRequests: [pull(1, { labels: ["docs"] }), pull(2)] }), {
    sections: [{ title: "Documentation", labels: ["docs"] }],
    others: "Code",
  });
  expect(notes.body).toMatch(/### Documentation\n\n- Change 1 .*\n\n### Code\n\n- Change 2 /);
});

describe("foreign text", () => {
  test("is text on one line, and no longer than a title", () => {
    const title = "@olga <b>*x*</b>\n\n## two #12";
    const notes = renderNotes(facts({ pullRequests: [pull(1, { title })] }));
    expect(notes.body).toContain("- @\u2060olga &lt;b&gt;\\*x\\*&lt;/b&gt; ## two #\u206012 by");
    const long = renderNotes(facts({ pullRequests: [pull(1, { title: "x".repeat(1000) })] }));
    expect(long.body).toMatch(/- x{100,300}… by/);
  });

  test("cannot lead an address astray", () => {
    const notes = renderNotes(
      facts({
        pullRequests: [
          pull(1, { url: "https://github.com/x)](https://evil.example.org" }),
          pull(2, { url: "javascript:alert(1)" }),
        ],
      }),
    );
    expect(notes.body).toContain("[#1](https://github.com/x%29%5d%28https://evil.example.org)");
    expect(notes.body).toContain("in #2\n");
  });

  test("a tag of the repository is text and a path part", () => {
    const notes = renderNotes(facts({ tag: "a](x)/<b>@olga", previousTag: "1#2" }));
    expect(notes.body).toContain(
      "[1#\u20602...a\\](x)/&lt;b&gt;@\u2060olga](https://github.com/cessda/cdc/compare/1%232...a%5D%28x%29%2F%3Cb%3E%40olga)",
    );
  });
});

describe("length", () => {
  const many = facts({
    pullRequests: Array.from({ length: 3000 }, (_, index) =>
      pull(index + 1, { title: "x".repeat(200) }),
    ),
  });

  test("too long notes end between two entries, say how many are missing, and come whole beside", () => {
    const { body, full } = renderNotes(many, { doi: "10.5281/zenodo.1" });
    expect(body.length).toBeLessThanOrEqual(124_000);
    expect(body.length).toBeGreaterThan(123_000);
    expect(full?.length).toBeGreaterThan(600_000);
    const entries = body.split("\n").filter((line) => line.startsWith("- "));
    for (const line of entries) expect(line).toMatch(/pull\/\d+\)$/);
    expect(body).toContain(
      `${3000 - entries.length} more entries are in the attached RELEASE-NOTES.md.`,
    );
    expect(body).toContain("DOI: ");
    expect(body).toContain("All changes: ");
  });

  test("the same facts give the same bytes", () => {
    expect(renderNotes(many)).toEqual(renderNotes(structuredClone(many)));
  });

  test("without a previous release there is nothing to compare with", () => {
    expect(renderNotes(facts({ previousTag: undefined })).body).toBe("First release.\n");
  });
});
