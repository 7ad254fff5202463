/** Chat messages of the shapes people have, read as one question and at most one response. Data layer. */

/** Where an image belongs in a question. */
export const imageTag = "<image>";

/** One question; `images` are image values found among the parts of messages. */
export interface Exchange {
  readonly question: string;
  readonly response: string | undefined;
  readonly images: ReadonlyArray<unknown>;
}

interface Turn {
  readonly role: "system" | "user" | "assistant";
  readonly text: string;
  readonly images: ReadonlyArray<unknown>;
}

type Read<A> = A | { readonly problem: string };

const roles: Readonly<Record<string, Turn["role"]>> = {
  ...{ system: "system", user: "user", human: "user" },
  ...{ assistant: "assistant", gpt: "assistant", model: "assistant" },
};

/** Whether reading failed. */
export const isProblem = (read: unknown): read is { readonly problem: string } =>
  typeof read === "object" && read !== null && "problem" in read;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A question as text, or as messages of which one is the user's. */
export function readExchange(value: unknown): Read<Exchange> {
  if (typeof value === "string") return { question: value, response: undefined, images: [] };
  if (!Array.isArray(value)) return { problem: "is neither a text nor a list of messages" };
  const turns: Array<Turn> = [];
  for (const message of value) {
    const turn = readTurn(message);
    if (isProblem(turn)) return turn;
    turns.push(turn);
  }
  return join(turns);
}

/** A response as text, or as messages of which the last one counts. */
export function readResponse(value: unknown): Read<string> {
  if (typeof value === "string") return value;
  if (!Array.isArray(value) || value.length === 0) {
    return { problem: "is neither a text nor a list of messages" };
  }
  const turn = readTurn(value.at(-1));
  return isProblem(turn) ? turn : turn.text;
}

function join(turns: ReadonlyArray<Turn>): Read<Exchange> {
  const of = (role: Turn["role"]) => turns.filter((turn) => turn.role === role);
  const [asked, answered] = [of("user"), of("assistant")];
  const order = turns.map(({ role }) => role).join(" ");
  if (!/^(system )?user( assistant)?$/.test(order)) {
    const found = order === "" ? "none" : `${turns.length}: ${order.slice(0, 80)}`;
    return { problem: `takes one question and at most one response, found messages ${found}` };
  }
  const system = of("system").map(({ text }) => text);
  return {
    question: [...system, asked[0]!.text].join("\n"),
    response: answered[0]?.text,
    images: turns.flatMap(({ images }) => images),
  };
}

function readTurn(value: unknown): Read<Turn> {
  if (!isRecord(value)) return { problem: "has a message that is no object" };
  const name = value.role ?? value.from;
  const role = typeof name === "string" && Object.hasOwn(roles, name) ? roles[name] : undefined;
  if (role === undefined) {
    return { problem: `has a message of the unknown role ${brief(name)}` };
  }
  const content = readContent(value.content ?? value.value);
  return isProblem(content) ? content : { role, ...content };
}

function readContent(value: unknown): Read<Omit<Turn, "role">> {
  if (typeof value === "string") return { text: value, images: [] };
  if (!Array.isArray(value)) return { problem: "has a message without content" };
  const texts: Array<string> = [];
  const images: Array<unknown> = [];
  for (const part of value) {
    if (isRecord(part) && part.type === "text" && typeof part.text === "string") {
      texts.push(part.text);
    } else if (isRecord(part) && part.type === "image") {
      texts.push(imageTag);
      if (part.image != null) images.push(part.image);
    } else {
      return { problem: `has a part that is neither text nor image: ${brief(part)}` };
    }
  }
  return { text: texts.join(""), images };
}

/** A value in at most 60 characters. */
export function brief(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value, shortBytes);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** Bytes by their number, before they become a long list. */
const shortBytes = (_: string, value: unknown): unknown =>
  value instanceof Uint8Array ? `${value.length} bytes` : value;
