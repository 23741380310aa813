import { afterAll, describe, expect, test } from "vitest";
import { definitionOf } from "../bundled-action.ts";
import type { JobWish, Stage } from "../stage.ts";
import { wrongsOf, wrongsOfTexts } from "./oracle.ts";
import { hostileTexts, type Hostile } from "./texts.ts";
import { createWorlds, type World } from "./worlds.ts";

type Value<Facts> = string | ((stage: Stage, facts: Facts) => string);
type Values<Facts> = Record<string, Value<Facts>>;

/** What one input takes beside the values that everybody expects of it. */
type InputTrial<Facts> = {
  /** Hostile texts that are a value like another here, such as HTML in a sentence. All others are refused. */
  accepts?: readonly Hostile[];
  /** More that is refused, by what it is: what is hostile to this input alone. */
  wrong?: Values<Facts>;
  /** What looks wrong and is not, by what it is. */
  near: Values<Facts>;
  /** The job, where the input counts only in another one than the world's. */
  job?(wish: JobWish): JobWish;
};

type InputWorld<Facts> = World<Facts> & { inputs: Record<string, InputTrial<Facts>> };

/** For type inference: a world keeps the type of its facts. */
export function inputWorld<Facts>(
  world: InputWorld<Facts>,
): (action: string) => { names: string[]; tries(): void } {
  return (action) => ({
    names: Object.keys(world.inputs),
    tries: () => triesWorld(action, world),
  });
}

/**
 * Gives every hostile text to every input of an action, one at a time in a job that is otherwise in order, and every near miss:
 * what is not accepted ends with a code and a next step and writes nothing; whatever the text, none of it gets out of its place.
 */
export function triesInputs(
  action: string,
  ...worlds: readonly ReturnType<typeof inputWorld>[]
): void {
  const trials = worlds.map((world) => world(action));
  describe("inputs", () => {
    test("every input of action.yml is tried", () => {
      const declared = Object.keys(definitionOf(action).inputs ?? {});
      const tried = new Set(trials.flatMap(({ names }) => names));
      expect([...tried].toSorted()).toEqual(declared.toSorted());
    });
    for (const { tries } of trials) tries();
  });
}

function triesWorld<Facts>(action: string, world: InputWorld<Facts>): void {
  const worlds = createWorlds(action, world);
  afterAll(worlds.close);

  const run = (input: string, value: Value<Facts>) =>
    worlds.run((wish, stage, facts) => {
      const base = world.inputs[input]?.job?.(wish) ?? wish;
      const text = typeof value === "string" ? value : value(stage, facts);
      return { ...base, inputs: { ...base.inputs, [input]: text } };
    });

  const refuses = async (input: string, value: Value<Facts>) => {
    const { end, writes } = await run(input, value);
    expect(wrongsOf(end), end.printed).toEqual([]);
    expect(end.status, end.printed).toBe(1);
    expect(writes).toEqual([]);
  };
  const takes = async (input: string, value: Value<Facts>) => {
    const { end, written } = await run(input, value);
    expect(wrongsOf(end), end.printed).toEqual([]);
    expect(wrongsOfTexts(written)).toEqual([]);
    expect(end.status, end.printed).toBe(0);
  };

  for (const [input, { accepts = [], wrong = {}, near }] of Object.entries(world.inputs)) {
    describe.concurrent(input, { timeout: 120_000 }, () => {
      for (const [kind, text] of Object.entries(hostileTexts)) {
        if (accepts.includes(kind as Hostile)) test(`takes ${kind}`, () => takes(input, text));
        else test(`refuses ${kind}`, () => refuses(input, text));
      }
      for (const [name, value] of Object.entries(wrong))
        test(`refuses ${name}`, () => refuses(input, value));
      for (const [name, value] of Object.entries(near))
        test(`takes ${name}`, () => takes(input, value));
    });
  }
}
