import { markdownText } from "@release-actions/markdown";
import type { ChangedBy, Credit, ReleaseFacts } from "./release-changes.ts";

export type NotesWith = {
  /** What the release is made of: name, the image's reference and the digest that was released. */
  images?: readonly { name: string; reference: string; digest: string }[];
  doi?: string;
  /** Who agreed, in what role, and when (ISO). */
  approvals?: readonly { login: string; role: string; at: string; url?: string }[];
  /** Which labels make which section, in this order; what fits none comes last under `others`. */
  sections?: readonly { title: string; labels: readonly string[] }[];
  others?: string;
  /** Longest body in characters; default is GitHub's limit less the room for the marker. */
  limit?: number;
};

/** `full` is there when the body had to be cut: it is to be attached as the asset `RELEASE-NOTES.md`. */
export type Notes = { body: string; full?: string };

const defaultSections = [
  { title: "Features", labels: ["feature", "enhancement", "kind/feature", "type: feature"] },
  { title: "Fixes", labels: ["bug", "fix", "bugfix", "kind/bug", "type: bug"] },
];
/** GitHub takes 125 000 characters; the marker of the publication needs some of them. */
const defaultLimit = 124_000;
const longestTitle = 300;

type Section = { title: string; entries: string[] };

/**
 * Writes the release's notes as Markdown, the same bytes for the same facts. Foreign text (titles, logins, labels)
 * cannot format, link, mention or refer. Too long notes are cut between two entries and say so.
 */
export function renderNotes(facts: ReleaseFacts, more: NotesWith = {}): Notes {
  const head = [
    ...doiLines(more.doi),
    ...imageLines(more.images ?? []),
    ...approvalLines(facts, more.approvals ?? []),
  ];
  const foot = compareLines(facts);
  const sections = [...changes(facts, more), closedIssues(facts), directCommits(facts)].filter(
    ({ entries }) => entries.length > 0,
  );
  const full = assemble(head, sections, foot);
  const limit = more.limit ?? defaultLimit;
  if (full.length <= limit) return { body: full };

  const total = sections.reduce((sum, { entries }) => sum + entries.length, 0);
  // The most entries that fit: what is left out is the end of the list.
  let fits = 0;
  for (let low = 0, high = total; low <= high;) {
    const middle = Math.floor((low + high) / 2);
    if (
      assemble(head, firstEntries(sections, middle), [cutLine(total - middle), ...foot]).length <=
      limit
    ) {
      fits = middle;
      low = middle + 1;
    } else high = middle - 1;
  }
  return {
    body: assemble(head, firstEntries(sections, fits), [cutLine(total - fits), ...foot]),
    full,
  };
}

function changes(facts: ReleaseFacts, more: NotesWith): Section[] {
  const wanted = more.sections ?? defaultSections;
  const sections: Section[] = [
    ...wanted.map(({ title }) => ({ title: plain(title), entries: [] })),
    { title: plain(more.others ?? "Other changes"), entries: [] },
  ];
  for (const pull of facts.pullRequests) {
    const index = wanted.findIndex(({ labels }) =>
      pull.labels.some((label) => labels.includes(label.toLowerCase())),
    );
    sections.at(index)?.entries.push(pullEntry(facts, pull));
  }
  return sections;
}

function pullEntry(facts: ReleaseFacts, pull: ChangedBy): string {
  const closes = pull.closes.map((issue) => link(`#${issue.number}`, issue.url));
  const by = pull.author ? ` by ${creditLink(facts, pull.author)}` : "";
  return `- ${plain(pull.title)}${by} in ${link(`#${pull.number}`, pull.url)}${closes.length > 0 ? ` (closes ${closes.join(", ")})` : ""}`;
}

function closedIssues(facts: ReleaseFacts): Section {
  const issues = new Map(
    facts.pullRequests.flatMap((pull) => pull.closes.map((issue) => [issue.url, issue] as const)),
  );
  const entries = [...issues.values()]
    .toSorted((a, b) => a.number - b.number || (a.url < b.url ? -1 : 1))
    .map((issue) => {
      const by = issue.author ? `, reported by ${creditLink(facts, issue.author)}` : "";
      return `- ${link(`#${issue.number}`, issue.url)} ${plain(issue.title)}${by}`;
    });
  return { title: "Closed issues", entries };
}

function directCommits(facts: ReleaseFacts): Section {
  const { owner, name } = facts.repository;
  const entries = facts.directCommits.map(({ sha, headline }) => {
    const url = `${facts.serverUrl}/${encodeURIComponent(owner)}/${encodeURIComponent(name)}/commit/${encodeURIComponent(sha)}`;
    return `- ${plain(headline)} ${link(sha.slice(0, 8), url)}`;
  });
  return { title: "Commits without a pull request", entries };
}

function doiLines(doi: string | undefined): string[] {
  return doi === undefined
    ? []
    : [
        `DOI: ${link(plain(doi), `https://doi.org/${doi.split("/").map(encodeURIComponent).join("/")}`)}`,
        "",
      ];
}

function imageLines(images: NonNullable<NotesWith["images"]>): string[] {
  if (images.length === 0) return [];
  const lines = images.map(
    ({ name, reference, digest }) =>
      `- ${plain(name)}: ${code(`${reference.replace(/@.*$/, "")}@${digest}`)}`,
  );
  return ["### Images", "", ...lines, ""];
}

function approvalLines(
  facts: ReleaseFacts,
  approvals: NonNullable<NotesWith["approvals"]>,
): string[] {
  if (approvals.length === 0) return [];
  const lines = approvals.map(({ login, role, at, url }) => {
    const when = plain(at);
    return `- ${creditLink(facts, { login, bot: false })} as ${plain(role)}, ${url === undefined ? when : link(when, url)}`;
  });
  return ["### Approved by", "", ...lines, ""];
}

function compareLines(facts: ReleaseFacts): string[] {
  if (facts.previousTag === undefined) return ["First release.", ""];
  const { owner, name } = facts.repository;
  const range = `${encodeURIComponent(facts.previousTag)}...${encodeURIComponent(facts.tag)}`;
  const url = `${facts.serverUrl}/${encodeURIComponent(owner)}/${encodeURIComponent(name)}/compare/${range}`;
  return [`All changes: ${link(plain(`${facts.previousTag}...${facts.tag}`), url)}`, ""];
}

function cutLine(left: number): string {
  return `${left} more ${left === 1 ? "entry is" : "entries are"} in the attached RELEASE-NOTES.md.\n`;
}

function firstEntries(sections: readonly Section[], count: number): Section[] {
  let left = count;
  return sections.flatMap(({ title, entries }) => {
    const kept = entries.slice(0, left);
    left -= kept.length;
    return kept.length > 0 ? [{ title, entries: kept }] : [];
  });
}

function assemble(
  head: readonly string[],
  sections: readonly Section[],
  foot: readonly string[],
): string {
  const lists = sections.flatMap(({ title, entries }) => [`### ${title}`, "", ...entries, ""]);
  return [...head, ...lists, ...foot].join("\n");
}

/** A credit that thanks without notifying: a link with the name, not a mention. */
function creditLink(facts: ReleaseFacts, { login, bot }: Credit): string {
  const name = login.replace(/\[bot\]$/, "");
  return link(
    plain(name),
    `${facts.serverUrl}/${bot || name !== login ? "apps/" : ""}${encodeURIComponent(name)}`,
  );
}

/** `markdown` is ours or went through plain(); the address is encoded, and only a web address becomes a link. */
function link(markdown: string, address: string): string {
  const url = /^https?:\/\//.test(address) ? URL.parse(address) : null;
  if (url === null) return markdown;
  return `[${markdown}](${url.href.replaceAll(/[()<>\\[\]"'`\s]/g, (character) => `%${character.charCodeAt(0).toString(16)}`)})`;
}

/** Foreign text as text on one line, cut where it is longer than a title. */
function plain(text: string): string {
  const characters = [...text.replaceAll(/\s+/gu, " ").trim()];
  return markdownText(
    characters.length > longestTitle ? `${characters.slice(0, longestTitle).join("")}…` : text,
  ).trim();
}

function code(text: string): string {
  return `\`${text.replaceAll(/[^\x21-\x7e]|`/g, "")}\``;
}
