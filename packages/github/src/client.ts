import { Fault } from "@release-actions/codes";
import { outcomeUnknown, type Answer, type Transport } from "@release-actions/net";
import { wrongInForm, wrongInQuery } from "./answer-form.ts";
import { faultOfAnswer, faultOfQuery, type QueryError } from "./answer-faults.ts";
import { loadOctokit } from "./octokit.ts";

/** One repository of GitHub (or GHES), seen with one token. */
export type GitHub = {
  repository: { owner: string; name: string };
  serverUrl: string;
  /** A GraphQL query: a read, sent again after a failure. @throws Fault RA50xx with GitHub's sentence */
  query<T>(text: string, variables: Record<string, unknown>): Promise<T>;
  /** A GraphQL mutation: a write, sent once. @throws Fault RA50xx; RA8002 when its outcome is unknown */
  mutate<T>(text: string, variables: Record<string, unknown>): Promise<T>;
  /**
   * A REST route such as `POST /repos/{owner}/{repo}/releases`; owner and repo are filled in. `form` names the fields that the
   * answer has to have, as `wrongInForm` reads them. @throws Fault as above
   */
  rest<T>(route: string, parameters: Record<string, unknown>, form: string): Promise<T>;
  /** The same for a read whose object may not exist: undefined on 404. */
  find<T>(route: string, parameters: Record<string, unknown>, form: string): Promise<T | undefined>;
  /** The same where nothing of the answer is read. */
  send(route: string, parameters: Record<string, unknown>): Promise<void>;
  /** Sends the bytes of a release asset to the address that the release names. @throws Fault as above */
  upload<T>(
    url: string,
    asset: { name: string; mediaType: string; bytes: Buffer },
    form: string,
  ): Promise<T>;
  /** Downloads a file of the repository, such as an archive of a commit. @throws Fault as above */
  download(path: string): Promise<Buffer>;
  /** GitHub's clock: the last answer's `Date` and what has passed since. The runner's own clock decides nothing. */
  now(): Date;
};

/** What `fetch` would return, as far as Octokit reads it. */
type FetchAnswer = {
  status: number;
  statusText: string;
  url: string;
  headers: Map<string, string>;
  text(): Promise<string>;
  arrayBuffer(): Promise<ArrayBuffer>;
};

/** Opens a repository. Octokit makes the requests, our transport sends them: its own retries repeat writes. */
export function openGitHub(options: {
  transport: Transport;
  token: string;
  repository: { owner: string; name: string };
  /** GITHUB_API_URL and GITHUB_SERVER_URL, so that GHES needs no setting. */
  apiUrl: string;
  serverUrl: string;
}): GitHub {
  const { transport, repository } = options;
  let clock: { served: number; at: number } | undefined;

  const noteTime = (answer: Answer): void => {
    const served = Date.parse(answer.headers["date"] ?? "");
    // The header has whole seconds; a later answer never turns the clock back within its second.
    if (Number.isFinite(served)) clock = { served: Math.max(served, now()), at: performance.now() };
  };
  const now = (): number =>
    clock === undefined ? Date.now() - 1e12 : clock.served + performance.now() - clock.at;

  const fetchBy =
    (retry: "reads" | "always") =>
    async (
      url: string,
      init: { method?: string; headers?: Record<string, string>; body?: string | Buffer },
    ): Promise<FetchAnswer> => {
      const answer = await transport.send({
        method: methodOf(init.method),
        url,
        headers: { ...init.headers, "user-agent": "release-actions" },
        ...(init.body === undefined || init.body === null ? {} : { body: init.body }),
        retry,
        // Octokit takes a redirected write for one that was made.
        redirect: "follow",
      });
      noteTime(answer);
      if (answer.status >= 300 && answer.status < 400) throw notGitHubs(answer, url);
      return {
        status: answer.status,
        statusText: "",
        url: answer.url,
        headers: new Map(Object.entries(answer.headers)),
        text: async () => answer.text(),
        arrayBuffer: async () => new Uint8Array(answer.bytes).buffer,
      };
    };

  const octokit = loadOctokit().then(({ getOctokit }) =>
    getOctokit(options.token, { baseUrl: options.apiUrl, log: silent }),
  );
  const reading = { fetch: fetchBy("always"), log: silent };
  const writing = { fetch: fetchBy("reads"), log: silent };

  const graphql = async <T>(
    text: string,
    variables: Record<string, unknown>,
    write: boolean,
  ): Promise<T> => {
    const what = write ? "a mutation" : "a query";
    let data: T;
    try {
      const { graphql: send } = await octokit;
      data = await send<T>(text, { ...variables, request: write ? writing : reading });
    } catch (error) {
      if (hasQueryErrors(error))
        throw faultOfQuery(error.errors, error, error.headers?.["x-github-enterprise-version"]);
      throw asFault(error, what, write);
    }
    const wrong = wrongInQuery(text, data);
    if (wrong !== undefined) throw unreadable(what, wrong, write);
    return data;
  };

  const request = async (route: string, parameters: Record<string, unknown>): Promise<unknown> => {
    try {
      const { request } = await octokit;
      const answer = await request(route, {
        owner: repository.owner,
        repo: repository.name,
        ...parameters,
        request: writing,
      });
      return answer.data;
    } catch (error) {
      throw asFault(error, route, isWrite(route));
    }
  };

  const rest: GitHub["rest"] = async <T>(
    route: string,
    parameters: Record<string, unknown>,
    form: string,
  ): Promise<T> => {
    const data = await request(route, parameters);
    const wrong = wrongInForm(form, data);
    if (wrong !== undefined) throw unreadable(route, wrong, isWrite(route));
    return data as T;
  };

  return {
    repository,
    serverUrl: options.serverUrl,
    query: (text, variables) => graphql(text, variables, false),
    mutate: (text, variables) => graphql(text, variables, true),
    rest,
    send: async (route, parameters) => void (await request(route, parameters)),
    find: async <T>(route: string, parameters: Record<string, unknown>, form: string) => {
      try {
        return await rest<T>(route, parameters, form);
      } catch (error) {
        if (error instanceof Fault && statusOf(error.cause) === 404) return undefined;
        throw error;
      }
    },
    upload: async <T>(
      url: string,
      { name, mediaType, bytes }: Parameters<GitHub["upload"]>[1],
      form: string,
    ) => {
      const target = URL.parse(url.replace(/\{[^}]*\}$/, ""));
      if (target === null || !takesUploads(target, new URL(options.apiUrl)))
        throw new Fault("RA5002", {
          saw: `the release names ${target?.origin ?? "no address"} for its files, which is not ${new URL(options.apiUrl).origin}: the token was not sent there`,
        });
      target.searchParams.set("name", name);
      const answer = await transport.send({
        method: "POST",
        url: target.href,
        headers: {
          authorization: `Bearer ${options.token}`,
          accept: "application/vnd.github+json",
          "content-type": mediaType,
        },
        body: bytes,
        redirect: "follow",
      });
      noteTime(answer);
      if (answer.status >= 300 && answer.status < 400) throw notGitHubs(answer, target.href);
      if (outcomeUnknown(answer)) {
        throw new Fault("RA8002", {
          saw: `the upload of ${name} was answered ${answer.status}`,
          outcome: "unknown",
        });
      }
      if (answer.status >= 400)
        throw faultOfAnswer(answer.status, answer.headers, answer.text(), `the upload of ${name}`);
      const made = answer.json();
      const wrong = wrongInForm(form, made);
      if (wrong !== undefined) throw unreadable(`the upload of ${name}`, wrong, true);
      return made as T;
    },
    download: async (path) => {
      const answer = await transport.send({
        method: "GET",
        url: `${options.apiUrl}${path}`,
        headers: {
          authorization: `Bearer ${options.token}`,
          accept: "application/vnd.github+json",
        },
        limit: 1024 * 1024 * 1024,
      });
      noteTime(answer);
      if (answer.status >= 400)
        throw faultOfAnswer(answer.status, answer.headers, answer.text(), `GET ${path}`);
      return answer.bytes;
    },
    now: () => {
      if (clock === undefined) throw new Error("GitHub's clock is asked before GitHub was");
      return new Date(now());
    },
  };
}

/** Nothing is asked for that GitHub answers with such a status, and where a redirect leads is refused by the transport. */
function notGitHubs(answer: Answer, url: string): Fault {
  return new Fault("RA5002", {
    saw: `${new URL(url).host} answered ${answer.status} and names no place to go on`,
  });
}

/** The token goes to the server it is of: the API's own address, or `uploads.` beside `api.` as on github.com. */
function takesUploads(target: URL, api: URL): boolean {
  const beside = api.host.replace(/^api\./, "uploads.");
  return target.protocol === api.protocol && [api.host, beside].includes(target.host);
}

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const;
function methodOf(method = "GET"): (typeof methods)[number] {
  const known = methods.find((name) => name === method.toUpperCase());
  if (known === undefined) throw new Error(`Octokit sent the method ${method}`);
  return known;
}

function hasQueryErrors(
  error: unknown,
): error is Error & { errors: QueryError[]; headers?: Record<string, string> } {
  return (
    error instanceof Error &&
    error.name === "GraphqlResponseError" &&
    "errors" in error &&
    Array.isArray(error.errors)
  );
}

function isWrite(route: string): boolean {
  return !/^(GET|HEAD) /.test(route);
}

/** An answer that is not what GitHub promises: a proxy's, perhaps. Whether a write took effect, it does not say. */
function unreadable(what: string, wrong: string, write: boolean): Fault {
  const saw = `${what} was answered in a form that is not GitHub's: ${wrong}`;
  return write ? new Fault("RA8002", { saw, outcome: "unknown" }) : new Fault("RA8005", { saw });
}

/** Octokit wraps what our transport threw; the Fault inside is the truth. */
function asFault(error: unknown, what: string, write: boolean): Fault {
  if (error instanceof Fault) return error;
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Fault) return cause;
  const answer = responseOf(error);
  if (answer === undefined)
    return new Fault("RA5002", { saw: `${what}: no answer could be read`, cause: error });
  if (write && [500, 502, 503, 504].includes(answer.status)) {
    return new Fault("RA8002", {
      saw: `${what} was answered ${answer.status}`,
      cause: error,
      outcome: "unknown",
    });
  }
  return faultOfAnswer(answer.status, answer.headers, answer.data, what, error);
}

function responseOf(
  error: unknown,
): { status: number; headers: Record<string, string>; data: unknown } | undefined {
  if (typeof error !== "object" || error === null || !("response" in error)) return undefined;
  const response = error.response;
  if (
    typeof response !== "object" ||
    response === null ||
    !("status" in response) ||
    !("headers" in response)
  )
    return undefined;
  return {
    status: Number(response.status),
    headers: response.headers as Record<string, string>,
    data: "data" in response ? response.data : undefined,
  };
}

/** HTTP status of an answer that Octokit reported as an error. */
export function statusOf(error: unknown): number | undefined {
  return responseOf(error)?.status;
}
