import { Fault } from "@release-actions/codes";
import { outcomeUnknown, type Answer, type Outgoing, type Transport } from "@release-actions/net";
import type { Readable } from "node:stream";
import { readKubeconfig } from "./kubeconfig.ts";
import { loginEnded } from "./login.ts";
import { textAt } from "./object.ts";
import { faultOf, isRefusal, type Asked } from "./status.ts";

export type RequestDetails = {
  query?: Record<string, string>;
  body?: unknown;
  contentType?: string;
  /** For messages: `Deployment catalogue/web`. */
  object?: string;
  /** The object's values must not be repeated in messages. */
  secret?: boolean;
};

/** One cluster, as one caller sees it. */
export type Cluster = {
  /** `https://host:port`. */
  readonly server: string;
  /** Namespace of the kubeconfig's context. */
  readonly namespace: string;
  /** Sentences that the caller shows to people. */
  readonly warnings: readonly string[];
  /** What the cluster was opened with: secret. For programs that open it by themselves. */
  readonly kubeconfig: string;
  /** Values that the caller masks. */
  readonly secrets: readonly string[];
  /**
   * Sends one request; `path` is already encoded. A JSON answer is parsed, another is text.
   * @throws Fault RA3008 (401), RA3120 (403), RA3009 (namespace), RA3010 (kind), RA3121 (conflict), RA3122 (immutable),
   * RA3011 (refused), RA3012 (other), RA8002 (a write of unknown outcome), and the transport's.
   */
  request(
    method: Outgoing["method"],
    path: string,
    details?: RequestDetails,
  ): Promise<{ status: number; body: unknown }>;
  /** Opens an answer that goes on (a watch). `silence`: milliseconds without a byte before it counts as broken. */
  stream(
    path: string,
    query: Record<string, string>,
    signal: AbortSignal,
    silence: number,
  ): Promise<Readable>;
  /** What tells this cluster from every other: the uid of kube-system. */
  identity(): Promise<string>;
};

const answerLimit = 32 * 1024 * 1024;

/**
 * Reads the kubeconfig (its content, not a path) and returns its cluster; sends nothing yet.
 * `allowExec`: the kubeconfig may start its `exec` plugin.
 * @throws Fault RA3001 to RA3004
 */
export async function connectCluster(options: {
  transport: Transport;
  kubeconfig: string;
  allowExec: boolean;
  /** The cluster's certificate need not be checked, if the kubeconfig says so. */
  allowInsecure?: boolean;
}): Promise<Cluster> {
  const { kubeconfig, allowExec, allowInsecure = false } = options;
  const access = await readKubeconfig(kubeconfig, allowExec, allowInsecure);

  const outgoing = (
    method: Outgoing["method"],
    path: string,
    query: Record<string, string> = {},
  ): Outgoing => {
    const search = new URLSearchParams(query).toString();
    return {
      method,
      url: `${access.server}${path}${search ? `?${search}` : ""}`,
      headers: { accept: "application/json", ...access.headers },
      tls: access.tls,
      limit: answerLimit,
      redirect: "return",
    };
  };

  const request: Cluster["request"] = async (method, path, details = {}) => {
    const sent = outgoing(method, path, details.query);
    if (details.body !== undefined) {
      sent.body = JSON.stringify(details.body);
      sent.headers = { ...sent.headers, "content-type": details.contentType ?? "application/json" };
    }
    const answer = await options.transport.send(sent).catch(asOfCluster);
    const body = bodyOf(answer.bytes, answer.headers["content-type"]);
    const asked: Asked = {
      method,
      path,
      ...(details.object ? { object: details.object } : {}),
      secret: details.secret ?? false,
      loginEnded: loginEnded(access, answer.headers["date"]),
    };
    if (answer.status >= 200 && answer.status < 300) {
      // Every JSON of a cluster says what it is; a page that answers in its place does not.
      if (path.endsWith("/log") || textAt(body, "kind") !== "")
        return { status: answer.status, body };
      throw unreadable(method, asked.object ?? path);
    }
    if (method !== "GET" && outcomeUnknown(answer) && !isRefusal(answer.status, body)) {
      throw new Fault("RA8002", {
        saw: `${asked.object ?? path}: the cluster answered ${answer.status} to the write.`,
        outcome: "unknown",
      });
    }
    throw faultOf(answer.status, body, asked);
  };

  return {
    server: access.server,
    namespace: access.namespace,
    warnings: access.warnings,
    kubeconfig: options.kubeconfig,
    secrets: access.secrets,
    request,
    stream: async (path, query, signal, silence) => {
      const answer = await options.transport
        .send({
          ...outgoing("GET", path, query),
          stream: true,
          retry: "never",
          signal,
          timeout: silence,
        })
        .catch(asOfCluster);
      if (answer.status === 200 && answer.body) return answer.body;
      throw faultOf(answer.status, await shortBody(answer), {
        method: "GET",
        path,
        loginEnded: loginEnded(access, answer.headers["date"]),
      });
    },
    identity: async () => {
      const { body } = await request("GET", "/api/v1/namespaces/kube-system", {
        object: "Namespace kube-system",
      });
      return textAt(body, "metadata", "uid");
    },
  };
}

/** A kubeconfig names its cluster's authority itself; the runner's list does not count. */
function asOfCluster(error: unknown): never {
  if (!(error instanceof Fault) || error.code !== "RA8003") throw error;
  const { code, saw, next } = error;
  throw new Fault(code, {
    saw,
    next: `The kubeconfig says whom to trust: correct \`certificate-authority-data\` of the cluster where its authority is another. ${next}`,
    cause: error,
  });
}

/** An answer that is none of a cluster's. Whether a write took effect, it does not say. */
export function unreadable(method: Outgoing["method"], object: string): Fault {
  const saw = `${object}: the answer is not one of a Kubernetes cluster.`;
  return method === "GET"
    ? new Fault("RA8005", { saw })
    : new Fault("RA8002", { saw, outcome: "unknown" });
}

function bodyOf(bytes: Buffer, contentType: string | undefined): unknown {
  const text = bytes.toString("utf8");
  if (!contentType?.includes("json")) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

async function shortBody(answer: Answer): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of (answer.body ?? []) as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > 64 * 1024) break;
    }
  } catch {
    // The status says enough.
  }
  return bodyOf(Buffer.concat(chunks), answer.headers["content-type"]);
}
