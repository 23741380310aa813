import { Fault, type Code } from "@release-actions/codes";
import { outcomeUnknown, type Answer, type Outgoing, type Transport } from "@release-actions/net";
import { isMapping, listAt, numberAt, textAt } from "../kubernetes/object.ts";

/** One AWX server, as one token sees it. */
export type Awx = {
  /** Address without a slash at its end, as people open it. */
  readonly url: string;
  /**
   * Reads what is at a path below `/api/v2`.
   * @throws Fault RA3602 (401), RA3603 (403), RA3606, RA8005, and the transport's
   */
  get(path: string, query?: Record<string, string>): Promise<Record<string, unknown>>;
  /** The same; undefined where nothing is there. */
  find(path: string): Promise<Record<string, unknown> | undefined>;
  /** All items of a list, at most so many, in its order. */
  list(
    path: string,
    query: Record<string, string>,
    atMost: number,
  ): Promise<Record<string, unknown>[]>;
  /** Writes. @throws also RA8002 when its outcome is not known */
  post(path: string, body: unknown): Promise<Record<string, unknown>>;
};

const answerLimit = 16 * 1024 * 1024;
const largestPage = 200;

/** Opens an AWX by its address and token; sends nothing. @throws Fault RA3601 */
export function openAwx(options: { transport: Transport; url: string; token: string }): Awx {
  const url = checkAddress(options.url);
  if (!/^[\x21-\x7e]+$/.test(options.token))
    throw new Fault("RA3602", { saw: "`awx-token` holds characters that no token has" });

  const send = async (
    method: "GET" | "POST",
    path: string,
    query: Record<string, string> = {},
    body?: unknown,
  ): Promise<Answer> => {
    const search = new URLSearchParams(query).toString();
    const outgoing: Outgoing = {
      method,
      url: `${url}/api/v2${path}${search ? `?${search}` : ""}`,
      headers: {
        accept: "application/json",
        authorization: `Bearer ${options.token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      limit: answerLimit,
      redirect: "return",
    };
    return options.transport.send(outgoing);
  };
  const read = async (
    method: "GET" | "POST",
    path: string,
    query?: Record<string, string>,
    body?: unknown,
  ): Promise<{ status: number; value: Record<string, unknown> }> => {
    const answer = await send(method, path, query, body);
    const { status } = answer;
    const what = `${method} ${path}`;
    if (status >= 300 && status < 400)
      throw new Fault("RA3601", {
        saw: `${new URL(url).host} leads elsewhere: ${what} was answered ${status}`,
      });
    const value = valueOf(answer);
    if (method === "POST" && outcomeUnknown(answer))
      throw new Fault("RA8002", { saw: `AWX: ${what} was answered ${status}`, outcome: "unknown" });
    if (status < 400 && value === undefined && answer.bytes.length > 0) {
      const saw = `AWX: the answer to ${what} is not one of AWX`;
      throw method === "GET"
        ? new Fault("RA8005", { saw })
        : new Fault("RA8002", { saw, outcome: "unknown" });
    }
    if (status >= 400 && status !== 404) throw refusalOf(status, value, what);
    return { status, value: value ?? {} };
  };
  const get: Awx["get"] = async (path, query) => {
    const { status, value } = await read("GET", path, query);
    if (status === 404) throw refusalOf(status, value, `GET ${path}`);
    return value;
  };
  return {
    url,
    get,
    find: async (path) => {
      const { status, value } = await read("GET", path);
      return status === 404 ? undefined : value;
    },
    list: async (path, query, atMost) => {
      const found: Record<string, unknown>[] = [];
      for (let page = 1; ; page += 1) {
        const value = await get(path, {
          ...query,
          page_size: String(Math.min(atMost, largestPage)),
          ...(page > 1 ? { page: String(page) } : {}),
        });
        if (!Array.isArray(value["results"]))
          throw new Fault("RA8005", { saw: `AWX: the answer to GET ${path} is no list` });
        found.push(...listAt(value, "results"));
        if (found.length >= atMost || textAt(value, "next") === "") return found.slice(0, atMost);
      }
    },
    post: async (path, body) => {
      const { status, value } = await read("POST", path, {}, body);
      if (status === 404) throw refusalOf(status, value, `POST ${path}`);
      return value;
    },
  };
}

function checkAddress(given: string): string {
  const url = URL.parse(given);
  if (!url || (url.protocol !== "https:" && url.protocol !== "http:"))
    throw new Fault("RA3601", { saw: `\`awx-url\` is ${JSON.stringify(given.slice(0, 200))}` });
  if (url.username || url.password || url.search || url.hash)
    throw new Fault("RA3601", {
      saw: `\`awx-url\` names more of ${url.host} than a host and a path`,
    });
  const loopback = ["localhost", "[::1]"].includes(url.hostname) || url.hostname.startsWith("127.");
  if (url.protocol === "http:" && !loopback)
    throw new Fault("RA3601", {
      saw: `\`awx-url\` is ${url.href}: the token would cross the network unencrypted`,
    });
  return url.href.replace(/\/+$/, "");
}

function valueOf(answer: Answer): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(answer.text()) as unknown;
    return isMapping(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const codeOf = (status: number): Code =>
  status === 401 ? "RA3602" : status === 403 ? "RA3603" : "RA3606";

function refusalOf(status: number, value: unknown, what: string): Fault {
  const said = saidBy(value);
  return new Fault(codeOf(status), {
    saw: `AWX answered ${status} to ${what}${said ? `: ${said}` : ""}`,
    cause: { status, said },
  });
}

/** The status with which AWX refused; undefined for any other fault. */
export function refusedWith(fault: Fault): number | undefined {
  return numberAt(fault.cause, "status");
}

/** AWX's own words: a sentence under `detail`, else one for each field. */
function saidBy(value: unknown): string {
  if (!isMapping(value)) return "";
  const detail = textAt(value, "detail");
  const words = detail || JSON.stringify(value);
  return words === "{}" ? "" : words.slice(0, 500);
}
