import { parse as parseYaml } from "yaml";
import { schemaOf } from "./kinds.ts";
import { isFields, type Fields } from "./object.ts";
import { parseProtobuf } from "./protobuf.ts";
import { groupVersion } from "./resources.ts";
import { misfits, prune } from "./schema.ts";
import { badRequest, type Refused } from "./status.ts";
import type { Write } from "./writing.ts";

export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw badRequest(
      `couldn't read the request's body as JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

export function parseBody(write: Write): Fields {
  const type = write.contentType.split(";")[0]?.trim() ?? "";
  let body: unknown;
  if (type.includes("protobuf")) body = parseProtobuf(write.body);
  else if (type.includes("yaml")) {
    try {
      body = parseYaml(write.body.toString("utf8"));
    } catch (error) {
      throw badRequest(
        `error decoding YAML: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  } else body = parseJson(write.body);
  if (!isFields(body)) throw badRequest("the request's body is not an object");
  const { kind, apiVersion } = body;
  const wanted = groupVersion(write.resource);
  if (apiVersion !== undefined && apiVersion !== wanted)
    throw badRequest(
      `the API version in the data (${String(apiVersion)}) does not match the expected API version (${wanted})`,
    );
  if (kind !== undefined && kind !== write.resource.kind)
    throw badRequest(
      `${String(kind)} in version "${write.resource.version}" cannot be handled as a ${write.resource.kind}: no kind "${String(kind)}" is registered here`,
    );
  return body;
}

export function checkAddress(object: Fields, { name, namespace }: Write): void {
  const metadata = metadataOf(object);
  if (metadata["name"] !== undefined && metadata["name"] !== name)
    throw badRequest(
      `the name of the object (${String(metadata["name"])}) does not match the name on the URL (${name ?? ""})`,
    );
  if (metadata["namespace"] !== undefined && metadata["namespace"] !== namespace)
    throw badRequest(
      "the namespace of the provided object does not match the namespace sent on the request",
    );
}

/** Refuses values of the wrong type; unknown fields are refused, warned of or dropped, as `fieldValidation` says. */
export function checked(
  object: Fields,
  { resource, query }: Write,
): { object: Fields; warnings: string[] } {
  const schema = schemaOf(resource);
  const all = misfits(object, schema);
  const refuse = (why: string): Refused =>
    badRequest(
      `${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: ${why}`,
    );
  const mistyped = all.find(({ problem }) => problem === "type");
  if (mistyped)
    throw refuse(
      `json: cannot unmarshal ${mistyped.got} into Go struct field ${mistyped.path.slice(1)} of type ${mistyped.expected}`,
    );
  const unknown = all.map(({ path }) => `unknown field "${path.slice(1)}"`);
  const mode = query.get("fieldValidation") ?? "Warn";
  if (unknown.length > 0 && mode === "Strict")
    throw refuse(`strict decoding error: ${unknown.join(", ")}`);
  return { object: prune(object, schema) as Fields, warnings: mode === "Warn" ? unknown : [] };
}

export const metadataOf = (object: Fields): Fields =>
  isFields(object["metadata"]) ? object["metadata"] : {};
