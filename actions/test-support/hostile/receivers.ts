import {
  createChatStandIn,
  createSmtpStandIn,
  listen,
  movableClock,
} from "@release-actions/stand-ins";

/** Channels under the paths of `hooks`, by name, and a mail server without accounts, each on a port of this machine. */
export async function openReceivers(hooks: Record<string, string>) {
  const clock = movableClock();
  const chat = createChatStandIn({
    clock,
    hooks: Object.fromEntries(Object.entries(hooks).map(([name, path]) => [path, name])),
  });
  const server = await listen(chat);
  const smtp = createSmtpStandIn({ clock, accounts: {} });
  const { port } = await smtp.listen();
  return { chat, server, smtp, port };
}
