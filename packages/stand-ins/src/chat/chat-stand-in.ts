import { seal, unseal, type Saved } from "../saved.ts";
import { frame, json, type Clock, type Incoming, type Reply, type StandIn } from "../stand-in.ts";
import { wrongCard } from "./card.ts";
import { wrongBlocks } from "./blocks.ts";

/** One message as people see it in a channel, or as a receiver took it. */
export type ChatPost = { hook: string; payload: unknown; at: Date };

type Delivered = {
  /** What was delivered, oldest first. */
  readonly posts: ChatPost[];
  /** What Teams took and never showed: its answer comes before the flow looks at the card. */
  readonly unshown: (ChatPost & { why: string })[];
};

export type SavedChat = Saved<Delivered & { archived: Set<string>; events: Set<string> }>;

export type ChatStandIn = StandIn &
  Delivered & {
    /** From now on the channel behind this hook is archived (Slack). */
    archive(path: string): void;
    /** The posts, the archived channels and the events that were seen; hooks come from the options. */
    save(): SavedChat;
  };

/**
 * Slack's incoming webhooks (`/services/T…/B…/…`), Teams Workflows (`/workflows/…`) and other receivers of events (any other path).
 * `hooks`: path, with its query where that is part of the secret, to the name under which posts are recorded.
 */
export function createChatStandIn(options: {
  name?: string;
  clock: Clock;
  hooks: Record<string, string>;
  saved?: SavedChat | undefined;
}): ChatStandIn {
  const state = options.saved
    ? unseal(options.saved)
    : { posts: [], unshown: [], archived: new Set<string>(), events: new Set<string>() };
  const { posts, unshown, archived, events } = state;

  const slack = (request: Incoming): Reply => {
    const path = request.url.pathname;
    const hook = options.hooks[path];
    if (hook === undefined) {
      const sibling = path.slice(0, path.lastIndexOf("/") + 1);
      const known = Object.keys(options.hooks).some((other) => other.startsWith(sibling));
      return known ? words(403, "invalid_token") : words(404, "no_service");
    }
    if (archived.has(path)) return words(410, "channel_is_archived");
    const payload = slackPayload(request);
    if (payload === undefined) return words(400, "invalid_payload");
    const shows = ["text", "blocks", "attachments"].some((key) => {
      const value = payload[key];
      return typeof value === "string"
        ? value.trim() !== ""
        : Array.isArray(value) && value.length > 0;
    });
    if (!shows) return words(400, "no_text");
    if (payload["blocks"] !== undefined && wrongBlocks(payload["blocks"]) !== undefined)
      return words(400, "invalid_blocks");
    posts.push({ hook, payload, at: options.clock.now() });
    return { ...words(200, "ok"), wrote: true };
  };

  const teams = (request: Incoming): Reply => {
    const { pathname, search } = request.url;
    const hook = options.hooks[pathname + search] ?? options.hooks[pathname];
    if (hook === undefined) {
      const known = Object.keys(options.hooks).some((path) => path.startsWith(`${pathname}?`));
      return known
        ? problem(
            401,
            "DirectApiAuthorizationRequired",
            "The signature of the address is missing or wrong.",
          )
        : problem(404, "WorkflowNotFound", "The workflow could not be found.");
    }
    const payload = parse(request.body);
    if (!/^application\/json\b/i.test(request.headers["content-type"] ?? "") || !isObject(payload))
      return problem(400, "InvalidRequestContent", "The request content is not valid JSON.");
    if (payload["type"] !== "message" || !Array.isArray(payload["attachments"]))
      return problem(
        400,
        "TriggerInputSchemaMismatch",
        "The input body for trigger 'manual' of type 'Request' did not match its schema definition.",
      );
    const post = { hook, payload, at: options.clock.now() };
    const why = wrongCard(payload["attachments"], request.body.length);
    if (why === undefined) posts.push(post);
    else unshown.push({ ...post, why });
    return { status: 202, wrote: true };
  };

  const receiver = (request: Incoming): Reply => {
    const hook =
      options.hooks[request.url.pathname + request.url.search] ??
      options.hooks[request.url.pathname];
    if (hook === undefined) return json(404, { error: "no such receiver" });
    const payload = parse(request.body);
    if (!isObject(payload)) return json(400, { error: "the body is not a JSON object" });
    if (/^application\/cloudevents\+json\b/i.test(request.headers["content-type"] ?? "")) {
      const missing = ["specversion", "id", "source", "type"].find(
        (name) => typeof payload[name] !== "string" || payload[name] === "",
      );
      if (missing !== undefined) return json(400, { error: `the attribute ${missing} is missing` });
      if (payload["specversion"] !== "1.0") return json(400, { error: "specversion is not 1.0" });
      const key = JSON.stringify([hook, payload["source"], payload["id"]]);
      // The same event again is taken and changes nothing.
      if (events.has(key)) return { status: 204 };
      events.add(key);
    }
    posts.push({ hook, payload, at: options.clock.now() });
    return { status: 204, wrote: true };
  };

  const standIn = frame({
    name: options.name ?? "chat",
    clock: options.clock,
    route: async (request) => {
      if (request.method !== "POST")
        return { ...words(405, "method_not_allowed"), headers: { allow: "POST" } };
      if (request.url.pathname.startsWith("/services/")) return slack(request);
      if (/^\/(workflows|powerautomate)\//.test(request.url.pathname)) return teams(request);
      return receiver(request);
    },
  });
  return {
    ...standIn,
    posts,
    unshown,
    archive: (path) => void archived.add(path),
    save: () => seal(state),
  };
}

/** JSON, or a form with `payload=`, as Slack takes both. */
function slackPayload(request: Incoming): Record<string, unknown> | undefined {
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(
    request.headers["content-type"] ?? "",
  );
  const value = isForm
    ? parse(Buffer.from(new URLSearchParams(request.body.toString("utf8")).get("payload") ?? ""))
    : parse(request.body);
  return isObject(value) ? value : undefined;
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function words(status: number, body: string): Reply {
  return { status, headers: { "content-type": "text/html" }, body };
}

function problem(status: number, code: string, message: string): Reply {
  return json(status, { error: { code, message } });
}
