import type { Resource } from "./resources.ts";
import { qualified } from "./resources.ts";

export type Cause = { reason: string; message: string; field?: string };
export type Details = {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: Cause[];
  retryAfterSeconds?: number;
};
export type Status = {
  kind: "Status";
  apiVersion: "v1";
  metadata: Record<string, never>;
  status: "Failure" | "Success";
  message?: string;
  reason?: string;
  details?: Details;
  code?: number;
};

/** What the API answers instead of an object. Thrown by the routes, written as the body. */
export class Refused extends Error {
  readonly body: Status;
  constructor(code: number, reason: string | undefined, message: string, details?: Details) {
    super(message);
    this.body = failure(code, reason, message, details);
  }
}

export function failure(
  code: number,
  reason: string | undefined,
  message: string,
  details?: Details,
): Status {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    ...(reason ? { reason } : {}),
    ...(details ? { details } : {}),
    code,
  };
}

const detailsOf = (resource: Resource, name?: string): Details => ({
  ...(name ? { name } : {}),
  ...(resource.group ? { group: resource.group } : {}),
  kind: resource.name,
});

/** `Deployment.apps`, as validation messages name a kind. */
const qualifiedKind = (resource: Resource): string =>
  resource.group ? `${resource.kind}.${resource.group}` : resource.kind;

export const badRequest = (message: string): Refused => new Refused(400, "BadRequest", message);

export const unauthorized = (): Refused => new Refused(401, "Unauthorized", "Unauthorized");

export function forbidden(options: {
  user: string;
  verb: string;
  resource: Resource;
  subresource?: string;
  namespace?: string;
  name?: string;
}): Refused {
  const { resource, name } = options;
  const subject = name ? `${qualified(resource)} "${name}"` : qualified(resource);
  const what = options.subresource ? `${resource.name}/${options.subresource}` : resource.name;
  const scope = options.namespace
    ? `in the namespace "${options.namespace}"`
    : "at the cluster scope";
  return new Refused(
    403,
    "Forbidden",
    `${subject} is forbidden: User "${options.user}" cannot ${options.verb} resource "${what}" in API group "${resource.group}" ${scope}`,
    detailsOf(resource, name),
  );
}

export const forbiddenPath = (user: string, verb: string, path: string): Refused =>
  new Refused(403, "Forbidden", `forbidden: User "${user}" cannot ${verb} path "${path}"`, {});

export const notFound = (resource: Resource, name: string): Refused =>
  new Refused(
    404,
    "NotFound",
    `${qualified(resource)} "${name}" not found`,
    detailsOf(resource, name),
  );

export const alreadyExists = (resource: Resource, name: string): Refused =>
  new Refused(
    409,
    "AlreadyExists",
    `${qualified(resource)} "${name}" already exists`,
    detailsOf(resource, name),
  );

export const methodNotAllowed = (): Refused =>
  new Refused(
    405,
    "MethodNotAllowed",
    "the server does not allow this method on the requested resource",
    {},
  );

export const stale = (resource: Resource, name: string): Refused =>
  new Refused(
    409,
    "Conflict",
    `Operation cannot be fulfilled on ${qualified(resource)} "${name}": the object has been modified; please apply your changes to the latest version and try again`,
    detailsOf(resource, name),
  );

export const preconditionFailed = (
  resource: Resource,
  name: string,
  what: string,
  wanted: string,
  is: string,
): Refused =>
  new Refused(
    409,
    "Conflict",
    `Operation cannot be fulfilled on ${qualified(resource)} "${name}": Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${is}`,
    detailsOf(resource, name),
  );

export const unsupportedMediaType = (): Refused =>
  new Refused(415, "UnsupportedMediaType", "415: Unsupported Media Type", {});

/** A cause of 422: `field: message` is what people read. */
export type Invalid = {
  reason:
    | "FieldValueRequired"
    | "FieldValueInvalid"
    | "FieldValueNotSupported"
    | "FieldValueDuplicate";
  field: string;
  message: string;
};

export function invalid(resource: Resource, name: string, causes: Invalid[]): Refused {
  const lines = causes.map((cause) => `${cause.field}: ${cause.message}`);
  const text = lines.length === 1 ? lines[0] : `[${lines.join(", ")}]`;
  return new Refused(422, "Invalid", `${qualifiedKind(resource)} "${name}" is invalid: ${text}`, {
    name,
    ...(resource.group ? { group: resource.group } : {}),
    kind: resource.kind,
    causes: causes.map(({ reason, field, message }) => ({ reason, message, field })),
  });
}

export const managerRequired = (): Refused =>
  new Refused(
    422,
    "Invalid",
    'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    {
      group: "meta.k8s.io",
      kind: "PatchOptions",
      causes: [
        {
          reason: "FieldValueRequired",
          message: "Required value: is required for apply patch",
          field: "fieldManager",
        },
      ],
    },
  );

export const expired = (asked: number, oldest: number): Status =>
  failure(410, "Expired", `too old resource version: ${asked} (${oldest})`);

export const tooLarge = (asked: number, current: number): Refused =>
  new Refused(
    504,
    "Timeout",
    `Timeout: Too large resource version: ${asked}, current: ${current}`,
    {
      causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
      retryAfterSeconds: 1,
    },
  );

export function success(resource: Resource, name: string, uid: string): Status {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: { ...detailsOf(resource, name), uid },
  };
}
