import type { KubeObject } from "./object.ts";
import { selectableValue, type Resource } from "./resources.ts";
import { badRequest } from "./status.ts";

export type Match = (object: KubeObject) => boolean;
type LabelTest = (labels: Record<string, string>) => boolean;

/** Reads `a=b,c!=d,e in (f,g),h,!i`. Throws 400 for anything else. */
export function labelSelector(text: string): Match {
  const tests = splitRequirements(text).map(labelTest);
  return (object) => tests.every((test) => test(object.metadata.labels ?? {}));
}

/** Reads `metadata.name=x,status.phase!=y`. Throws 400 for a field that the resource does not index. */
export function fieldSelector(text: string, resource: Resource): Match {
  const known = [
    "metadata.name",
    ...(resource.namespaced ? ["metadata.namespace"] : []),
    ...resource.selectable,
  ];
  const tests = text
    .split(",")
    .filter((part) => part !== "")
    .map((part) => {
      const parsed = /^([^=!]+)(==|=|!=)(.*)$/.exec(part);
      if (!parsed) throw badRequest(`invalid selector: '${part}'; can't understand '${part}'`);
      const [, field = "", operator, value = ""] = parsed;
      if (!known.includes(field))
        throw badRequest(
          `"${field}" is not a known field selector: only ${known.map((name) => `"${name}"`).join(", ")}`,
        );
      const wanted = value.replace(/\\([\\,=])/g, "$1");
      return (object: KubeObject): boolean =>
        (selectableValue(object, field) === wanted) === (operator !== "!=");
    });
  return (object) => tests.every((test) => test(object));
}

/** The `matchLabels` and `matchExpressions` of an object's selector. */
export function labelsMatch(
  selector: {
    matchLabels?: Record<string, string>;
    matchExpressions?: { key: string; operator: string; values?: string[] }[];
  },
  labels: Record<string, string> = {},
): boolean {
  const equalities = Object.entries(selector.matchLabels ?? {}).every(
    ([name, value]) => labels[name] === value,
  );
  const expressions = (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    const value = labels[key];
    if (operator === "Exists") return value !== undefined;
    if (operator === "DoesNotExist") return value === undefined;
    if (operator === "In") return value !== undefined && values.includes(value);
    return operator === "NotIn" && (value === undefined || !values.includes(value));
  });
  return equalities && expressions;
}

function splitRequirements(text: string): string[] {
  return text
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function labelTest(requirement: string): LabelTest {
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(requirement);
  if (set) {
    const [, name = "", operator, list = ""] = set;
    const values = list.split(",").map((value) => value.trim());
    return (labels) => {
      const value = labels[name];
      const isIn = value !== undefined && values.includes(value);
      return operator === "in" ? isIn : !isIn;
    };
  }
  const comparison = /^([A-Za-z0-9._/-]+)\s*(==|=|!=)\s*([A-Za-z0-9._-]*)$/.exec(requirement);
  if (comparison) {
    const [, name = "", operator, value] = comparison;
    return (labels) => (labels[name] === value) === (operator !== "!=");
  }
  const existence = /^(!?)\s*([A-Za-z0-9._/-]+)$/.exec(requirement);
  if (!existence)
    throw badRequest(
      `unable to parse requirement: found '${requirement}', expected: a label requirement`,
    );
  const [, not, name = ""] = existence;
  return (labels) => (labels[name] !== undefined) === (not === "");
}
