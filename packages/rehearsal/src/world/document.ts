import { Fault } from "@release-actions/codes";
import * as v from "valibot";
import { LineCounter, isMap, isNode, isScalar, parseDocument, type Document } from "yaml";

/** A fault of a YAML file: where it is, and what is wrong. */
export type Problem = { path: readonly (string | number)[]; says: string };

/** A value read from a YAML file, and the way back from a value to its line. */
export type Read<Value> = {
  value: Value;
  /** Makes the fault for lines that read well but say something impossible. */
  unusable(problems: Problem[]): Fault;
};

/**
 * Reads a YAML text by a schema.
 * @throws Fault RA9020 with the line and column of every fault.
 */
export function readDocument<Schema extends v.GenericSchema>(
  name: string,
  text: string,
  schema: Schema,
): Read<v.InferOutput<Schema>> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const fault = (sentences: { offset: number; says: string }[]): Fault => {
    const inOrder = sentences.toSorted((a, b) => a.offset - b.offset);
    const said = inOrder.map(({ offset, says }) => {
      const { line, col } = lines.linePos(offset);
      return `${name}:${Math.max(line, 1)}:${Math.max(col, 1)}: ${says}`;
    });
    return new Fault("RA9020", { saw: [...new Set(said)].join("\n") });
  };
  if (document.errors.length > 0) {
    throw fault(document.errors.map((error) => ({ offset: error.pos[0], says: error.message })));
  }
  const unusable = (problems: Problem[]): Fault =>
    fault(
      problems.map(({ path, says }) => ({
        offset: offsetOf(document, path),
        says: path.length > 0 ? `${path.join(".")}: ${says}` : says,
      })),
    );
  const result = v.safeParse(schema, document.toJS({ maxAliasCount: 1000 }));
  if (!result.success) {
    throw unusable(
      result.issues.map((issue) => ({
        path: (issue.path ?? []).map((item) => item.key as string | number),
        says: issue.received === "undefined" ? "this key is missing" : issue.message,
      })),
    );
  }
  return { value: result.output, unusable };
}

/** A mapping whose every key is known; another one is an error that names the nearest. */
export function group<Entries extends v.ObjectEntries>(
  entries: Entries,
): v.StrictObjectSchema<Entries, v.ErrorMessage<v.StrictObjectIssue>> {
  const known = Object.keys(entries);
  return v.strictObject(entries, (issue) => {
    const key = String(issue.path?.at(-1)?.key ?? "");
    if (issue.expected !== "never" || known.includes(key)) return "a mapping is needed here";
    const near = nearest(key, known);
    return near
      ? `this key is not known; did you mean ${near}?`
      : `this key is not known; known are ${known.join(", ")}`;
  });
}

/** The known word that a mistyped one is at most two letters away from. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const near = known.map((one) => ({ one, away: distance(word, one) }));
  return near.filter(({ away }) => away <= 2).toSorted((a, b) => a.away - b.away)[0]?.one;
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, swap));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** Where the deepest part of a path that exists is written. */
function offsetOf(document: Document, path: readonly (string | number)[]): number {
  for (let length = path.length; length > 0; length--) {
    const parent = document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && item.key.value === key);
      if (pair && isScalar(pair.key) && pair.key.range) return pair.key.range[0];
    }
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}
