/** One line of a file of cases: what a model was asked, and the completion whose probability is wanted. CLI. */
import type { RowProblem } from "../../data/row.ts";
import { brief, isProblem, readResponse } from "../../data/turns.ts";
import { type Conversation, readConversation } from "./conversation.ts";

/** A conversation with its completion, as text or as token ids. */
export interface Case extends Conversation {
  readonly id: string | number | undefined;
  readonly completion: string | ReadonlyArray<number>;
  /** The fields that hold each part. */
  readonly fields: { readonly texts: string; readonly images: string; readonly completion: string };
}

type Fields = Readonly<Record<string, unknown>>;
type Completion = Pick<Case, "completion"> & { readonly field: string };

const IDS = "completion_ids";

/** Reads one parsed line; every problem of the row at once. */
export function readCase(value: unknown): Case | ReadonlyArray<RowProblem> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return [{ field: "", message: `is no object but ${brief(value)}` }];
  }
  const row = value as Fields;
  const problems: Array<RowProblem> = [];
  const note = (field: string, message: string) => {
    problems.push({ field, message });
    return undefined;
  };
  const asked = question(row, note);
  const completion = completionOf(row, asked, note);
  const images = row.images == null && row.image != null ? "image" : "images";
  const fields = { texts: asked?.field ?? "", images, completion: completion?.field ?? "" };
  const conversation = asked && conversationOf(row, asked, fields, note);
  const id = row.id ?? undefined;
  if (id !== undefined && typeof id !== "string" && typeof id !== "number") {
    note("id", `is neither a text nor a number but ${brief(id)}`);
  }
  if (problems.length > 0 || !conversation || !completion) return problems;
  return { id: id as Case["id"], ...conversation, completion: completion.completion, fields };
}

type Note = (field: string, message: string) => undefined;

interface Asked {
  readonly field: string;
  readonly value: unknown;
  /** The assistant's message that ends the messages. */
  readonly last: unknown;
}

function question(row: Fields, note: Note): Asked | undefined {
  const there = ["prompt", "messages"].filter((name) => row[name] != null);
  const [field, other] = there;
  if (field === undefined) return note("prompt or messages", "is missing");
  if (other !== undefined) return note(other, "stands beside prompt; give one of them");
  const value = row[field];
  const last = Array.isArray(value) ? (value.at(-1) as unknown) : undefined;
  const answered = (last as Fields | undefined)?.role === "assistant";
  if (!answered) return { field, value, last: undefined };
  return { field, value: (value as ReadonlyArray<unknown>).slice(0, -1), last };
}

function completionOf(row: Fields, asked: Asked | undefined, note: Note): Completion | undefined {
  // Of text and ids the ids are what is scored; the text beside them is for people.
  const field = [IDS, "completion"].find((name) => row[name] != null);
  if (asked?.last !== undefined) {
    if (field !== undefined) {
      return note(asked.field, `ends with an assistant's message, and there is ${field} beside it`);
    }
    return fromText(asked.field, [asked.last], note);
  }
  if (field === undefined) {
    return note(`completion or ${IDS}`, "is missing, and no assistant's message ends the messages");
  }
  return field === IDS ? fromIds(row[IDS], note) : fromText(field, row[field], note);
}

function fromText(field: string, value: unknown, note: Note): Completion | undefined {
  const text = readResponse(value);
  if (isProblem(text)) return note(field, text.problem);
  return text === "" ? note(field, "is empty") : { completion: text, field };
}

function fromIds(value: unknown, note: Note): Completion | undefined {
  const isId = (id: unknown) => Number.isSafeInteger(id) && (id as number) >= 0;
  if (!Array.isArray(value) || !value.every(isId)) {
    return note(IDS, `is no list of token ids but ${brief(value)}`);
  }
  return value.length === 0 ? note(IDS, "is empty") : { completion: value, field: IDS };
}

function conversationOf(row: Fields, { value }: Asked, fields: Case["fields"], note: Note) {
  const read = readConversation(value, row[fields.images]);
  return isProblem(read) ? note(fields[read.of], read.problem) : read;
}
