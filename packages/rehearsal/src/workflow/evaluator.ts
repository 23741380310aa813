import { data, Evaluator, Lexer, Parser } from "@actions/expressions";

type Value = data.ExpressionData;
type Functions = NonNullable<ConstructorParameters<typeof Evaluator>[2]>;
type Token = ReturnType<Lexer["lex"]>["tokens"][number];

/** The words of an expression. Strings are read again from their source: the package un-escapes only the first '' of each. */
export function lex(text: string): Token[] {
  return new Lexer(text)
    .lex()
    .tokens.map((token) =>
      token.lexeme.startsWith("'")
        ? { ...token, value: token.lexeme.slice(1, -1).replaceAll("''", "'") }
        : token,
    );
}

// The package writes numbers as JavaScript does.
data.NumberData.prototype.coerceString = function (this: data.NumberData): string {
  return numberText(this.value);
};

/** A number as the runner writes it: 15 digits at most, exponential from 1E+15 on and for what is below 0.0001. */
function numberText(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value === 0 ? 0 : value);
  const [digits = "", power = "0"] = value.toExponential(14).split("e");
  const exponent = Number(power);
  if (exponent > -5 && exponent < 15) return String(Number(value.toPrecision(15)));
  const size = String(Math.abs(exponent)).padStart(2, "0");
  return `${Number(digits)}E${exponent < 0 ? "-" : "+"}${size}`;
}

/** Evaluates with GitHub's package, and where the package and the runner differ, as the runner does. */
export function evaluateTokens(
  tokens: Token[],
  contexts: data.Dictionary,
  known: string[],
  functions: Functions,
): Value {
  const tree = new Parser(tokens, known, [...functions.values()]).parse();
  const evaluator = new Evaluator(tree, contexts, functions);
  const all = evaluator.visitFunctionCall.bind(evaluator);
  evaluator.visitFunctionCall = (call) =>
    call.functionName.lexeme.toLowerCase() === "case"
      ? firstCase(call.args.map((argument) => () => argument.accept(evaluator)))
      : all(call);
  return evaluator.evaluate();
}

/**
 * The `env` context: on Linux its names are told apart by case, as variables are. In all other contexts they are not,
 * and so the package's own mapping does not.
 */
export function byExactName(pairs: { key: string; value: Value }[]): data.Dictionary {
  const values = new Map(pairs.map(({ key, value }) => [key, value]));
  return Object.assign(new data.Dictionary(), {
    get: (key: string) => values.get(key),
    values: () => [...values.values()],
    pairs: () => [...values].map(([key, value]) => ({ key, value })),
  });
}

/** The package evaluates every argument of `case()`; the runner none behind the first condition that holds. */
function firstCase(args: (() => Value)[]): Value {
  for (let at = 0; at < args.length - 1; at += 2) {
    const condition = args[at]?.();
    if (!(condition instanceof data.BooleanData))
      throw new Error("case predicate must evaluate to a boolean value");
    if (condition.value) return args[at + 1]?.() ?? new data.Null();
  }
  return args.at(-1)?.() ?? new data.Null();
}
