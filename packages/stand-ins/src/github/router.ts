import { json, type Incoming, type Reply } from "../stand-in.ts";
import { answerArchive, answerDownload } from "./downloads.ts";
import { answerGraphql } from "./graphql/endpoint.ts";
import { enterpriseLinks, publicLinks, type Links } from "./present/links.ts";
import { answerRest } from "./rest/endpoint.ts";
import { answerGit, isGitRequest } from "./smart-http.ts";
import { openSession } from "./tokens.ts";
import { Refused, type World } from "./world.ts";

/** Which of GitHub's servers a request is for. */
type Service = "rest" | "graphql" | "uploads" | "codeload" | "site";
type Place = { service: Service; pathname: string; links: Links };

/** Finds the server and the path that a request means, by its Host or, on an enterprise host, by the path's prefix. */
function placeOf(world: World, { host, url, headers }: Incoming): Place {
  const { pathname } = url;
  if (world.enterprise?.url !== undefined) return enterprisePlace(pathname, host, world.links);
  const hosts: Record<string, Service> = {
    "api.github.com": pathname === "/graphql" ? "graphql" : "rest",
    "uploads.github.com": "uploads",
    "codeload.github.com": "codeload",
    "github.com": "site",
  };
  const service = hosts[host.replace(/:443$/, "").toLowerCase()];
  if (service) return { service, pathname, links: publicLinks };
  const links = enterpriseLinks(`${headers["x-forwarded-proto"] ?? "http"}://${host}`);
  return enterprisePlace(pathname, host, links);
}

/** With subdomain isolation an enterprise server hands out archives under `codeload.` and its own name. */
function enterprisePlace(pathname: string, host: string, links: Links): Place {
  if (host.startsWith("codeload.")) return { service: "codeload", pathname, links };
  const prefixes: [string, Service][] = [
    ["/api/v3", "rest"],
    ["/api/uploads", "uploads"],
    ["/api/graphql", "graphql"],
    ["/_codeload", "codeload"],
  ];
  const found = prefixes.find(
    ([prefix]) => pathname === prefix || pathname.startsWith(`${prefix}/`),
  );
  return { service: found?.[1] ?? "site", pathname: pathname.slice(found?.[0].length ?? 0), links };
}

export function router(world: World): (incoming: Incoming) => Promise<Reply> {
  return async (incoming) => {
    const place = placeOf(world, incoming);
    let reply: Reply;
    try {
      reply = await answer(world, incoming, place);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      reply = refusal(error);
    }
    const reset = Math.floor(world.clock.now().getTime() / 1000) + 3600;
    reply.headers = {
      server: "github.com",
      "x-github-request-id": `0000:0000:${world.nextRequest()}`,
      ...(world.enterprise && {
        "x-github-enterprise-version": `enterprise-server@${world.enterprise.version}.0`,
      }),
      ...((place.service === "rest" || place.service === "graphql") && {
        "x-github-media-type": "github.v3; format=json",
        "x-ratelimit-limit": "5000",
        "x-ratelimit-remaining": "4999",
        "x-ratelimit-used": "1",
        "x-ratelimit-reset": String(reset),
        "x-ratelimit-resource": place.service === "rest" ? "core" : "graphql",
      }),
      ...reply.headers,
    };
    return reply;
  };
}

async function answer(
  world: World,
  incoming: Incoming,
  { service, pathname, links }: Place,
): Promise<Reply> {
  if (service === "codeload") return answerArchive(world, incoming, pathname);
  const session = openSession(world, incoming.headers["authorization"]);
  if (service === "rest" || service === "uploads") {
    return answerRest(world, session, links, incoming, pathname, service === "uploads");
  }
  if (service === "graphql") {
    if (incoming.method !== "POST") throw new Refused(404, "Not Found");
    return answerGraphql({ world, session, links }, parsed(incoming.body));
  }
  if (isGitRequest(pathname)) return answerGit(world, session, incoming);
  const download = answerDownload(world, session, pathname);
  if (download) return download;
  throw new Refused(404, "Not Found");
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw new Refused(400, "Problems parsing JSON");
  }
}

function refusal({ status, message, details }: Refused): Reply {
  const { headers, ...more } = details;
  return json(
    status,
    { message, ...more, documentation_url: "https://docs.github.com/rest", status: String(status) },
    { headers: (headers as Record<string, string> | undefined) ?? {} },
  );
}
