import { codes, type Finding } from "@release-actions/codes";
import { markdownCode, markdownText } from "@release-actions/markdown";

/** A finding is told up to this length; it may quote a foreigner. */
const longestSaw = 1500;

/** What a finding saw, as people get to read it. */
export function sawOf(finding: Finding): string {
  return finding.saw.length <= longestSaw
    ? finding.saw
    : `${finding.saw.slice(0, longestSaw).toWellFormed()}…`;
}

/** Control characters and those that turn the reading direction, which JSON itself leaves as they are. */
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const unseen = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** The output `reasons`: the findings as JSON in which every character can be seen. */
export function reasonsOf(findings: readonly Finding[]): string {
  const told = findings.map((finding) => ({ ...finding, saw: sawOf(finding) }));
  return JSON.stringify(told).replaceAll(
    unseen,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Several findings as one line for an annotation: code, what was seen, what to do next. */
export function oneLine(findings: Finding[]): string {
  return findings
    .map((finding) => {
      const next = nextOf(finding);
      return `${finding.code ? `${finding.code} ` : ""}${sawOf(finding).replace(/\.$/, "")}${next ? `. Next: ${next}` : ""}`;
    })
    .join(" | ");
}

/** What to do about a finding: its own sentence, else its code's. */
export function nextOf(finding: Finding): string | undefined {
  return finding.next ?? (finding.code ? codes[finding.code].next : undefined);
}

/** Commands in our own sentences stay code; everything between is text. */
export function nextText(next: string | undefined): string {
  return (next ?? "")
    .split(/(`[^`]+`)/)
    .map((part) => (part.startsWith("`") ? markdownCode(part.slice(1, -1)) : markdownText(part)))
    .join("");
}

/** `sha256:4be7a90f1d22`, as people compare digests. */
export function shortDigest(digest: string): string {
  return digest.slice(0, "sha256:".length + 12);
}

/** An instant in the team's zone and in UTC: `20 Nov 17:20 Europe/Oslo (16:20 UTC)`. */
export function instant(at: string | Date, timeZone: string): string {
  const date = new Date(at);
  const local = new Intl.DateTimeFormat("en-GB", {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    hour12: false,
    timeZone,
  })
    .format(date)
    .replace(",", "");
  const utc = new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    hour12: false,
    timeZone: "UTC",
  }).format(date);
  return timeZone === "UTC" ? `${local} UTC` : `${local} ${timeZone} (${utc} UTC)`;
}
