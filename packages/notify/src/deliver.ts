import { sendMail, type Transport } from "@release-actions/net";
import { cloudEvent } from "./cloud-event.ts";
import { mailMessage } from "./mail-message.ts";
import { plainLine } from "./plain-line.ts";
import { post } from "./post.ts";
import type { Receiver } from "./receiver.ts";
import { slackMessage } from "./slack-message.ts";
import { teamsCard } from "./teams-card.ts";

/** What is to be said. All texts may be foreign: each way of sending escapes them for itself. */
export type Letter = {
  /** Stable: the Message-ID and the id of the event are made from it. */
  id: string;
  title: string;
  lines: { label: string; text: string; url?: string }[];
  /** What happened, such as `passed`; names the type of the event that a webhook gets. */
  event?: string;
  /** Address of the repository, for webhooks. */
  source?: string;
  /** When it happened, RFC 3339, for webhooks. */
  at?: string;
};

/** `refused`: surely not delivered. `unknown`: it may have arrived, and is not sent again. `said`: the receiver's words, shortened. */
export type Delivery = { outcome: "sent" | "refused" | "unknown"; said: string };

export type DeliveryOptions = {
  transport: Transport;
  /** Variables of the job, for the proxy of mail. */
  env: Record<string, string | undefined>;
  /** Needed for mail. */
  mail?: { server: string; from: string; password?: string };
};

/** Sends one notice to one receiver, once: nothing is repeated here, whatever the answer. */
export async function deliver(
  letter: Letter,
  receiver: Receiver,
  options: DeliveryOptions,
): Promise<Delivery> {
  switch (receiver.kind) {
    case "mail":
      return mail(letter, receiver.address, options);
    case "slack":
      return post(options.transport, receiver.url, slackMessage(letter), "application/json");
    case "teams":
      return post(options.transport, receiver.url, teamsCard(letter), "application/json");
    case "webhook":
      return post(
        options.transport,
        receiver.url,
        cloudEvent(letter),
        "application/cloudevents+json; charset=utf-8",
      );
  }
}

async function mail(letter: Letter, to: string, options: DeliveryOptions): Promise<Delivery> {
  const { mail, env } = options;
  if (mail === undefined) return { outcome: "refused", said: "No mail server is configured." };
  const { server, from, password } = mail;
  const { outcome, said } = await sendMail(
    { server, from, to, ...(password ? { password } : {}), ...mailMessage(letter, from) },
    { env },
  );
  return { outcome, said: plainLine(said, 200) };
}
