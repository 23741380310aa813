import type { FieldChange, Preview } from "@release-actions/deploy";
import { markdownCode, markdownText } from "@release-actions/markdown";
import { reasonsOf } from "./report/sentences.ts";

/** What a dry run of manifests found, for the summary and for the job. */
export type PreviewReport = {
  lines: string[];
  /** The first refusal, as one sentence for the job's annotation. */
  refused: string | undefined;
  reasons: string;
};

const shownFields = 40;

/** Tells what applying would do: the sum first, then the refusals, then what changes field by field. */
export function reportOf(previews: readonly Preview[]): PreviewReport {
  const of = (effect: Preview["effect"]): number =>
    previews.filter((preview) => preview.effect === effect).length;
  const refusals = previews.filter((preview) => preview.effect === "refused");
  const sum = [
    `${of("created")} would be made`,
    `${of("changed")} changed`,
    `${of("same")} stay the same`,
    ...(refusals.length > 0 ? [`${refusals.length} would be refused`] : []),
  ];
  const order = ["refused", "created", "changed", "same"];
  const told = previews.toSorted((a, b) => order.indexOf(a.effect) - order.indexOf(b.effect));
  return {
    lines: [
      `Nothing was written. The cluster tried ${previews.length} objects: ${sum.join(", ")}.`,
      "",
      ...told.flatMap(linesOf),
    ],
    refused: refusals.map(({ cause }) => `${cause.code} ${cause.plain} Next: ${cause.next}`).at(0),
    reasons: reasonsOf(
      refusals.map(({ cause }) => ({
        rule: "dry-run",
        holds: false,
        saw: cause.plain,
        code: cause.code,
        next: cause.next,
      })),
    ),
  };
}

function linesOf(preview: Preview): string[] {
  const name = markdownText(preview.object);
  switch (preview.effect) {
    case "same":
      return [`- ${name} stays the same`];
    case "created":
      return [
        `- **${name}** would be made${preview.unchecked ? `, unchecked: ${markdownText(preview.unchecked)}` : ""}`,
      ];
    case "refused":
      return [
        `- **${name}** would be refused: ${markdownText(preview.cause.plain)}`,
        `  Next: ${markdownText(preview.cause.next)}`,
      ];
    case "changed":
      return [
        `- **${name}** would change:`,
        ...preview.fields.slice(0, shownFields).map((field) => `  - ${changeOf(field)}`),
        ...(preview.fields.length > shownFields
          ? [`  - and ${preview.fields.length - shownFields} more fields`]
          : []),
        ...(preview.takenOver
          ? ["  - fields that kubectl applied and the release does not have would be taken away"]
          : []),
      ];
  }
}

function changeOf({ field, before, after }: FieldChange): string {
  const at = markdownCode(field);
  if (before === undefined) return `${at}: new, ${markdownCode(after ?? "")}`;
  if (after === undefined) return `${at}: taken away, was ${markdownCode(before)}`;
  return `${at}: ${markdownCode(before)} → ${markdownCode(after)}`;
}
