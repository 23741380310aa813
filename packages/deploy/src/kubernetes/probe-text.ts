import { isMapping, mappingAt, textAt } from "./object.ts";
import type { Warning } from "./obstacle.ts";

export type ProbeName = "Readiness" | "Liveness" | "Startup";
export type ProbeFailure = { which: ProbeName; answer: string; message: string };

/** The last failure of one of these probes that the node warned about. */
export function probeFailure(
  warnings: readonly Warning[],
  ...which: ProbeName[]
): ProbeFailure | undefined {
  for (const { message } of warnings.toReversed()) {
    const [, name = "", answer = ""] =
      /^(Readiness|Liveness|Startup) probe (?:failed|errored)(?:[^:]*): ?(.*)$/s.exec(message) ??
      [];
    const found = which.find((one) => one === name);
    if (found) return { which: found, answer, message };
  }
  return undefined;
}

/** A container's probe and its answer, for people: `its readiness probe, GET /ready on port 8080, was answered: …`. */
export function probeText(container: unknown, failure: ProbeFailure | undefined): string {
  const which = failure?.which ?? "Readiness";
  const probe = mappingAt(container, `${which.toLowerCase()}Probe`);
  const what = probeTarget(probe);
  if (what === "" && !failure) return "it has no readiness probe, so a gate of the pod is not open";
  const name = `its ${which.toLowerCase()} probe${what ? ` (${what})` : ""}`;
  return failure ? `${name} got: ${failure.answer || "no answer"}` : `${name} does not pass`;
}

function probeTarget(probe: Record<string, unknown>): string {
  const http = mappingAt(probe, "httpGet");
  if (isMapping(probe["httpGet"]))
    return `GET ${textAt(http, "path") || "/"} on port ${portOf(http)}`;
  if (isMapping(probe["tcpSocket"])) return `TCP port ${portOf(mappingAt(probe, "tcpSocket"))}`;
  if (isMapping(probe["grpc"])) return `gRPC port ${portOf(mappingAt(probe, "grpc"))}`;
  const command = mappingAt(probe, "exec")["command"];
  return Array.isArray(command) ? command.map(String).join(" ").slice(0, 200) : "";
}

function portOf(target: Record<string, unknown>): string {
  const port = target["port"];
  return typeof port === "number" || typeof port === "string" ? String(port) : "?";
}
