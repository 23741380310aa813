import { Fault } from "@release-actions/codes";
import type { Transport } from "@release-actions/net";
import type { Delivery } from "./deliver.ts";
import { plainLine } from "./plain-line.ts";

const said = 200;

/** Posts once, whatever happens: a chat has no key by which a second message could be known. The address is in no answer. */
export async function post(
  transport: Transport,
  url: string,
  body: unknown,
  mediaType: string,
): Promise<Delivery> {
  const address = URL.parse(url);
  if (address === null || (address.protocol !== "https:" && address.protocol !== "http:"))
    return { outcome: "refused", said: "The address is not an http or https address." };
  try {
    const answer = await transport.send({
      method: "POST",
      url,
      headers: { "content-type": mediaType },
      body: JSON.stringify(body),
      retry: "never",
      redirect: "return",
      timeout: 30_000,
      limit: 1024 * 1024,
    });
    const words = plainLine(withoutAddress(answer.text().slice(0, 4000), address), said);
    const whole = `${answer.status}${words ? ` ${words}` : ""}`;
    if (answer.status >= 200 && answer.status < 300) return { outcome: "sent", said: whole };
    return { outcome: answer.status >= 500 ? "unknown" : "refused", said: whole };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return ofFault(error);
  }
}

/** The fault's own sentence names the address, so another is written. */
function ofFault(fault: Fault): Delivery {
  const cause = /\(([A-Z0-9_]{3,40})\)$/.exec(fault.saw)?.[1];
  const why = cause === undefined ? "" : ` (${cause})`;
  // An answer that is too long to read came after the message was sent.
  if (fault.outcome === "unknown" || fault.code === "RA8004")
    return { outcome: "unknown", said: `The message was sent and not answered${why}.` };
  if (fault.code === "RA8003")
    return { outcome: "refused", said: `The server's certificate is not trusted${why}.` };
  if (fault.code === "RA8001")
    return { outcome: "refused", said: `The server could not be reached${why}.` };
  if (fault.code === "RA8008")
    return { outcome: "refused", said: "The runner's proxy did not let the message through." };
  return { outcome: "refused", said: `The message could not be sent (${fault.code}).` };
}

/** Takes the address and its secret parts out of what a receiver says. */
function withoutAddress(text: string, address: URL): string {
  const parts = [address.pathname, ...address.pathname.split("/"), ...address.searchParams.values()]
    .filter((part) => part.length >= 6)
    .flatMap((part) => [part, decoded(part)]);
  return [address.href, ...parts.toSorted((a, b) => b.length - a.length)].reduce(
    (left, part) => left.replaceAll(part, "…"),
    text,
  );
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
