import type { Fault } from "@release-actions/codes";
import type { Transport } from "@release-actions/net";
import { describe, expect, test } from "vitest";
import { promotionSteps, type PromotionOptions } from "./promotion.ts";
import { createRegistry } from "./registry.ts";
import { connect, runAll, seedImage, startRegistry } from "./test-world.ts";

/** Each run looks at the tag, reads its manifest and puts the tag: the orders in which six requests of two runs can arrive. */
const orders = [...Array(64).keys()]
  .map((bits) => bits.toString(2).padStart(6, "0"))
  .filter((bits) => bits.replaceAll("0", "").length === 3)
  .map((bits) => bits.replaceAll("0", "A").replaceAll("1", "B"));

/** Lets the requests of both runs through in the given order, each after the answer to the one before. */
function inOrder(order: string): {
  gate: (who: string, transport: Transport) => Transport;
  /** How many requests were answered. */
  answered: () => number;
  /** Ends when all that have a place in the order were. */
  allAnswered: () => Promise<void>;
} {
  let turn = 0;
  const waiting: (() => void)[] = [];
  const next = (): void => {
    for (const wake of waiting.splice(0)) wake();
  };
  const gate = (who: string, transport: Transport): Transport => ({
    ...transport,
    send: async (request) => {
      // Whoever ends early, refused, leaves its turns to the other.
      while (order[turn] !== who && turn < order.length && !ended.has(order[turn] ?? ""))
        await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await transport.send(request);
      } finally {
        turn += 1;
        while (ended.has(order[turn] ?? "")) turn += 1;
        next();
      }
    },
    close: () => {
      ended.add(who);
      while (ended.has(order[turn] ?? "")) turn += 1;
      next();
    },
  });
  const allAnswered = async (): Promise<void> => {
    while (turn < order.length) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  return { gate, answered: () => turn, allAnswered };
}
const ended = new Set<string>();

async function race(
  order: string,
  existing: PromotionOptions["existing"],
  time: { now?: (who: "A" | "B", answered: number) => number; waits?: boolean } = {},
) {
  ended.clear();
  const { standIn, host } = await startRegistry();
  const place = { host, repository: "cessda/cdc" };
  const digests = {
    A: await seedImage(standIn, "cessda/cdc", "build-a", "2.4.0"),
    B: await seedImage(standIn, "cessda/cdc", "build-b", "2.4.1"),
  };
  const { gate, answered, allAnswered } = inOrder(order);
  const run = async (who: "A" | "B") => {
    const transport = gate(who, connect().transport);
    const registry = createRegistry({ transport, credentials: () => undefined });
    const source = { ...place, digest: digests[who] };
    const images = [{ name: "cdc", source, target: place, tags: ["production"] }];
    const end = await runAll(
      promotionSteps(registry, {
        images,
        existing,
        previous: false,
        referrers: false,
        entry: who,
        resuming: false,
        now: () => time.now?.(who, answered()) ?? 0,
        // Requests of the given order all arrive within the time that a run waits after its write.
        sleep: time.waits === false ? async () => {} : allAnswered,
      }),
    );
    transport.close();
    return end;
  };
  const [a, b] = await Promise.all([run("A"), run("B")]);
  const puts = standIn.requests.filter(({ wrote }) => wrote).length;
  return { ends: { A: a, B: b }, digests, puts, tag: standIn.tags("cessda/cdc")["production"] };
}

/** Who puts last, and whether it looked only after the other had put. */
function lastOf(order: string): { last: "A" | "B"; first: "A" | "B"; sees: boolean } {
  const last = order.endsWith("A") ? "A" : "B";
  const first = last === "A" ? "B" : "A";
  return { last, first, sees: order.indexOf(last) > order.lastIndexOf(first) };
}

describe("two runs at once on one tag", () => {
  test.each(orders)(
    "%s: whoever looks after the other's write says what it displaced",
    async (order) => {
      const { ends, digests, tag, puts } = await race(order, "move");
      const { last, first, sees } = lastOf(order);
      expect(puts).toBe(2);
      expect(tag).toBe(digests[last]);
      expect(ends[last].values.at(-1)).toMatchObject({
        tags: [sees ? { tag: "production", displaced: digests[first] } : { tag: "production" }],
      });
    },
  );

  test.each(orders)("%s: where no tag may move, one wins and the other says so", async (order) => {
    const { ends, digests, tag, puts } = await race(order, "refuse");
    const { last, first, sees } = lastOf(order);
    expect(ends[last].refusal).toBe(sees ? "RA2009" : undefined);
    expect(ends[first].refusal).toBe(sees ? undefined : "RA2012");
    expect(puts).toBe(sees ? 1 : 2);
    expect(tag).toBe(digests[sees ? first : last]);
  });

  test("whoever writes after the other has looked again was slow, and says that it cannot know", async () => {
    // Each looks and reads; A writes, waits and looks again; then B's write arrives.
    const { ends, digests, tag, puts } = await race("ABABAAB", "refuse", {
      now: (who, answered) => (who === "B" && answered >= 6 ? 3_001 : 0),
      waits: false,
    });
    expect(ends.A.refusal).toBeUndefined();
    expect(ends.B.refusal).toBe("RA2012");
    expect(puts).toBe(2);
    expect(tag).toBe(digests.B);
  });

  describe("where the answer to the write was lost", () => {
    /** A run whose write was done, and whose answer was lost; the other run writes before or after it looks again. */
    async function lost(rival: "before the next look" | "after it" | "not at all") {
      const { standIn, host } = await startRegistry();
      const place = { host, repository: "cessda/cdc" };
      const own = await seedImage(standIn, "cessda/cdc", "build-a", "2.4.0");
      const other = await seedImage(standIn, "cessda/cdc", "build-b", "2.4.1");
      const promote = (
        digest: string,
        existing: PromotionOptions["existing"],
        { transport }: { transport: Transport },
        sleep = async () => {},
      ) =>
        runAll(
          promotionSteps(createRegistry({ transport, credentials: () => undefined }), {
            images: [
              { name: "cdc", source: { ...place, digest }, target: place, tags: ["production"] },
            ],
            existing,
            previous: false,
            referrers: false,
            entry: "run",
            resuming: false,
            now: () => 0,
            sleep,
          }),
        );
      const write = async () => void (await promote(other, "overwrite", connect()));
      standIn.faults.push({
        matches: ({ method, path }) => method === "PUT" && path.endsWith("/production"),
        when: "after",
        does: "reset",
      });
      const { transport } = connect();
      const end = await promote(
        own,
        "refuse",
        {
          transport: {
            ...transport,
            send: (request) =>
              transport.send(request).catch(async (error: unknown) => {
                if (rival === "before the next look") await write();
                throw error;
              }),
          },
        },
        rival === "after it" ? write : undefined,
      ).catch((error: unknown) => ({ refusal: (error as Fault).code }));
      expect(standIn.faults).toEqual([]);
      return { end, own, other, tag: standIn.tags("cessda/cdc")["production"] };
    }

    test("and nobody else wrote, the run goes through", async () => {
      const { end, own, tag } = await lost("not at all");
      expect(end.refusal).toBeUndefined();
      expect(tag).toBe(own);
    });

    test("and another run wrote before the next look, its digest is left alone", async () => {
      const { end, other, tag } = await lost("before the next look");
      expect(end.refusal).toBe("RA2011");
      expect(tag).toBe(other);
    });

    test("and another run writes after it, that is said", async () => {
      const { end, other, tag } = await lost("after it");
      expect(end.refusal).toBe("RA2012");
      expect(tag).toBe(other);
    });
  });
});
