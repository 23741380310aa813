import { json, type Reply } from "../stand-in.ts";

/** The codes that the distribution spec knows, each with the status that registries give it. */
const statuses = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 404,
  BLOB_UPLOAD_UNKNOWN: 404,
  DENIED: 403,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 400,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 400,
  TOOMANYREQUESTS: 429,
  UNAUTHORIZED: 401,
  UNSUPPORTED: 405,
  // ECR's, for a tag that cannot be moved.
  TAG_INVALID: 400,
} as const;

export type SpecCode = keyof typeof statuses;

/** An error in the form of the distribution spec. */
export function specError(
  code: SpecCode,
  message: string,
  more: { detail?: unknown; headers?: Record<string, string> } = {},
): Reply {
  const error = { code, message, ...(more.detail === undefined ? {} : { detail: more.detail }) };
  return json(statuses[code], { errors: [error] }, more.headers ? { headers: more.headers } : {});
}

export function unsupported(): Reply {
  return specError("UNSUPPORTED", "the operation is unsupported");
}
