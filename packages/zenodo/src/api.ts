import { Fault } from "@release-actions/codes";
import { outcomeUnknown, type Answer, type Body, type Transport } from "@release-actions/net";
import { isObject } from "./citation.ts";

export const rdmJson = "application/vnd.inveniordm.v1+json";

/** Zenodo's HTTP interface: the token in one header of one origin, and its refusals as Faults. */
export type Api = {
  /** Address without a slash at its end. */
  server: string;
  /** The JSON of a read; undefined on 404. @throws Fault RA70xx */
  find(path: string, accept?: string): Promise<unknown>;
  /** Where a read is redirected to; undefined on 404. */
  redirect(path: string): Promise<string | undefined>;
  /** Sends a write once. @throws Fault RA70xx; RA8002 when its outcome is unknown */
  write(
    method: "POST" | "PUT",
    path: string,
    options?: { json?: unknown; bytes?: Body; accept?: string },
  ): Promise<unknown>;
};

export function createApi(options: { transport: Transport; server: string; token: string }): Api {
  const server = options.server.replace(/\/+$/, "");
  const origin = new URL(server).origin;
  const headers = (accept: string): Record<string, string> => ({
    authorization: `Bearer ${options.token}`,
    accept,
  });
  const address = (path: string): string => {
    const url = new URL(path, `${server}/`);
    // The token goes nowhere else, whatever a link in an answer says.
    if (url.origin !== origin)
      throw new Fault("RA7006", {
        saw: `Zenodo named an address on ${url.host}, which is another server`,
      });
    return url.href;
  };

  return {
    server,
    find: async (path, accept = "application/json") => {
      const answer = await options.transport.send({
        method: "GET",
        url: address(path),
        headers: headers(accept),
      });
      if (answer.status === 404 || answer.status === 410) return undefined;
      if (answer.status !== 200) throw faultOf(answer, `GET ${path}`, false);
      return answer.json();
    },
    redirect: async (path) => {
      const answer = await options.transport.send({
        method: "GET",
        url: address(path),
        headers: headers("application/json"),
        redirect: "return",
      });
      if (answer.status === 404 || answer.status === 410) return undefined;
      if (answer.status === 301 || answer.status === 302) return answer.headers["location"];
      if (answer.status === 200) return path;
      throw faultOf(answer, `GET ${path}`, false);
    },
    write: async (method, path, { json, bytes, accept = "application/json" } = {}) => {
      const body = json === undefined ? bytes : JSON.stringify(json);
      const answer = await options.transport.send({
        method,
        url: address(path),
        headers: {
          ...headers(accept),
          ...(json === undefined ? {} : { "content-type": "application/json" }),
          ...(bytes === undefined ? {} : { "content-type": "application/octet-stream" }),
        },
        ...(body === undefined ? {} : { body }),
        // Zenodo takes its time over publication; giving up early only makes the outcome unknown.
        timeout: 120_000,
      });
      if (answer.status < 200 || answer.status > 299)
        throw faultOf(answer, `${method} ${new URL(address(path)).pathname}`, true);
      try {
        return answer.json();
      } catch (cause) {
        throw new Fault("RA8002", {
          saw: `${method} ${path} was answered with ${answer.status} and half an answer`,
          outcome: "unknown",
          cause,
        });
      }
    },
  };
}

function faultOf(answer: Answer, what: string, write: boolean): Fault {
  const said = sentence(answer);
  const saw = `${what} was answered ${answer.status}${said ? `: ${said}` : ""}`;
  if (write && outcomeUnknown(answer)) return new Fault("RA8002", { saw, outcome: "unknown" });
  switch (answer.status) {
    case 400:
      return new Fault("RA7003", { saw });
    case 401:
      return new Fault("RA7001", { saw });
    case 403:
      return new Fault("RA7002", { saw });
    case 404:
    case 410:
      return new Fault("RA7004", { saw });
    case 413:
      return new Fault("RA7019", { saw });
    case 429:
      return new Fault("RA7005", {
        saw: `${saw}${answer.headers["retry-after"] ? `; it opens again in ${answer.headers["retry-after"]} s` : ""}`,
      });
    default:
      return new Fault("RA7006", { saw });
  }
}

/** Zenodo's own words: its message, and each field that it objects to. */
function sentence(answer: Answer): string {
  let body: unknown;
  try {
    body = answer.json();
  } catch {
    return "";
  }
  if (!isObject(body)) return "";
  const errors: unknown[] = Array.isArray(body["errors"]) ? body["errors"] : [];
  const fields = errors.filter(isObject).map((error) => {
    const messages: unknown[] = Array.isArray(error["messages"]) ? error["messages"] : [];
    return `${String(error["field"])}: ${messages.map(String).join(" ")}`;
  });
  return [String(body["message"] ?? ""), ...fields].filter(Boolean).join(" ").slice(0, 1000);
}
