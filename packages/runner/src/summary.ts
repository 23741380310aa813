import { markdownText } from "@release-actions/markdown";

/** GitHub drops a summary of more than 1 MiB whole, so what is too long is cut with room for the notice. */
const largestSummary = 1024 * 1024 - 4096;

/** The summary of a run that ended by a fault. `next` and `link` are ours, `saw` may be foreign. */
export function faultSummary(about: {
  headline?: string;
  title: string;
  saw: string;
  next: string;
  link?: string;
}): string {
  const title = markdownText(about.title);
  const head = about.headline
    ? `### ${markdownText(about.headline)}\n\n**${title}**`
    : `### ${title}`;
  const more = about.link ? `\n\n[What this code means](${about.link})` : "";
  return `${head}\n\n${markdownText(about.saw)}\n\n**Next:** ${markdownText(about.next)}${more}\n`;
}

/** Cuts a summary to what GitHub shows. */
export function cutSummary(markdown: string): string {
  const bytes = Buffer.from(markdown);
  if (bytes.length <= largestSummary) return markdown;
  const kept = bytes.subarray(0, largestSummary).toString("utf8").replace(/�$/, "");
  const atLine = kept.slice(0, Math.max(kept.lastIndexOf("\n"), 0)) || kept;
  return `${atLine}\n\n_The summary is cut here: GitHub shows 1 MiB._\n`;
}
