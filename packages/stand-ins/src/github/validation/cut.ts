/** A JSON document of GitHub's OpenAPI description. */
type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type Fields = { [name: string]: Json };

/** What the stand-in checks one operation against: JSON Schemas with their references in `definitions` of the slice. */
export type Operation = { request?: Json; responses: Record<string, Json> };
export type Slice = { operations: Record<string, Operation>; schemas: Record<string, Json> };

/** Where the published description is narrower than GitHub: a half-uploaded asset has the state `starter`, and a missing
 * address of a deployment's status is an empty text. */
const corrections: Record<string, (schema: Fields) => void> = {
  "release-asset": (schema) => {
    const state = (schema["properties"] as Fields)["state"] as Fields;
    (state["enum"] as Json[]).push("starter");
  },
  "deployment-status": (schema) => {
    const properties = schema["properties"] as Fields;
    for (const name of ["target_url", "environment_url", "log_url"])
      properties[name] = { type: "string" };
  },
};

/** Cuts the operations of the stand-in out of the description: no prose, `nullable` as JSON Schema says it. */
export function cutOpenApi(
  description: unknown,
  operations: readonly { method: string; template: string }[],
): Slice {
  const { paths, components } = description as {
    paths: Fields;
    components: { schemas: Fields; responses: Fields };
  };
  const slice: Slice = { operations: {}, schemas: {} };

  const keep = (schema: Json): Json => {
    const rewritten = rewrite(schema);
    for (const name of namesIn(rewritten)) {
      if (slice.schemas[name] !== undefined) continue;
      slice.schemas[name] = {};
      const published = structuredClone(components.schemas[name]) as Fields;
      corrections[name]?.(published);
      slice.schemas[name] = keep(published);
    }
    return rewritten;
  };

  for (const { method, template } of operations) {
    const operation = (paths[template] as Fields | undefined)?.[method.toLowerCase()] as
      | Fields
      | undefined;
    if (!operation) throw new Error(`GitHub's description has no ${method} ${template}`);
    const kept: Operation = { responses: {} };
    const body = operation["requestBody"] as Fields | undefined;
    const schema = body && schemaOf(body);
    if (schema) kept.request = closed(keep(schema));
    for (const [status, answer] of Object.entries(operation["responses"] as Fields)) {
      if (Number(status) >= 300) continue;
      const reference = (answer as Fields)["$ref"];
      const named =
        typeof reference === "string"
          ? components.responses[reference.split("/").at(-1) ?? ""]
          : answer;
      const content = schemaOf(named as Fields);
      kept.responses[status] = content ? keep(content) : null;
    }
    slice.operations[`${method} ${template}`] = kept;
  }
  return slice;
}

function schemaOf(holder: Fields): Json | undefined {
  const content = holder["content"] as Fields | undefined;
  return (content?.["application/json"] as Fields | undefined)?.["schema"];
}

/** Unknown properties of a request are an error, also in each of several alternatives. */
function closed(schema: Json): Json {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return schema;
  if (schema["properties"]) return { ...schema, additionalProperties: false };
  for (const word of ["oneOf", "anyOf"]) {
    const alternatives = schema[word];
    if (Array.isArray(alternatives)) return { ...schema, [word]: alternatives.map(closed) };
  }
  return schema;
}

const prose = new Set([
  "description",
  "example",
  "examples",
  "title",
  "deprecated",
  "default",
  "externalDocs",
  "x-github",
  "x-multi-segment",
]);

function rewrite(schema: Json, names = false): Json {
  if (Array.isArray(schema)) return schema.map((one) => rewrite(one));
  if (typeof schema !== "object" || schema === null) return schema;
  const result: Fields = {};
  for (const [key, value] of Object.entries(schema)) {
    // Under `properties` the keys are names of fields, not words of the schema.
    if (names) result[key] = rewrite(value);
    else if (key === "$ref") result[key] = `#/definitions/${String(value).split("/").at(-1)}`;
    else if (key === "nullable" || prose.has(key)) continue;
    else
      result[key] =
        key === "enum" || key === "required" ? value : rewrite(value, key === "properties");
  }
  if (names || schema["nullable"] !== true) return result;
  return { anyOf: [result, { type: "null" }] };
}

function namesIn(schema: Json): string[] {
  return [...JSON.stringify(schema).matchAll(/"#\/definitions\/([^"]+)"/g)].map(
    (match) => match[1] ?? "",
  );
}
