import type { Finding } from "@release-actions/codes";

/** What the files of a release say of it. `date`: YYYY-MM-DD. */
export type ReleaseText = { version: string; date: string; doi: string | undefined };

/**
 * A changelog with the section of this version: new ones go over the older versions and take what stood under Unreleased;
 * in one that is there only the text between our marks is replaced.
 */
export function writeSection(
  before: string | undefined,
  section: { version: string; date: string; notes: string },
): string {
  const text = (before ?? "# Changelog\n").replaceAll("\r\n", "\n");
  const lines = text.trimEnd().split("\n");
  const [first, last] = [
    `<!-- release-actions ${section.version} -->`,
    `<!-- /release-actions ${section.version} -->`,
  ];
  const block = [first, ...section.notes.trim().split("\n"), last];
  const headings = headingsOf(lines);
  const own = headings.findIndex(({ version }) => version === section.version);
  const heading = headings[own];
  if (heading !== undefined) {
    const start = heading.line + 1;
    const end = headings[own + 1]?.line ?? lines.length;
    const [from, to] = [lines.indexOf(first, start), lines.indexOf(last, start)];
    if (from >= 0 && from < to && to < end) lines.splice(from, to - from + 1, ...block);
    else lines.splice(start, 0, "", ...block);
  } else {
    const older = headings.find(({ version }) => !isUnreleased(version));
    const place = older?.line ?? beforeLinks(lines);
    const unreleased = headings.find(({ version }) => isUnreleased(version));
    const kept = unreleased !== undefined && unreleased.line < place ? unreleased.line + 1 : place;
    const byHand = lines.slice(kept, place).join("\n").trim();
    const rest = lines.slice(place);
    lines.splice(
      kept,
      lines.length,
      ...(lines[kept - 1] === "" ? [] : [""]),
      `## ${section.version} - ${section.date}`,
      "",
      ...block,
      ...(byHand === "" ? [] : ["", ...byHand.split("\n")]),
      ...(rest.length === 0 ? [] : ["", ...rest]),
    );
  }
  const written = `${lines.join("\n")}\n`;
  return before?.includes("\r\n") ? written.replaceAll("\n", "\r\n") : written;
}

/** The day that the changelog has for a version. */
export function sectionDate(text: string | undefined, version: string): string | undefined {
  const lines = (text ?? "").replaceAll("\r\n", "\n").split("\n");
  const heading = headingsOf(lines).find((one) => one.version === version);
  return /\b\d{4}-\d{2}-\d{2}\b/.exec(lines[heading?.line ?? -1] ?? "")?.[0];
}

/** Headings of the second level; `#` inside a block of code is none. */
function headingsOf(lines: readonly string[]): { line: number; version: string }[] {
  let fenced = false;
  return lines.flatMap((text, line) => {
    if (/^\s{0,3}(```|~~~)/.test(text)) fenced = !fenced;
    const match = fenced ? null : /^##\s+\[?v?([^\s\]()]+)/i.exec(text);
    return match ? [{ line, version: (match[1] ?? "").replace(/[:,]$/, "") }] : [];
  });
}

function isUnreleased(version: string): boolean {
  return version.toLowerCase() === "unreleased";
}

/** Where the addresses of reference links begin that end a changelog. */
function beforeLinks(lines: readonly string[]): number {
  let place = lines.length;
  while (place > 0 && /^(\[[^\]]+\]:\s+\S+.*)?$/.test(lines[place - 1] ?? "")) place -= 1;
  return place;
}

/** CITATION.cff with the DOI, the version and the day at its top level; all else stays as it is. */
export function writeCitation(text: string, { version, date, doi }: ReleaseText): string {
  const values = [
    ["version", version, JSON.stringify(version)],
    ["date-released", date, date],
    ...(doi === undefined ? [] : [["doi", doi, doi] as const]),
  ] as const;
  return values.reduce((before, [key, value, written]) => {
    const line = new RegExp(`^${key}:[^\\r\\n]*`, "m");
    const there = line.exec(before)?.[0];
    if (there === undefined) {
      const end = before.includes("\r\n") ? "\r\n" : "\n";
      return `${before.replace(/(\r?\n)*$/, end)}${key}: ${written}${end}`;
    }
    return valueOf(there) === value ? before : before.replace(line, () => `${key}: ${written}`);
  }, text);
}

/** The day that CITATION.cff has, if it is of this version. */
export function citationDate(text: string | undefined, version: string): string | undefined {
  const [of, date] = ["version", "date-released"].map((key) =>
    valueOf(new RegExp(`^${key}:[^\\r\\n]*`, "m").exec(text ?? "")?.[0] ?? ""),
  );
  return of === version && /^\d{4}-\d{2}-\d{2}$/.test(date ?? "") ? date : undefined;
}

function valueOf(line: string): string {
  return line
    .replace(/^[^:]*:\s*/, "")
    .replace(/\s+#.*$/, "")
    .trim()
    .replace(/^(["'])(.*)\1$/, "$2");
}

/**
 * Any other text with the DOI where it says so: between `<!-- doi -->` and `<!-- /doi -->`, and on a line with the comment
 * `release-actions: doi`, in place of the DOI or the `${doi}` that stands there. Undefined: it has no such place.
 */
export function writeDoi(text: string, doi: string): string | undefined {
  let places = 0;
  const written = text
    .replaceAll(/<!-- doi -->[^]*?<!-- \/doi -->/g, () => {
      places += 1;
      return `<!-- doi -->[${doi}](https://doi.org/${doi})<!-- /doi -->`;
    })
    .replaceAll(/^.*release-actions: doi\b.*$/gm, (line) =>
      line.replace(/\$\{doi\}|10\.\d{4,9}\/[A-Za-z0-9._/-]*[A-Za-z0-9]/, () => {
        places += 1;
        return doi;
      }),
    );
  return places === 0 ? undefined : written;
}

/**
 * Do the tagged commit's files name the reserved DOI? `files`: those of `zenodo.write-to`, path to text. Undefined where
 * there are none.
 */
export function judgeReservedDoi(
  files: Record<string, string | undefined>,
  doi: string | undefined,
): Finding | undefined {
  const rule = "doi";
  const paths = Object.keys(files);
  if (paths.length === 0) return undefined;
  if (doi === undefined)
    return {
      rule,
      holds: false,
      code: "RA6011",
      saw: `${paths.join(", ")} must name the DOI of this version, and none is reserved`,
    };
  const lacking = paths.filter((path) => !names(files[path] ?? "", doi));
  return lacking.length === 0
    ? {
        rule,
        holds: true,
        saw: `${paths.join(", ")} ${paths.length > 1 ? "name" : "names"} ${doi}`,
      }
    : {
        rule,
        holds: false,
        code: "RA6014",
        saw: `${lacking.map((path) => (files[path] === undefined ? `${path} does not exist at the tag` : `${path} does not have it`)).join("; ")}: ${doi}`,
      };
}

/** The whole DOI, not the beginning of a longer one; letters of a DOI have no case. */
function names(text: string, doi: string): boolean {
  const escaped = doi.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  return new RegExp(`(?<![A-Za-z0-9.])${escaped}(?![A-Za-z0-9])`, "i").test(text);
}
