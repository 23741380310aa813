import {
  createChatStandIn,
  listen,
  movableClock,
  type ChatStandIn,
} from "@release-actions/stand-ins";

const path = "/events/abcdefghijkl";

/** A receiver of events on a port of this machine, and the variable by which a job knows its address. */
export async function listenToChat(): Promise<
  AsyncDisposable & {
    chat: ChatStandIn;
    variables: { SINK: string };
    /** What arrived, oldest first: the notices' keys. */
    posts(): string[];
    /** What the messages say, as `label: text`, after their titles. */
    messages(): { title: string; lines: string[] }[];
  }
> {
  const chat = createChatStandIn({ clock: movableClock(), hooks: { [path]: "sink" } });
  const server = await listen(chat);
  const payloads = () => chat.posts.map(({ payload }) => payload as Event);
  return {
    [Symbol.asyncDispose]: server.close,
    chat,
    variables: { SINK: `${server.url}${path}` },
    posts: () => payloads().map(({ id }) => id),
    messages: () =>
      payloads().map(({ data }) => ({
        title: data.title,
        lines: data.lines.map(({ label, text }) => `${label}: ${text}`),
      })),
  };
}

type Event = { id: string; data: { title: string; lines: { label: string; text: string }[] } };
